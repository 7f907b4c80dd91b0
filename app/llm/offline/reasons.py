"""Tells why something is to be done: the purpose said in the same breath, else the problem under discussion."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from app.llm.offline.clauses_said import Said
from app.llm.offline.indications import Indications
from app.llm.offline.visit import SpokenTurn

Item = dict[str, Any]

_PURPOSE = re.compile(
    r"\b(?:(?:just )?to (?P<why>(?:make sure|see (?:if|how|whether|what|where)|look for|look at|check (?:for|on|out"
    r"|if)|rule out|assess|evaluate|determine"
    r"|confirm|find out|monitor|help|get a better|figure out|know)\b.*)"
    r"|because (?P<because>.*)|(?:for|of) (?:your|the|that|this|his|her) (?P<problem>[\w' -]*(?:pain|ache|itis|osis"
    r"|cough|swelling|infection|rash"
    r"|pressure|sugar|diabetes|asthma|anemia|murmur|fracture|injury|symptoms|bleeding|headaches?|migraines?"
    r"|dizziness|fatigue)))"
)
_ENDS = re.compile(
    r"\s(?:okay|ok|alright|all right|you know|and (?:i|we|then|also)|so|now|does that|how does|but)\b|[.?!;]"
    r"|,\s(?:okay|ok|and)\b"
)
_LONGEST = 16
_VAGUE = (None, "pain", "the pain", "swelling", "inflammation", "symptoms", "infection")


def reason_of(name: str, said: Said, after: int, indications: Indications) -> str | None:
    """Why the thing named before `said.words[after:]` is to be done, in the speaker's words; None if nothing tells.

    A test or medicine for a problem that the visit names is for that; else the purpose said; else the topic.
    """
    treated = indications.problem_treated(name, said)
    if treated:
        return treated
    visit = indications.visit
    purpose = _purpose_in(said.text, said.words, after)
    for following in () if purpose else visit.behind_in_turn(said, 1):
        if following.words.startswith(("to ", "because ", "just to ")):
            purpose = _purpose_in(following.text, following.words, 0)
    return purpose or said.topic


def _purpose_in(text: str, words: str, after: int) -> str | None:
    found = _PURPOSE.search(words, after)
    if not found:
        return None
    group = next(name for name in ("why", "because", "problem") if found[name] is not None)
    start = found.start(group) - (3 if group == "why" else 0)
    end = _ENDS.search(words, start + 5)
    reason = " ".join(text[start : end.start() if end else found.end(group)].split()[:_LONGEST])
    return reason.strip(" ,") or None


class MedicineReasons:
    """Tells why each medicine of one visit is taken."""

    def __init__(self, turns: Sequence[SpokenTurn], indications: Indications) -> None:
        self._indications = indications
        self._texts = {turn.number: turn.text for turn in turns}
        self._clauses = list(indications.visit)
        self._places = [(said.turn, said.start) for said in self._clauses]

    def with_reason(self, item: Item) -> Item:
        """The item, with the problem under discussion where only a symptom or nothing was said of why."""
        said = self._first_said(item) if item["reason"] in _VAGUE else None
        if not said:
            return item
        problem = self._indications.problem_treated(item["medication_name"], said) or said.topic
        if not problem or not item["reason"] or item["reason"] in problem:
            return {**item, "reason": problem or item["reason"]}
        return {**item, "reason": f"{problem}, {item['reason']}"}

    def _first_said(self, item: Item) -> Said | None:
        """The clause in which the item's first quote ends."""
        if not item["evidence"]:
            return None
        first = item["evidence"][0]
        end = self._texts[first["turn"]].find(first["quote"]) + len(first["quote"])
        place = bisect_left(self._places, (first["turn"], end)) - 1
        return self._clauses[place] if place >= 0 else None
