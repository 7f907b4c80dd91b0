"""The phrases that tell what becomes of a medicine: begun, changed, kept, stopped, refused, or only spoken of."""

import re
from typing import Literal

Act = Literal[
    "start",
    "change",
    "continue",
    "stop",
    "conditional",
    "unneeded",
    "refused",
    "present",
    "past",
    "asked",
    "allergy",
]

_FILLERS = re.compile(
    r"\b(?:uh|um|uhm|uh-huh|er|erm|ah|you know|kind of|sort of|kinda|i mean|just|really|actually|basically|probably|also|again"
    r"|definitely|certainly|simply|maybe|go ahead and|go ahead|of course|for now|at this (?:point|time)|today|then|so)\b"
)
_REPEATED = re.compile(r"\b(\w+(?:'\w+)?(?: \w+(?:'\w+)?)?)(?: \1\b)+")
_SPLIT_WORDS = (
    (re.compile(r"\s+(n't|'(?:m|re|ll|d|ve|s))\b"), r"\1"),
    (re.compile(r"\b(gon|wan|got) ?(?:na|ta)\b"), r"\1 to"),
    (re.compile(r"\bgon to\b"), "going to"),
    (re.compile(r"\bwan to\b"), "want to"),
    (re.compile(r"[,\-…]+"), " "),
)
_SPACES = re.compile(r"\s+")

_NOT = r"(?:don't|do not|doesn't|didn't|did not|won't|will not|wouldn't|would not|isn't|aren't|not|never|can't|cannot|shouldn't|should not)"
_TAKING = r"(?:take|taking|use|using|be on|be taking|being on|go on|going on|try|trying|have|having|start|starting|get)"
_DOSE_OF = (
    r"(?:the |your |that |this |his |her |my |their |a |an |any |some |more |dose |dosage |of |on |in |up |down |to )*"
)

