"""Runs the offline rules over one visit without the service, for the quick loop of whoever writes rules."""

from app.findings import ITEM_TYPES
from app.jobs.evaluation.labelled import Answer, Item
from app.language.turns import Turn, split_turns
from app.llm.offline.reader import read_visit
from app.llm.offline.visit import SpokenTurn


def answer_offline(transcript: str) -> Answer:
    """The rules' answer in API shape, every quote placed in the transcript, before the service checks its values."""
    turns = split_turns(transcript)
    spoken = [SpokenTurn(turn.number, turn.speaker, turn.role, transcript[turn.start : turn.end]) for turn in turns]
    answer = read_visit(spoken, [])
    by_number = {turn.number: turn for turn in turns}
    return {
        "summary": answer["summary"],
        **{category: [_placed(item, by_number, transcript) for item in answer[category]] for category in ITEM_TYPES},
    }


def _placed(item: Item, turns: dict[int, Turn], transcript: str) -> Item:
    return {
        **item,
        "evidence": [_quote(turns[quote["turn"]], quote["quote"], transcript) for quote in item["evidence"]],
    }


def _quote(turn: Turn, words: str, transcript: str) -> Item:
    """A quote in API shape; ValueError if the turn does not hold its words, which the rules promise."""
    start = transcript.index(words, turn.start, turn.end)
    return {"quote": words, "start": start, "end": start + len(words), "turn": turn.number, "speaker": turn.speaker}
