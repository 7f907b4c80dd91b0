"""Finds how a medicine gets into the body: "by mouth", "in each eye", "subcutaneously"."""

import re
from typing import NamedTuple

from app.language.phrases import Phrases, words
from app.language.speech import VALUES, Speech, speech_of

# Route -> how it is said. An injection whose place is not said is just an injection.
_ROUTES = {
    "oral": r"by mouth|orally|per os|p\.?o\b\.?|p o|swish and (?:swallow|spit)|"
    r"swallow(?:ed|ing)?(?! (?:prob|diff|pain))|oral(?= (?:tablet|suspension|solution|steroid|medication|"
    r"antibiotic)s?)",
    "sublingual": r"under (?:your|the) tongue|sublingual(?:ly)?",
    "inhaled": r"inhaled|inhal(?:e|ing)(?= (?:it|the|this|one|two))|by inhaler|nebuli[sz](?:ed|er)|"
    r"breathing treatments?",
    "nasal": r"intranasal(?:ly)?|nasal(?:ly)?(?= (?:spray|steroid))|nasal sprays?|(?:per|each) nostril|"
    r"(?:in|up) (?:each|your|the|one|both) (?:nose|nostrils?)",
    "ophthalmic": r"in(?:to)? (?:each|your|the|both|either|one|the affected) eyes?|eye ?drops?|ophthalmic|eye ointment",
    "otic": r"in(?:to)? (?:each|your|the|both|either|one|the affected) ears?|ear ?drops?|otic",
    "topical": r"topical(?:ly)?|(?:to|on|onto|over) (?:the|your) (?:skin|scalp|face|rash|affected areas?)|"
    r"rub (?:it|this|that) (?:in|on)|apply (?:it|this|that|the|some|a)",
    "transdermal": r"transdermal(?:ly)?",
    "subcutaneous": r"subcutaneous(?:ly)?|sub-?q|sub q|subcut|s\.c\.|under (?:the|your) skin",
    "intramuscular": r"intramuscular(?:ly)?|i\.m\.|into (?:the|your) muscle",
    "intravenous": r"intravenous(?:ly)?|i\.v\.|iv|i v|by drip|through (?:a|the|your) (?:vein|drip)",
    "intra-articular": r"intra-?articular(?:ly)?|"
    r"in(?:to)? (?:the|your) (?:knee|shoulder|hip|joint)(?= joint| with| injection)",
    "injection": r"(?:by )?injections?|inject(?:ed|ing)?",
    "rectal": r"rectal(?:ly)?(?! (?:exam|bleed))|suppositor(?:y|ies)|per rectum|p\.r\.|enemas?",
    "vaginal": r"vaginal(?:ly)?(?= (?:cream|pessar|ring|gel|tablet|estrogen))|vaginally|pessar(?:y|ies)",
}
# Words that one of them can open with.
_OPENINGS = words(
    """
    by orally per p po swish swallow swallowed swallowing oral under sublingual sublingually inhaled inhale
    inhaling nebulised nebulized nebuliser nebulizer breathing intranasal intranasally nasal nasally each in
    into up eye eyedrop eyedrops ophthalmic ear eardrop eardrops otic topical topically to on onto over rub
    apply transdermal transdermally subcutaneous subcutaneously subq sub subcut s intramuscular intramuscularly
    i intravenous intravenously iv through intra intraarticular intraarticularly injection injections inject
    injected injecting rectal rectally suppository suppositories enema enemas vaginal vaginally pessary
    pessaries
    """
)
_ROUTE = VALUES.add(
    re.compile(rf"\b(?:{'|'.join(f'(?:{said})(?P<r{at}>)' for at, said in enumerate(_ROUTES.values()))})(?!\w)")
)
_PHRASES = Phrases(_ROUTE, _OPENINGS)
_NAMES = list(_ROUTES)


class Route(NamedTuple):
    """A route said at `text[start:end]`; `name` is "oral", "topical", "inhaled", "subcutaneous" ..."""

    start: int
    end: int
    name: str


def find_routes(text: str | Speech) -> list[Route]:
    """Routes in order, offsets in code points."""
    return [
        Route(match.start(), match.end(), _NAMES[int(str(match.lastgroup)[1:])])
        for match in _PHRASES.find(speech_of(text))
    ]