_PHRASES: dict[Act, tuple[str, ...]] = {
    "allergy": (
        r"allerg(?:y|ic|ies)",
        r"(?:bad |had a )?reactions? to",
        r"intoleran(?:t|ce)",
        r"(?:breaks? out|rash|hives) (?:from|with)",
    ),
    "refused": (
        rf"(?:i|he|she|they|we|i'd|you)(?: would)? {_NOT} (?:want|like|wish|care|feel comfortable|think i want)(?! you| him| her)(?: to)?(?: {_TAKING})?",
        rf"(?:i|you|he|she|i'd|he'd|she'd)(?:'d| would)? rather not(?: {_TAKING})?",
        r"not (?:interested in|keen on|comfortable (?:with|on)|a fan of|happy (?:with|about)|too keen on)",
        r"(?:refus|declin)(?:e|ed|es|ing)",
        rf"i(?:'m)? (?:try|trying|tend|prefer|want|tried) (?:to avoid|not to)(?: {_TAKING})?",
        rf"i (?:(?:won't|will not) {_TAKING}|(?:hate|avoid|stay away from)(?: {_TAKING})?)",
        r"(?:no thanks?|no thank you)(?: to| on)?",
        r"i(?:'m| am)? (?:scared|afraid|nervous|worried) (?:of|about)(?: taking)?",
    ),
    "unneeded": (
        rf"{_NOT} (?:think )?(?:that )?(?:you |we |i |he |she |it )?(?:think |are |going to |be |have to |want to |need to |to )*"
        r"(?:need\w*|start\w*|giv\w+|prescrib\w+|put\w*|recommend\w*|requir\w+|advise|warrant|necessary|indicated|suggest\w*|add\w*)"
        r"(?: you)?(?: on| to take)?",
        r"no (?:need|reason|indication|role) (?:for|to (?:take|start|use|give you))",
        r"(?:wait|hold|holding off)(?: \w+){0,4} before (?:we|i|you)?(?: \w+)?",
        r"hold(?:ing)? off (?:on|with)(?: starting| giving| adding)?",
        r"(?:instead of|rather than|as opposed to|without)(?: taking| using| having to take)?",
        r"no(?! more| longer| need| reason| problem| i| it| that| we| you| the)",
        r"(?:not|isn't|aren't) (?:a )?(?:candidate for|appropriate|helpful|going to help)",
        r"(?:stronger than|similar to|related to|the same as|alternative to|better than|contraindicated with|interact\w* with)",
    ),
    "stop": (
        rf"{_NOT} (?:be |want you (?:to be |to )?|keep |also )*(?:tak(?:e|ing)|us(?:e|ing)|mix(?:ing)?|combin(?:e|ing))",
        r"rather (?:you|that you) (?:not|didn't) (?:take|use)",
        r"no longer (?:take|need(?: to take| to be on)?|be on)",
        r"(?:try|trying|prefer|rather|best|better) (?:you )?not (?:to )?(?:take|use|be on|taking|using)",
        r"avoid(?:ing)?(?: taking| using)?",
        r"(?:stay(?:ing)? away|refrain|steer clear) (?:from|of)(?: taking| using)?",
        r"stay(?:ing)? off(?: of)?",
        r"stop(?:ping)?(?: taking| using| with)?",
        r"discontinu(?:e|ing)",
        r"com(?:e|ing) off(?: of)?",
        r"(?:get|take|taking|wean|weaning|taper|bring|getting) (?:you|him|her|yourself) off(?: of)?",
        rf"hold(?:ing)? (?!on\b|off\b|your breath|still){_DOSE_OF}",
        r"quit(?: taking| using)?",
        r"(?:cut out|get rid of|cease|cancel|no more|wean off|lay off|keep off|throw away|do away with)",
    ),
    "conditional": (
        r"(?:may|might|could|would|'d)(?: possibly| end up| look| be able)*(?: to)? (?:need|have to|want to consider|consider|require"
        r"|think about|talk about|look at|discuss|be a candidate for|benefit from|move on to|move to)(?: to)?(?: \w+){0,3}",
        r"(?:we|i)(?:'d| would| could| might| may| can always) (?:then |have to |look to |be able to |end up )*(?:try|add|start|put|switch|give|use|do|go to|go with|prescribe|"
        r"increase|change|call in|look at|discuss|offer|send)(?: \w+){0,3}",
        r"(?:consider|considering|think about|thinking about|next (?:step|option|line)|down the (?:road|line)|option of|possibility of"
        r"|talk about|discuss|options? (?:is|are|include|would be))(?: (?:is|starting|adding|trying|using|would be))?",
        r"(?:we|i)(?:'ll| will| can)? (?:see|decide|talk|discuss)(?: \w+){0,3} (?:whether|if)",
    ),
    "change": (
        rf"(?:increas|decreas|reduc|lower|rais|doubl|halv|titrat|adjust|chang|bump|taper|modify|tweak|up)(?:e|ing|ping|p)? {_DOSE_OF}",
        rf"(?:bump|cut|go|turn|dial|bring|step|move)(?:ing)?(?: \w+)?(?: back| up| down)(?: on| to)? {_DOSE_OF}",
        rf"(?:higher|lower|stronger|smaller|bigger|another|second|extra) dose (?:of )?{_DOSE_OF}",
    ),
    "continue": (
        rf"{_NOT}(?: \w+){{0,3}}? (?:stop\w*|discontinu\w+|chang\w+|tak(?:e|ing) you off)(?: taking| with)?",
        r"finish(?:ing)?(?: off| out| up)?(?: the course of| the rest of)?(?: your| the)?",
        r"continu(?:e|ing)(?: on| with| to (?:take|use|be on)| (?:you|her|him|taking|using)(?: on| with)?)*",
        r"(?:keep|keeping|maintain|leave|leaving)(?: you| her| him)?(?: on| taking| using| up with| going with)*",
        r"(?:stay|staying|remain|stick|sticking|carry on|carrying on|go on|resume|remaining)(?: (?:on|with|taking|using))+",
        r"refill(?:ed|ing|s)?(?: for| of| on| your| the)*",
        r"renew(?:ing)?",
        r"restart(?:ing)?",
    ),
    "past": (
        r"(?:i |we |they |he |she )?had you (?:take|taking|use|using|try|trying)",
        r"(?:i|he|she|we|you|they)(?:'ve|'d| have| had| has)?(?: been)?(?: \w+ly| ever| even| already| only| never)?"
        r" (?:took|taken|tried|used|bought|given|prescribed|stopped|quit|had|ran out of|run out of|finished)",
        r"used to (?:take|be on|use|have)",
        r"(?:was|were|had been|have been|'d been)(?: \w+ly)? (?:on|taking|given|put on|prescribed|started on|using|trying)",
        r"(?:gave|giving|give|prescribed|offered) me",
        r"(?:i've|i have|have|i've been) (?:tried|trying)",
        r"(?:took|taken|switched|weaned) (?:you|me|him|her) off(?: of)?",
        r"(?:switched|changed) (?:you|me|him|her) from",
        r"(?:tried you on|can't (?:take|have|tolerate))",
        r"(?:previously|in the past|last (?:year|month|week|time|visit)|years ago|came off|stopped taking|off(?: of)?)",
        r"(?:i|she|he) (?:haven't|have not|hasn't|wasn't|am not|'m not|don't|do not|doesn't|never|didn't)(?: \w+ly| been| ever)*"
        r" (?:take|took|taken|taking|on|use|used|using|tried|have|need)",
        r"(?:the|some|any) (?:relief|help|improvement|luck) (?:with|from)",
        r"(?:gave|give|given) (?:you|him|her) (?:some |a )?(?:in the|at the)",
        r"(?:helped|worked|improved|relieved|resolved|better) (?:with|by|after)",
        r"(?:status post|s\/p|response to|responded to|treated with|failed|after (?:taking|the))",
        r"(?:i've|i have|been) (?:been )?(?:popping|taking some|using some|taking a lot of|putting)",
    ),
    "present": (
        r"(?<!that )(?<!which )(?:you're|you are|you've been|he's|she's|she is|he is|patient is|i'm|i am|i've been|they're|we're|she has been|"
        r"he has been|has been|have been|been|you|i|is|am|are)(?: (?:still|currently|already|only|now|both|being|maintained|managed|controlled|"
        r"stable|well|continued|supposed to be|consistent(?:ly)?|regular(?:ly)?|daily|doing (?:well|okay|good|fine|great)|compliant))*"
        r" (?:on|taking|using|with)",
        r"(?:have|had|got|has|see|having) (?:you|me|her|him)(?: \w+ly| still| already)? on",
        r"(?:we|i|he|she|they|doctor(?: \w+)?|dr\.? \w+|pcp|who|has|had|have|hospital|was|were|recently)(?:'ve|'d|'s| have| had| has)?(?: \w+ly| first)? "
        r"(?:put|started|placed) (?:you|me|her|him) (?:back )?on",
        r"(?:started|put|placed|switched) me (?:back )?(?:on|to)",
        r"i (?:still |currently |only |usually |always |normally )*(?:take|use|have)",
        r"you (?:still |currently |already |do )*(?:take|use)",
        r"(?:she|he) (?:still |currently |also )*(?:takes|uses)",
        r"medications? (?:include|are|is|that|list|of)",
        r"(?:tolerating|compliant with|side effects? (?:from|of|with)|doing (?:well|okay|good|fine|great|alright|all right|with)(?: on| with)?)",
        r"(?:how are you doing|how's it going|how is it going|how've you been|any problems?|any issues?|working(?: out)?(?: \w+)?"
        r"|going(?: \w+)?|good|fine|okay|trouble) (?:with|on)",
        r"(?:takes|remains on|maintained on|managed with|managed on|controlled (?:on|with|by)|treated with|stable on|treats? it with)",
        r"(?:increased|decreased|reduced|changed|upped|doubled|adjusted) (?:your|the|my|her|his)(?: dose| dosage)?(?: of)?",
    ),
    "asked": (
        r"(?:how (?:would|do|did) you feel about|what do you think (?:about|of)|how about|what about)(?: (?:going on|starting|taking|trying|adding|being on|using))*",
        r"(?:would|are|were) you (?:be )?(?:open|willing|interested|okay|ok|happy|up|keen|comfortable|agreeable)(?: (?:to|in|with|for|on))?"
        r"(?: (?:going on|start\w*|tak\w+|try\w*|add\w*|us\w+))?",
        r"do you (?:want|need|like)(?: me| us)?(?: to)?(?: a| any)? ?(?:refill|renew|prescri\w+|start|try|send|give|call)\w*(?: you| in| for| of| on| your| the| some)*",
        r"(?:are|were|is|was) (?:you|she|he)(?: (?:still|currently|also|now|able to|ever|even|taking it|still able))* (?:take|taking|on|using|use)",
        r"(?:do|does|did|can|would) (?:you|she|he)(?: (?:still|currently|ever|also|use|need|want))*"
        r" (?:take|use|try|have|get|need|want|on|like)(?: (?:to|any))*(?: \w+ \w+ from)?",
        r"(?:are|were) you (?:staying away from|avoiding)",
        r"(?:have|has) (?:you|she|he)(?: (?:been|ever|also|already|still))* (?:tried|taken|taking|used|using|had|given|on|been|keeping up with)",
        r"you (?:haven't|have not)(?: \w+)? (?:taken|tried|used)",
        r"(?:should|can|could|may|shall|will) i(?: (?:still|also|keep|be))* (?:take|taking|use|try|continue|have|get|need)",
        r"anything (?:like|such as|for it like)",
        r"taking any",
    ),
    "start": (
        r"(?:start|starting|begin|beginning|initiate|initiating|commence)(?: (?:you|her|him|with|on|taking|using|off|out|a|the|back))*",
        r"(?:put|putting|place|placing|get|getting|have|having|try|want)(?: (?:you|her|him|yourself)) (?:back )?(?:started )?(?:on|with|onto)(?: to)?",
        r"prescrib(?:e|ing)(?: (?:you|her|him|for|some|a|the))*",
        r"(?:give|giving|get(?! rid)|getting|write|send|sending|call|order|hand|administer|provide|offer)(?: (?:you|her|him|in|over|out|up))+(?: (?:a|some|the|for|with))*",
        r"(?:order|ordering|add|adding|switch|switching|change|changing)(?: (?:you|her|him|on|in|over|to|a|some))*",
        r"(?:prescription|script|course|trial|round|dose|supply|sample)s? (?:for|of)",
        r"(?:go with|opt (?:for|to use)|treat(?:ing)?(?: you| it| this| that| her| him)?(?: \w+){0,2} with|apply|applying|inject|injecting)",
        r"(?:recommend|suggest|advise|encourage|recommending|suggesting)(?:s|ed)?(?: that)?(?: you)?(?: to)?(?: start| try| take| use| get| taking| using| trying| getting)?",
        r"(?:you|he|she)(?:'re|'ll|'d| are| will| can| could| should| may| might| need to| want to| have to| must| ought to)*"
        r"(?: (?:going|want|have|need|like|able|supposed|best|be|continue|always|safely|either|try|start|even|still|certainly|easily|alternate) ?(?:to)?)*"
        r" (?:take|be taking|taking|use|try|trying|apply|get|buy|pick up|put|have|alternate)(?: (?:some|a|the|it|to))*",
        r"(?:want|like|need) (?:you|her|him) (?:taking|using|on)(?: is| are)?",
        r"(?:want|like|need|have|advise|encourage|ask|asking) (?:you|her|him) to(?: \w+ly| start| try| also| still)* (?:take|taking|use|try|trying|start|apply|get|be on|do)",
        r"(?:let's|let us|we'll|we will|i'll|i will|we can|i can|we're going to|i'm going to|i am going to|we are going to|i'd like to|i want to|"
        r"i would like to|we should|we need to|i'd)(?: \w+ly| have you| get you)? (?:take|taking|use|try|do|get(?! rid)|send|give|have|add|order|prescribe|start|call|see about)(?: (?:you|some|a|in|over|the|for|to|on))*",
        r"(?:^|[.?!] |\band |\bor |please |okay |alright |yeah |yes )(?:take|use|try|apply|get|buy|taking|trying|using)(?: (?:some|a|an|the|your|over the counter))*",
        r"(?<!to )(?:take|use) (?:the|some|your|an?|one|two|it)",
        r"(?:is|it's|that's|one) called",
        r"(?:worth|try|trying)(?: (?:taking|using|trying|some|a|getting|out))*",
        r"(?:medication|medicine|drug|pill|cream|tablet|antibiotic|steroid|relaxant|relaxer|something)s?(?: that's| which is| that is)? (?:called|named)",
        r"dragon(?: please)? order",
        r"(?:you|he|she)(?:'ll| will| do| are going to| definitely)* needs?(?: to (?:take|be on|start|use))?(?: (?:some|an?|the))*",
        r"(?:need|needs) (?:to (?:take|be on|start|use)|some|an?)",
        r"go(?:ing)? for",
    ),
}

