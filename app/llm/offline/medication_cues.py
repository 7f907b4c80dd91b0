"""The conditions and cues around a name: what is said behind it, under which condition, and about whom."""

import re

from app.llm.offline.phrase_lists import CUES

AFTER = re.compile(
    r"(?P<allergy>^ ?(?:allerg\w+|intoleran\w+))"
    r"|(?P<past>^(?: \w+){0,4} (?:didn't|did not|doesn't|does not|hasn't|wasn't|haven't|never"
    r"|don't)(?: \w+){0,2}? (?:help|work|agree|suit|sit|do|touch|make|relieve|control|cut|last)\w*"
    r"|^(?: \w+){0,4} (?:in the past|years ago|back in|as a (?:kid|child)|last (?:year|month|week|night)"
    r"|yesterday|this morning|when i was)"
    r"|^(?: \w+){0,2} (?:helped|worked) |^(?: \w+){0,10} (?:was|were|got|been) (?:stopped|discontinued)"
    r"|^(?: \w+){0,4} (?:and|but) (?:you|i|he|she|we|they)(?:'ve| have| has)?(?: since)? (?:finished|completed|stopped"
    r"|came off|quit|ran out))"
    r"|(?P<stop>\b(?:don't|do not) (?:take|use) (?:it|them|that|those|any)\b"
    r"|\b(?:(?:want|like|need) you to|you (?:can|should|need to|could)|let's|we'll|we can|i'll"
    r"|we're going to|i'm going to|please|and|would) "
    r"(?:stop|hold|discontinue|come off|cut out|quit)\b(?! (?:by|smok|drink|eat)))"
    r"|(?P<change>\b(?:let's|i'll|we'll|going to|want to|like to|can|should|will|you to) (?:increase|decrease"
    r"|double|lower|reduce|raise|bump|adjust|up) (?:it|that|this|the dose|the dosage|your dose|your dosage"
    r"|those|them)\b)"
    r"|(?P<continue>\b(?:continue|keep taking|keep using|stay on|refill|keep you on|stick with|keep on"
    r"|carry on with|continue taking|continue on|continue with|keep) (?:it|that|this|those|them|taking (?:it"
    r"|that|those))\b"
    r"|\b(?:stays?|keep it|keeping it|remains?|leave it) (?:on )?(?:exactly )?(?:the same|unchanged|as it is)\b"
    r"|\bno changes?\b)"
    r"|(?P<start>^(?: (?:which|that|this|one))?(?: (?:i|we)(?:'ll| can| will|'m going to| could|'d)?) (?:give"
    r"|prescribe|get|send|recommend|suggest|start)\b"
    r"|^ (?:would|will|should|might|is) (?:probably )?(?:be )?(?:advisable|good|useful|worth|helpful|best"
    r"|the best|a good|fine|help|recommended|enough|sufficient)\b"
    r"|\b(?:you're going to|you'll|i want you to|you can|you should|you only have to|you need to|want you"
    r"|i can) (?:take|give|use|apply|put) (?:up to )?(?:it|that|this|those|them|one|two|three|\d)\b)"
)

IF = re.compile(
    r"(?<!know )(?<!see )(?<!wonder )(?<!ask )(?<!sure )(?<!call )(?<!us )(?<!determine )(?<!tell )(?<!check )"
    r"\b(?:if|unless|in case) (?:it|that|this|things?|you|the|your|those|these|we|they|there|not|any|symptoms?"
    r"|pain|no|she|he)\b(?P<rest>.*)"
)
# "If you have pain" tells when to take, not whether it is ordered.
AS_NEEDED_IF = re.compile(
    r"\bif (?:you(?! get| develop| start)|there|it|the pain|pain|you're|your \w+)(?:'re| are| is|'s|'ve| have)?"
    r"(?: \w+){0,3} (?:need|needed|in pain|hurts?|hurting|sore|headaches?|fever|aches?|some pain|any pain|pain"
    r"|discomfort|flare|want|like|wish|can)\b"
)

_ANOTHER_PERSON = CUES.add(
    re.compile(
        r"\b(?:my|his|her|their|your)(?: \w+)? ?(?:mother|father|mom|mum|dad|wife|husband|sister|brother|aunt|uncle"
        r"|grandmother|grandfather|"
        r"grandma|grandpa|friend|neighbou?r|partner|boss|roommate|colleague|coworker|co-worker|cousin|girlfriend"
        r"|boyfriend|nan|gran|grandad|granddad|granny|auntie|"
        r"mother-in-law|father-in-law|daughter|son|dog|cat)(?:'s)?\b(?P<rest>.*)"
    )
)
_OTHER_HAS = re.compile(
    r"^(?:(?! (?:i|me|my|we|you|told me|said i|thought i|gave me|made me|suggested i)\b).)*?"
    r" (?:takes?|took|is on|was on|been on|been taking|taking|on|uses?|used|has|had|have|gets?|swears by|got"
    r"|prescribed|needs)\b"
    r"(?!.*\b(?:i|me|i'm|i've|we|you|you're|your)\b)"
)
_PEOPLE = CUES.add(
    re.compile(
        r"\b(?:people|patients|someone|somebody|everyone|folks|guidelines?|(?:another|other"
        r"|a) patients?(?: of mine)?)\b[^.]{0,60}\b(?:take|use|give|get|are on|need|on|want|have|with)\b[^.]{0,60}$"
    )
)


def is_another_persons(before: str, marks: int) -> bool:
    """Whether the sentence, up to the name, gives the medicine to a relative, or to people in general.

    `marks`: what `CUES` tells of it.
    """
    person = _ANOTHER_PERSON.search(before, marks)
    return bool(person and _OTHER_HAS.match(person["rest"])) or bool(_PEOPLE.search(before, marks))
