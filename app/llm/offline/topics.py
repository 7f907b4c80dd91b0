"""Tells which problem a clause is about, in the speaker's own words."""

import re

# The last word of a problem's name.
_HEADS = (
    r"pain|pains|aches?|soreness|tenderness|numbness|tingling|weakness|stiffness|swelling|edema|oedema|diabetes|hypertension|blood pressure"
    r"|hyperlipid\w+|cholesterol|\w+itis|(?!diagn|progn)\w+osis|\w+malacia|(?!academ)\w{3,}a?emia|\w{4,}pathy|\w+plasia|\w+algia|\w{4,}uria|(?!diploma|aroma)\w{4,}oma|\w+rrh?oea|\w+rrhea"
    r"|asthma|copd|infections?|fractures?|sprain|strain|tear|injur(?:y|ies)|contusion|failure|disease|disorder|syndrome|dysfunction|deficiency|dependence|cancer|lupus|gout"
    r"|flare(?:-?up)?|migraines?|headaches?|depression|anxiety|insomnia|reflux|gerd|rash|eczema|psoriasis|acne|ulcers?|wound|murmur|fibrillation|a-?fib|angina|regurgitation"
    r"|herniat\w+|hernia|impingement|stones?|allerg(?:y|ies)|cough|cold|flu|virus|nausea|vomiting|constipation|dizziness|vertigo|fatigue|tiredness|itchiness|itching|bleeding|palpitations"
    r"|shortness of breath|apnea|apnoea|obesity|weight loss|weight gain|nicotine dependence|smoking cessation|transplant|bypass|pregnancy|menopause|stroke|tia|seizures?|carpal tunnel|cysts?|lumps?|nodules?|bites?"
    r"|exacerbation|hypothyroidism|hyperthyroidism|parkinson\W?s|dementia|concussion|spur|burns?|hot flashes|fever|congestion|uti|hepatitis [abc]|lyme|meniscus|scoliosis|tics?|tremors?|pneumonia|bronchitis"
)
_OF = r"(?: (?:of|in|on|from) (?:your |the |both |my )?(?:left |right |lower |upper )?(?:knees?|ankles?|foot|feet|shoulders?|hips?|back|neck|wrists?|hands?|elbows?|fingers?|toes?|legs?|arms?|chest|kidneys?|heart|urine|breath))?"
PROBLEM = re.compile(rf"(?P<before>(?:\b[\w/'-]+ ){{0,5}})(?P<head>\b(?:{_HEADS}))\b{_OF}")
_NOT_PART = re.compile(
    r"^(?:.*\b(?:a|an|the|your|my|his|her|this|that|these|any|some|no|of|for|with|and|or|but|have|has|had|is|are|was|be|been|it|it's|i|you|we|called|think|from|about|to|in|on|as|having|get|got|getting"
    r"|like|if|so|just|really|likely|probably|possible|maybe|little|bit|sort|kind|more|what|which|do|does|did|not|n't|into|by|at|also|then|problem|being|will|would|could|can|should|may|might|there|when|because|first|second|third|fourth|next|last|having|said|causing|caused|cause|help|helps|treat|reduce|control|your|their|further|worsening|new)\b)"
)
_NAMES_A_TOPIC = re.compile(
    r"\b(?:for (?:your|the|his|her|that|this)|(?:problem|issue|concern|diagnosis|impression)\b|i think|i believe|i do (?:think|believe)|looks like|sounds like|consistent with|suggest\w*|diagnosed"
    r"|what we call|called|concerned|worried|most likely|likely|probably|is due to|due to|you(?:'ve| do)? have (?:a|an|what|some)|going to be|as far as|in terms of|with regards? to|regarding|talk about your|related to|your \w+ (?:is|are)|wonder)\b"
)
_ORDINAL_PROBLEM = re.compile(
    r"\b(?:first|second|third|fourth|fifth|next|last|other|final) (?:problem|issue|concern|diagnosis)s?(?:,? (?:of|is|being|here|with|which is|for|the|your|a|an|that))*[ ,]+"
    r"(?P<name>[a-z][\w' -]{2,60})"
)
_ENDS = re.compile(
    r"[.,;?!]|\s\b(?:so|i|i'm|i'd|i'll|i've|we|we're|we'll|let's|let|it|it's|you|you're|now|um|uh|again|that|that's|which|looks|seems|go|okay|also|because|he|she|is|are|was|has|everything|continue|since|if|but|they|and)\b"
)


def topic_of(words: str) -> str | None:
    """The problem that a clinician's plain clause turns to or decides on, if it does."""
    ordinal = _ORDINAL_PROBLEM.search(words)
    if ordinal:
        named = first_problem(ordinal["name"]) or _cut(ordinal["name"])
        if named:
            return named
    turns_to = _NAMES_A_TOPIC.search(words)
    return first_problem(words[turns_to.start() :]) if turns_to else None


def first_problem(words: str) -> str | None:
    """The first problem named in plain words, with the words that describe it."""
    found = PROBLEM.search(words)
    if not found:
        return None
    describing = _NOT_PART.sub("", found["before"]).strip(" -")
    return f"{describing} {words[found.start('head') : found.end()]}".strip()


def _cut(name: str) -> str | None:
    end = _ENDS.search(name)
    short = " ".join((name[: end.start()] if end else name).split()[:5]).strip(" -")
    return short if len(short) > 3 else None