CUES = re.compile(
    r"\b(?:" + "|".join(f"(?P<{act}>{'|'.join(phrases)})" for act, phrases in _PHRASES.items()) + r")(?!\w)"
)

# Said behind the name: "that one we'll stop", "did n't help".
AFTER = re.compile(
    r"(?P<allergy>^ ?(?:allerg\w+|intoleran\w+))"
    r"|(?P<past>^(?: \w+){0,4} (?:didn't|did not|doesn't|does not|hasn't|wasn't|haven't|never|don't)(?: \w+){0,2}? (?:help|work|do|touch|make|relieve|control|cut|last)\w*"
    r"|^(?: \w+){0,4} (?:in the past|years ago|back in|as a (?:kid|child)|last (?:year|month|week|night)|yesterday|this morning|when i was)"
    r"|^(?: \w+){0,2} (?:helped|worked) |^(?: \w+){0,10} (?:was|were|got|been) (?:stopped|discontinued))"
    r"|(?P<stop>\b(?:(?:want|like|need) you to|you (?:can|should|need to|could)|let's|we'll|we can|i'll|we're going to|i'm going to|please|and|would) "
    r"(?:stop|hold|discontinue|come off|cut out|quit)\b(?! (?:by|smok|drink|eat)))"
    r"|(?P<change>\b(?:let's|i'll|we'll|going to|want to|like to|can|should|will|you to) (?:increase|decrease|double|lower|reduce|raise|bump|adjust|up) (?:it|that|this|the dose|the dosage|your dose|your dosage|those|them)\b)"
    r"|(?P<continue>\b(?:continue|keep taking|keep using|stay on|refill|keep you on|stick with|keep on|carry on with|continue taking|continue on|continue with|keep) (?:it|that|this|those|them|taking (?:it|that|those))\b"
    r"|\b(?:stays?|keep it|keeping it|remains?|leave it) (?:on )?(?:exactly )?(?:the same|unchanged|as it is)\b|\bno changes?\b)"
    r"|(?P<start>^(?: (?:which|that|this|one))?(?: (?:i|we)(?:'ll| can| will|'m going to| could|'d)?) (?:give|prescribe|get|send|recommend|suggest|start)\b"
    r"|^ (?:would|will|should|might|is) (?:probably )?(?:be )?(?:advisable|good|useful|worth|helpful|best|the best|a good|fine|help|recommended|enough|sufficient)\b"
    r"|\b(?:you're going to|you'll|i want you to|you can|you should|you only have to|you need to|want you|i can) (?:take|give|use|apply|put) (?:up to )?(?:it|that|this|those|them|one|two|three|\d)\b)"
)

