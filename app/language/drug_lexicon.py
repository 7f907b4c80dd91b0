"""The names of medicines that are known: the dictionary of an installed wheel, and lists of our own beside it."""

import bz2
import pickle
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from ahocorasick_rs import AhoCorasick

Kind = Literal["medicine", "class", "supplement"]

# Looked up as a whole, and the only words that can be misheard names.
LONG_WORD = re.compile(r"[a-z]{7,}")

_HERE = Path(__file__).parent

# What of the dictionary can be said in a visit: one word of five letters or more that is no enzyme, protein or poison.
_SAYABLE = re.compile(r"[a-z]{5,}(?:-[a-z]+)?")
_BIOCHEMICAL = re.compile(r".*(?:ases?|globulins?|toxins?|proteins?|ogens?|cytes?|somes?|kines?|peptides?)")
# The dictionary names a chemical class in the plural ("nitrates"); a single medicine that ends in s ends in -us or -is.
_PLURAL = re.compile(r".*[^uis]s")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What each name means (canonical name, kind), and how to find it.

    Long words are looked up one by one; all other names, one in eight, are `scanned` for by the automaton, which gives
    their index there: the fewer it knows, the sooner it is back in the processor's cache. `common`, by first letter and
    length, are what a misheard word is compared with; `ordinary` words mean themselves.
    """

    meanings: dict[str, tuple[str, Kind]]
    scanned: list[str]
    automaton: Any
    common: dict[tuple[str, int], list[str]]
    ordinary: frozenset[str]


@cache
def lexicon() -> Lexicon:
    """Loaded at first use, about a quarter of a second; kept for the life of the process."""
    own = dict(_own_names())
    not_drugs = _words("not_drugs.txt")
    meanings: dict[str, tuple[str, Kind]] = {
        name: (canonical, "medicine") for name, canonical in _dictionary() if name not in not_drugs
    }
    meanings.update(own)
    scanned = sorted(name for name in meanings if not LONG_WORD.fullmatch(name))
    common: dict[tuple[str, int], list[str]] = {}
    for name, (_, kind) in own.items():
        if kind == "medicine" and len(name) >= 7 and name.isalpha():
            common.setdefault((name[0], len(name)), []).append(name)
    automaton = AhoCorasick(scanned, store_patterns=False)
    return Lexicon(meanings, scanned, automaton, common, _words("not_misheard.txt"))


def _is_sayable(name: str, canonical: str) -> bool:
    return bool(_SAYABLE.fullmatch(name)) and not _BIOCHEMICAL.fullmatch(name) and not _PLURAL.fullmatch(canonical)


def _own_names() -> Iterator[tuple[str, tuple[str, Kind]]]:
    kind: Kind = "medicine"
    for line in _lines("drug_names.txt"):
        if line.startswith("["):
            kind = cast(Kind, line.strip("[]"))
            continue
        canonical, _, others = line.partition(":")
        for name in [canonical, *others.split(",")]:
            if name.strip():
                yield name.strip(), (canonical, kind)


@cache
def members(drug_class: str) -> re.Pattern[str]:
    """A pattern that matches the canonical names of the medicines of a class; of an unknown class, none."""
    classes = dict(line.split(":", 1) for line in _lines("drug_classes.txt"))
    names = [
        re.escape(name.strip()).replace(r"\*", "[a-z/]*")
        for name in classes.get(drug_class, "").split(",")
        if name.strip()
    ]
    return re.compile("|".join(names) or r"(?!)")


def _words(file: str) -> frozenset[str]:
    return frozenset(word for line in _lines(file) for word in line.split())


def _lines(file: str) -> list[str]:
    lines = (_HERE / file).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _dictionary() -> list[tuple[str, str]]:
    """Sayable and canonical names of the wheel `drug-named-entity-recognition`; importing it would cost a second."""
    spec = find_spec("drug_named_entity_recognition")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("drug_named_entity_recognition is not installed")
    with bz2.open(Path(spec.origin).with_name("drug_ner_dictionary.pkl.bz2")) as file:
        maps = pickle.loads(_first_map(cast(BinaryIO, file)))  # noqa: S301 (the file of an installed, pinned wheel)
    sayable = (
        (name, canonicals[0])
        for name, canonicals in maps.pop("drug_variant_to_canonical").items()
        if _is_sayable(name, canonicals[0])
    )
    # Through one long string, so that the memory of all the names goes back before the quarter kept is made anew.
    packed = "\n".join(map("\t".join, sayable))
    del maps, sayable
    return [(name, canonical) for name, _, canonical in (line.partition("\t") for line in packed.splitlines())]


def _first_map(file: BinaryIO) -> bytes:
    """The pickle cut off behind the first of its three maps and closed there, which halves time and memory.

    A pickle of protocol 4 is a chain of frames: the byte 0x95, eight bytes of length, the opcodes. The second map's key
    is a short string: the byte 0x8c, its length, its letters. With "u" (fill the map) and "." (stop) it is whole.
    """
    opcodes = [file.read(2)]
    second_key = b"\x8c\x16drug_canonical_to_data"
    while file.read(1) == b"\x95":
        frame = file.read(int.from_bytes(file.read(8), "little"))
        opcodes.append(frame.partition(second_key)[0])
        if second_key in frame:
            break
    return b"".join(opcodes) + b"u."
