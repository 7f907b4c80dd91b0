"""Tells why something is to be done: the purpose said in the same breath, else the problem under discussion."""

import re
from collections.abc import Sequence

from app.llm.offline.clauses_said import Said
from app.llm.offline.indications import problem_treated

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


def reason_of(name: str, said: Said, after: int, visit: Sequence[Said]) -> str | None:
    """Why the thing named before `said.words[after:]` is to be done, in the speaker's words; None if nothing tells.

    A test or medicine for a problem that the visit names is for that; else the purpose said; else the topic.
    """
    treated = problem_treated(name, said.topic, visit, said.at)
    if treated:
        return treated
    following = visit[said.at + 1] if said.at + 1 < len(visit) else None
    purpose = _purpose_in(said.text, said.words, after)
    if (
        not purpose
        and following
        and following.turn == said.turn
        and following.words.startswith(("to ", "because ", "just to "))
    ):
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