IF = re.compile(
    r"(?<!know )(?<!see )(?<!wonder )(?<!ask )(?<!sure )(?<!call )(?<!us )(?<!determine )(?<!tell )(?<!check )"
    r"\b(?:if|unless|in case) (?:it|that|this|things?|you|the|your|those|these|we|they|there|not|any|symptoms?|pain|no|she|he)\b(?P<rest>.*)"
)
# "If you have pain" tells when to take, not whether it is ordered.
AS_NEEDED_IF = re.compile(
    r"\bif (?:you(?! get| develop| start)|there|it|the pain|pain|you're|your \w+)(?:'re| are| is|'s|'ve| have)?"
    r"(?: \w+){0,3} (?:need|needed|in pain|hurts?|hurting|sore|headaches?|fever|aches?|some pain|any pain|pain|discomfort|flare|want|like|wish|can)\b"
)

ANOTHER_PERSON = re.compile(
    r"\b(?:my|his|her|their|your)(?: \w+)? ?(?:mother|father|mom|mum|dad|wife|husband|sister|brother|aunt|uncle|grandmother|grandfather|"
    r"grandma|grandpa|friend|neighbou?r|partner|boss|roommate|colleague|coworker|co-worker|cousin|girlfriend|boyfriend|nan|gran|"
    r"mother-in-law|father-in-law|daughter|son|dog|cat)(?:'s)?\b(?P<rest>.*)"
)
_OTHER_HAS = re.compile(
    r"^(?:(?! (?:i|me|my|we|you|told me|said i|thought i|gave me|made me|suggested i)\b).)*?"
    r" (?:takes?|took|is on|was on|been on|been taking|taking|on|uses?|used|has|had|have|gets?|swears by|got|prescribed|needs)\b"
    r"(?!.*\b(?:i|me|i'm|i've|we|you|you're|your)\b)"
)
PEOPLE = re.compile(
    r"\b(?:people|patients|someone|somebody|everyone|folks|guidelines?|(?:another|other|a) patients?(?: of mine)?)\b[^.]*\b(?:take|use|give|get|are on|need|on|want|have|with)\b[^.]*$"
)


