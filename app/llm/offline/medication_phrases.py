"""The phrases before a name that tell what becomes of a medicine: begun, changed, kept, stopped, refused, taken."""

import re
from typing import Literal, cast

from app.language.sieve import Cue
from app.llm.offline.phrase_lists import CUES

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
_NOT = (
    r"(?:don't|do not|doesn't|didn't|did not|won't|will not|wouldn't|would not|isn't|aren't|not|never|can't"
    r"|cannot|shouldn't|should not)"
)
_TAKING = (
    r"(?:take|taking|use|using|be on|be taking|being on|go on|going on|try|trying|have|having|start"
    r"|starting|get)"
)
_DOSE_OF = (
    r"(?:the |your |that |this |his |her |my |their |a |an |any |some |more |dose |dosage |of |on |in |up "
    r"|down |to )*"
)

_PHRASES: dict[Act, tuple[str, ...]] = {
    "allergy": (
        r"allerg(?:y|ic|ies)",
        r"(?:bad |had a )?reactions? to",
        r"intoleran(?:t|ce)",
        r"(?:breaks? out|rash|hives) (?:from|with)",
    ),
    "refused": (
        rf"(?:i|he|she|they|we|i'd|you)(?: would)? {_NOT} (?:want|like|wish|care|feel comfortable"
        rf"|think i want)(?! you| him| her| giv| prescrib| start| put)(?: to)?(?: {_TAKING})?",
        rf"(?:i|you|he|she|i'd|he'd|she'd)(?:'d| would)? rather not(?: {_TAKING})?",
        r"not (?:interested in|keen on|comfortable (?:with|on)|a fan of|happy (?:with|about)|too keen on)",
        r"(?:refus|declin)(?:e|ed|es|ing)",
        rf"i(?:'m)? (?:try|trying|tend|prefer|want|tried) (?:to avoid|not to)(?: {_TAKING})?",
        rf"i (?:(?:won't|will not) {_TAKING}|(?:hate|avoid|stay away from)(?: {_TAKING})?)",
        r"(?:no thanks?|no thank you)(?: to| on)?",
        r"i(?:'m| am)? (?:scared|afraid|nervous|worried) (?:of|about)(?: taking)?",
    ),
    "unneeded": (
        rf"{_NOT} (?:\w+ )?(?:feel |be )?(?:comfortable|happy|inclined|keen|prepared|willing|convinced|minded)"
        r"(?: \w+){0,2}? (?:giv|prescrib|start|put|us|add|hand)\w*(?: you)?(?: on)?",
        r"(?:(?:i|we|they)(?:'d| would)|would|'d) have (?:given|prescribed|put|started|sent|offered)"
        r"(?: you)?(?: on)?(?: a| some)?",
        r"(?:no|little|not much) (?:point|sense|use|value|benefit) (?:in|to|from|of)?(?: \w+ing)?(?: you)?(?: on)?",
        r"(?:against|wary of|reluctant to|hesitant to|loath to|loth to|advise against|recommend against)"
        r"(?: start\w*| giv\w+| us\w+| prescrib\w*| tak\w+| put\w*| add\w*| having)?(?: you)?(?: on)?",
        r"(?:isn't|not) (?:something|anything|one)(?: that)? (?:i'd|i would|we'd|we would)(?: \w+){1,3}? (?:with|for)",
        r"don't bother (?:with|taking|getting)",
        rf"{_NOT} (?:think )?(?:that )?(?:you |we |i |he |she |it )?(?:think |are |going to |be |have to "
        rf"|want to |need to |to )*"
        r"(?:need\w*|start\w*|giv\w+|prescrib\w+|put\w*|recommend\w*|requir\w+|advise|warrant|necessary"
        r"|indicated|suggest\w*|add\w*)"
        r"(?: you)?(?: on| to take)?",
        r"no (?:need|reason|indication|role) (?:for|to (?:take|start|use|give you))",
        r"(?:wait|hold|holding off)(?: \w+){0,4} before (?:we|i|you)?(?: \w+)?",
        r"hold(?:ing)? off (?:on|with)(?: starting| giving| adding)?",
        r"(?:instead of|rather than|as opposed to|without)(?: taking| using| having to take)?",
        r"not(?= ?$| (?:the|your|an?|any) ?$)",
        r"no(?! more| longer| need| reason| problem| i| it| that| we| you| the)",
        r"(?:not|isn't|aren't) (?:a )?(?:candidate for|appropriate|helpful|going to help)",
        r"(?:stronger than|similar to|related to|the same as|alternative to|better than|contraindicated with"
        r"|interact\w* with)",
    ),
    "stop": (
        rf"{_NOT} (?:be |want you (?:to be |to )?|keep |also )*(?:tak(?:e|ing)|us(?:e|ing)|mix(?:ing)?"
        rf"|combin(?:e|ing))",
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
        r"(?:possibility|possible|chance)(?: that)? (?:we|i|you)(?: we)?(?: \w+){1,4}?(?: that| the| your)*",
        r"(?:may|might|could|would|'d)(?: possibly| end up| look| be able)*(?: to)? (?:need|have to"
        r"|want to consider|consider|require"
        r"|think about|talk about|look at|discuss|be a candidate for|benefit from|move on to"
        r"|move to)(?: to)?(?: \w+){0,3}",
        r"(?:we|i)(?:'d| would| could| might| may| can always) (?:then |have to |look to |be able to "
        r"|end up )*(?:try|add|start|put|switch|give|use|do|go to|go with|prescribe|"
        r"increase|change|call in|look at|discuss|offer|send)(?: \w+){0,3}",
        r"(?:consider|considering|think about|thinking about|next (?:step|option|line (?:of|treatment))"
        r"|down the (?:road|line)"
        r"|option of|possibility of"
        r"|talk about|discuss|(?:options?|possibilit(?:y|ies)|choices?) (?:is|are|include|would be|might be))"
        r"(?: (?:is|to (?:start|try|use|go on)|going (?:on|with|for)|starting|adding|trying|using|taking|would be))?",
        r"(?:one|another) (?:option|possibility|thing|choice)(?: we| you| i)?(?: could| might| may)? (?:try|use|do|is)",
        r"(?:later(?: on)?|eventually|in (?:the )?future|some ?day|at some (?:point|stage)|one day|next time|in time)"
        r" (?:we|i)(?:'ll| can| could| might| may| will| would)?(?: always)? (?:try|add|start|use|switch|give|go"
        r"|increase|put|move)(?: \w+){0,3}",
        r"(?:we|i)(?:'ll| will| can)? (?:see|decide|talk|discuss)(?: \w+){0,3} (?:whether|if)",
    ),
    "change": (
        rf"(?:increas|decreas|reduc|lower|rais|doubl|halv|titrat|adjust|chang|bump|taper|modify|tweak|up)(?:e"
        rf"|ing|ping|p)? {_DOSE_OF}",
        rf"(?:bump|cut|go|turn|dial|bring|step|move)(?:ing)?(?: \w+)?(?: back| up| down)(?: on| to)? {_DOSE_OF}",
        rf"(?:higher|lower|stronger|smaller|bigger|another|second|extra) dose (?:of )?{_DOSE_OF}",
    ),
    "continue": (
        rf"{_NOT}(?: \w+){{0,3}}? (?:stop\w*|discontinu\w+|chang\w+|tak(?:e|ing) you off)(?: taking| with)?",
        r"finish(?:ing)?(?: off| out| up)?(?: the course of| the rest of)?(?: your| the)?",
        r"continu(?:e|ing)(?: on| with| to (?:take|use|be on)| (?:you|her|him|taking|using)(?: on| with)?)*",
        r"(?:keep|keeping|maintain|leave|leaving)(?: you| her| him)?(?: on| taking| using| up with| going with)*",
        r"(?:stay|staying|remain|stick|sticking|carry on|carrying on|go on|resume|remaining)(?: (?:on|with"
        r"|taking|using))+",
        r"refill(?:ed|ing|s)?(?: for| of| on| your| the)*",
        r"renew(?:ing)?",
        r"restart(?:ing)?",
    ),
    "past": (
        r"(?:i |we |they |he |she )?had you (?:take|taking|use|using|try|trying)",
        r"(?:i|he|she|we|you|they)(?:'ve|'d| have| had| has)?(?: been)?(?: \w+ly| ever| even| already| only| never)?"
        r" (?:took|taken|tried|used|bought|given|prescribed|stopped|quit|had|ran out of|run out of|finished)",
        r"used to (?:take|be on|use|have)",
        r"(?:attempted to inject|injected|infiltrated|anesthetized|numbed|prepped)(?: \w+){0,4}? (?:of|with)",
        r"(?:was|were|had been|have been|'d been)(?: \w+ly)? (?:on|taking|given|put on|prescribed|started on"
        r"|using|trying)",
        r"(?:gave|giving|give|prescribed|offered) me",
        r"(?:i've|i have|have|i've been) (?:tried|trying)",
        r"(?:took|taken|switched|weaned) (?:you|me|him|her) off(?: of)?",
        r"(?:switched|changed) (?:you|me|him|her) from",
        r"(?:tried you on|can't (?:take|have|tolerate))",
        r"(?:previously|in the past|last (?:year|month|week|time|visit)|years ago|came off|stopped taking"
        r"|off(?: of)?)",
        r"(?:i|she|he) (?:haven't|have not|hasn't|wasn't|am not|'m not|don't|do not|doesn't|never"
        r"|didn't)(?: \w+ly| been| ever)*"
        r" (?:take|took|taken|taking|on|use|used|using|tried|have|need)",
        r"(?:the|some|any) (?:relief|help|improvement|luck) (?:with|from)",
        r"(?:gave|give|given) (?:you|him|her) (?:some |a )?(?:in the|at the)",
        r"(?:helped|worked|improved|relieved|resolved|better) (?:with|by|after)",
        r"(?:status post|s\/p|response to|responded to|treated with|failed|after (?:taking|the))",
        r"(?:i've|i have|been) (?:been )?(?:popping|taking some|using some|taking a lot of|putting)",
    ),
    "present": (
        r"(?<!that )(?<!which )(?:you're|you are|you've been|he's|she's|she is|he is|patient is|i'm|i am"
        r"|i've been|they're|we're|she has been|"
        r"he has been|has been|have been|been|you|i|is|am|are)(?: (?:still|currently|already|only|now|both"
        r"|being|maintained|managed|controlled|"
        r"stable|well|continued|supposed to be|consistent(?:ly)?|regular(?:ly)?|daily|doing (?:well|okay|good"
        r"|fine|great)|compliant))*"
        r" (?:on|taking|using|with)",
        r"(?:have|had|got|has|see|having) (?:you|me|her|him)(?: \w+ly| still| already)? on",
        r"(?:we|i|he|she|they|doctor(?: \w+)?|dr\.? \w+|pcp|who|has|had|have|hospital|was|were|recently)(?:'ve"
        r"|'d|'s| have| had| has)?(?: \w+ly| first)? "
        r"(?:put|started|placed) (?:you|me|her|him) (?:back )?on",
        r"(?:started|put|placed|switched) me (?:back )?(?:on|to)",
        r"i (?:still |currently |only |usually |always |normally |also )*(?:take|use|have|inject|swallow|apply|inhale)",
        r"you (?:still |currently |already |do )*(?:take|use)",
        r"(?:she|he) (?:still |currently |also )*(?:takes|uses)",
        r"medications? (?:include|are|is|that|list|of)",
        r"(?:tolerating|compliant with|side effects? (?:from|of|with)|doing (?:well|okay|good|fine|great"
        r"|alright|all right|with)(?: on| with)?)",
        r"(?:how are you doing|how's it going|how is it going|how've you been|any problems?|any issues?"
        r"|working(?: out)?(?: \w+)?"
        r"|going(?: \w+)?|good|fine|okay|trouble) (?:with|on)",
        r"(?:takes|remains on|maintained on|managed with|managed on|controlled (?:on|with|by)|treated with"
        r"|stable on|treats? it with)",
        r"(?:increased|decreased|reduced|changed|upped|doubled|adjusted) (?:your|the|my|her|his)(?: dose"
        r"| dosage)?(?: of)?",
    ),
    "asked": (
        r"(?:how (?:would|do|did) you feel about|what do you think (?:about|of)|how about"
        r"|what about)(?: (?:going on|starting|taking|trying|adding|being on|using))*",
        r"(?:would|are|were) you (?:be )?(?:open|willing|interested|okay|ok|happy|up|keen|comfortable"
        r"|agreeable)(?: (?:to|in|with|for|on))?"
        r"(?: (?:going on|start\w*|tak\w+|try\w*|add\w*|us\w+))?",
        r"do you (?:want|need|like)(?: me| us)?(?: to)?(?: a| any)? ?(?:refill|renew|prescri\w+|start|try|send"
        r"|give|call)\w*(?: you| in| for| of| on| your| the| some)*",
        r"(?:are|were|is|was) (?:you|she|he)(?: (?:still|currently|also|now|able to|ever|even|taking it"
        r"|still able))* (?:take|taking|on|using|use)",
        r"(?:do|does|did|can|would) (?:you|she|he)(?: (?:still|currently|ever|also|use|need|want))*"
        r" (?:take|use|try|have|get|need|want|on|like)(?: (?:to|any))*(?: \w+ \w+ from)?",
        r"(?:are|were) you (?:staying away from|avoiding)",
        r"(?:have|has) (?:you|she|he)(?: (?:been|ever|also|already|still))* (?:tried|taken|taking|used|using"
        r"|had|given|on|been|keeping up with)",
        r"you (?:haven't|have not)(?: \w+)? (?:taken|tried|used)",
        r"(?:should|can|could|may|shall|will) i(?: (?:still|also|keep|be))* (?:take|taking|use|try|continue"
        r"|have|get|need)",
        r"anything (?:like|such as|for it like)",
        r"taking any",
    ),
    "start": (
        r"(?:start|starting|begin|beginning|initiate|initiating|commence)(?: (?:you|her|him|with|on|taking"
        r"|using|off|out|a|the|back))*",
        r"(?:put|putting|place|placing|get|getting|have|having|try|want)(?: (?:you|her|him"
        r"|yourself)) (?:back )?(?:started )?(?:on|with|onto)(?: to)?",
        r"prescrib(?:e|ing)(?: (?:you|her|him|for|some|a|the))*",
        r"(?:give|giving|get(?! rid)|getting|write|send|sending|call|order|hand|administer|provide"
        r"|offer)(?: (?:you|her|him|in|over|out|up))+(?: (?:a|some|the|for|with))*",
        r"(?:order|ordering|add|adding|switch|switching|change|changing)(?: (?:you|her|him|on|in|over|to|a|some))*",
        r"(?:prescription|script|course|trial|round|supply|sample)s? (?:for|of)",
        r"(?:go with|opt (?:for|to use)|treat(?:ing)?(?: you| it| this| that| her| him)?(?: \w+){0,2} with"
        r"|apply|applying|inject|injecting)",
        r"(?:recommend|suggest|advise|encourage|recommending|suggesting)(?:s"
        r"|ed)?(?: that)?(?: you)?(?: to)?(?: start| try| take| use| get| taking| using| trying| getting)?",
        r"(?:you|he|she)(?:'re|'ll|'d| are| will| can| could| should| may| might| need to| want to| have to"
        r"| must| ought to)*"
        r"(?: (?:going|want|have|need|like|able|supposed|best|be|continue|always|safely|either|try|start|even"
        r"|still|certainly|easily|alternate) ?(?:to)?)*"
        r" (?:take|be taking|taking|use|try|trying|apply|get|buy|pick up|put|have|alternate)(?: (?:some|a|the"
        r"|it|to))*",
        r"(?:want|like|need) (?:you|her|him) (?:taking|using|on)(?: is| are)?",
        r"(?:want|like|need|have|advise|encourage|ask|asking) (?:you|her|him) to(?: \w+ly| start| try| also"
        r"| still)* (?:take|taking|use|try|trying|start|apply|get|be on|do)",
        r"(?:let's|let us|we'll|we will|i'll|i will|we can|i can|we're going to|i'm going to|i am going to"
        r"|we are going to|i'd like to|i want to|"
        r"i would like to|we should|we need to|i'd)(?: \w+ly| have you| get you)? (?:take|taking|use|try|do"
        r"|get(?! rid)|send|give|have|add|order|prescribe|start|call|see about)(?: (?:you|some|a|in|over|the"
        r"|for|to|on))*",
        r"(?:^|[.?!] |\band |\bor |please |okay |alright |yeah |yes )(?:take|use|try|apply|get|buy|taking"
        r"|trying|using)(?: (?:some|a|an|the|your|over the counter))*",
        r"(?<!to )(?:take|use) (?:the|some|your|an?|one|two|it)",
        r"(?:is|it's|that's|one) called",
        r"(?:worth|try|trying)(?: (?:taking|using|trying|some|a|getting|out))*",
        r"(?:medication|medicine|drug|pill|cream|tablet|antibiotic|steroid|relaxant|relaxer"
        r"|something)s?(?: that's| which is| that is)? (?:called|named)",
        r"dragon(?: please)? order",
        r"(?:you|he|she)(?:'ll| will| do| are going to| definitely)* needs?(?: to (?:take|be on|start"
        r"|use))?(?: (?:some|an?|the))*",
        r"(?:need|needs) (?:to (?:take|be on|start|use)|some|an?)",
        r"go(?:ing)? for",
    ),
}

_CUES: list[tuple[Act, Cue]] = [
    (act, CUES.add(re.compile(rf"\b(?:{'|'.join(phrases)})(?!\w)"))) for act, phrases in _PHRASES.items()
]


def last_act(words: str, marks: int) -> tuple[Act, re.Match[str]] | None:
    """The last phrase in tidied words, whose marks are given, and what it does; phrases are read from the left.

    Of phrases that begin at one place, that of the act listed first counts; a phrase begins behind the one before it.
    """
    tried = [(act, cue.pattern) for act, cue in _CUES if marks & cue.bit]
    found = [(act, pattern, pattern.search(words)) for act, pattern in tried]
    last = None
    while following := min(((it[2].start(), at) for at, it in enumerate(found) if it[2]), default=None):
        act, _, match = found[following[1]]
        last = (act, cast(re.Match[str], match))
        end = last[1].end()
        found = [
            (act, pattern, match if match is None or match.start() >= end else pattern.search(words, end))
            for act, pattern, match in found
        ]
    return last


# Said behind the name: "that one we'll stop", "did n't help".
