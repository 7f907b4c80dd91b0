"""Makes a short imperative of spoken words: "and i want you to ice it okay" becomes "Ice it"."""

import re

_TAIL = re.compile(
    r",?\s(?:because|so that|so (?:i|we|you|it)|okay|ok|alright|all right|you know|does that|do you|right$|cause"
    r"|since|i know|i'm|i am|i do|i said|i|we|we're|we'll|are you|is that"
    r"|what|that and|meaning|which|it's|that's)\b|[.?!;]|,\s(?:okay|ok|right)\b|\s'cause\b"
)
_LEADING = re.compile(
    r"^(?:(?:and|but|now|so|um|uh|then|also|okay|ok|alright|all right|well|or|again|you know|yeah|however|obviously"
    r"|certainly|then),? ?,? )+",
    re.IGNORECASE,
)
_DANGLING = re.compile(
    r"(?:[\s,]+(?:and|or|for|the|a|an|to|with|as|of|if|on|right|in|but|so|that|from|best|see|um|uh|your|you|at|just"
    r"|like|is|are|by|be|have|when|while|then|also|any|can|because|until|than))+$",
    re.IGNORECASE,
)
_FILLERS = re.compile(r"(?<![\w'])(?:um|uh|uhm|er|erm),? ?(?:, )?", re.IGNORECASE)
_LONGEST = 20


def imperative(text: str) -> str:
    """The words up to the end of their thought, without what leads in or dangles, with a capital."""
    text = _LEADING.sub("", text)
    end = _TAIL.search(text.lower(), min(12, len(text)))
    words = " ".join(_FILLERS.sub("", text[: end.start()] if end else text).split()[:_LONGEST])
    words = _DANGLING.sub("", words).strip(" ,.-").replace(" ,", ",")
    return words[:1].upper() + words[1:]