# What the next speaker says of the medicine just named, without naming it.
FOLLOW_UP = re.compile(
    r"\b(?:(?P<stop>(?:stop|discontinue|come off|hold)(?: taking| using)?)|(?P<continue>continue|keep(?: on)?(?: taking| using)?|carry on|stay on|stick with"
    r"|continue taking|keep going|keep on)|(?P<change>increase|decrease|double|reduce|lower|halve|bump up))(?: on| with)? (?:it|that|this|them|those|the same)\b"
)
REFUSAL = re.compile(
    r"\b(?:(?:rather|sooner|prefer|want|like) (?:to )?not|(?:don't|do not|didn't|wouldn't) (?:really |think i )?(?:want|need|like|feel comfortable)|don't think so"
    r"|not (?:going to|taking|comfortable|keen|sure i want|interested|for me|a fan|happy)|won't (?:take|be|do|use)|will not (?:take|be)|no thank|no thanks|refuse"
    r"|(?:say|said|saying|still a) no|i(?:'ll| will| think i will| would like to) (?:pass|wait|hold off|skip|decline)|i hate|prefer to (?:stay|wait|try)|rather (?:stay|wait|try|just)"
    r"|i can't (?:take|do)|let's not|leave it for now|i pass)\b"
)
_INSISTS = re.compile(
    r"\b(?:still (?:want|like|recommend|think)|really (?:want|need|think|recommend)|i'd still|but i|important that|you need|you should)\b"
)


def is_refusal(answer: str, reply: str) -> bool:
    """Whether the patient's answer refuses what was just offered, and the clinician's reply lets it be."""
    return bool(REFUSAL.search(tidy(answer)[:200])) and not _INSISTS.search(tidy(reply)[:200])


def tidy(words: str) -> str:
    """Speech for the cues: split words joined ("do n't"), fillers and commas dropped, stutters said once. Offsets are lost."""
    for pattern, replacement in _SPLIT_WORDS:
        words = pattern.sub(replacement, words)
    words = _SPACES.sub(" ", _FILLERS.sub(" ", words))
    return _REPEATED.sub(r"\1", words)


def is_another_persons(before: str) -> bool:
    """Whether the sentence, up to the name, gives the medicine to a relative, or to people in general."""
    person = ANOTHER_PERSON.search(before)
    return bool(person and _OTHER_HAS.match(person["rest"])) or bool(PEOPLE.search(before))
