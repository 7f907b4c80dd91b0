"""What makes two texts the same, or nearly so, to the embedding cache: a digest, and a SimHash of the word runs."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

# In a shorter text a single word can turn the vector too far (docs/decisions/0011-embedding-cache.md).
FEWEST_WORDS = 400
_RUN = 3
# An odd number has an inverse modulo 2**64, so that a run's hash does not depend on where in the text it stands.
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 2**64)
_SPACE = ord(" ")
_BITS = 64
# A text of usual length needs no powers of its own.
_USUAL_BYTES = 32_768
Hashes = np.ndarray[Any, np.dtype[np.uint64]]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """SHA-256 of a text, its number of words, and its SimHash (64 bits), None for a text too short to have one."""

    digest: bytes
    words: int
    simhash: int | None


def normalised(text: str) -> str:
    """The text with every run of white space, line ends included, as one space; this is also what is embedded."""
    return " ".join(text.split())


def fingerprint_of(text: str) -> Fingerprint:
    """Of a normalised text."""
    told = text.encode(errors="surrogatepass")
    words = told.count(b" ") + 1
    return Fingerprint(hashlib.sha256(told).digest(), words, _simhash(told) if words >= FEWEST_WORDS else None)


def _simhash(told: bytes) -> int:
    """SimHash (Charikar, STOC 2002): each bit is what most hashes of the runs of three words have in that place."""
    hashes = _mixed(_run_hashes(told))
    return int.from_bytes(np.packbits(_ones(hashes) * 2 > len(hashes)).tobytes())


def _ones(hashes: Hashes) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """How many hashes have each bit: counted eight bytes at once, 255 hashes at a time since a byte holds no more."""
    eights = np.unpackbits(hashes.view(np.uint8)).view(np.uint64).reshape(-1, _BITS // 8)
    counts = np.add.reduceat(eights, np.arange(0, len(eights), 255), axis=0).view(np.uint8)
    ones: np.ndarray[Any, np.dtype[np.uint32]] = counts.reshape(-1, _BITS).sum(axis=0, dtype=np.uint32)
    return ones


def _run_hashes(told: bytes) -> Hashes:
    """Polynomial hashes of all runs at once, as differences of one cumulative sum (Karp and Rabin, 1987)."""
    letters = np.frombuffer(b" %b " % told, np.uint8)
    powers, inverses = _FIRST if len(letters) <= _USUAL_BYTES else _powers(len(letters))
    sums = np.cumsum(letters * powers[: len(letters)])
    spaces = np.flatnonzero(letters == _SPACE)
    before, after = spaces[:-_RUN], spaces[_RUN:]
    hashes: Hashes = (sums[after - 1] - sums[before]) * inverses[before + 1]
    return hashes


def _powers(number: int) -> tuple[Hashes, Hashes]:
    """The first powers of the base and of its inverse."""
    factors = np.array([[_BASE], [_INVERSE]], np.uint64).repeat(number, axis=1)
    factors[:, 0] = 1
    powers, inverses = np.cumprod(factors, axis=1)
    return powers, inverses


_FIRST = _powers(_USUAL_BYTES)


def _mixed(hashes: Hashes) -> Hashes:
    """Spreads each hash over all of its bits, in place (splitmix64's finalizer: Steele and others, OOPSLA 2014)."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        hashes ^= hashes >> shift
        hashes *= factor
    hashes ^= hashes >> 31
    return hashes
