"""WebVTT captions as a transcript: one line for each time somebody begins to speak."""

import html
import re
from collections.abc import Iterator

from app.language.turns import opens_with_label

# The patterns never run over a second "<": time stays linear in what is sent. WebVTT: https://www.w3.org/TR/webvtt1/
_HEADER = re.compile(r"\ufeff?WEBVTT(?=\s|\Z)")
_CUE_TIME = re.compile(r"\s*(?:\d+:)?\d{2}:\d{2}[.,]\d{3}\s*-->")
_VOICE = re.compile(r"<v(?:\.[^ <>]*)?\s+([^<>\s][^<>]*)>")
_MARKUP = re.compile(r"</?[a-z0-9:.][^<>]*>", re.IGNORECASE)


def is_captions(text: str) -> bool:
    """Whether the text opens as every WebVTT file must."""
    return _HEADER.match(text) is not None


def spoken_lines(text: str) -> str:
    """The cues' words, as lines "Speaker: words"; a cue that names nobody goes on the last speaker's line.

    A name stands in a voice tag, or, as Zoom and Teams write it, before a colon at the start of the words.
    """
    lines: list[list[str]] = []
    for cue_line in _cue_lines(text):
        for speaker, words in _by_voice(cue_line):
            if speaker or not lines or opens_with_label(words):
                lines.append([f"{speaker}: {words}" if speaker else words])
            elif words:
                lines[-1].append(words)
    return "\n".join(" ".join(line) for line in lines)


def _cue_lines(text: str) -> Iterator[str]:
    """The lines between a time line and the next empty line; headers, notes and styles stand elsewhere."""
    in_cue = False
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if _CUE_TIME.match(line):
            in_cue = True
        elif not line.strip():
            in_cue = False
        elif in_cue:
            yield line


def _by_voice(line: str) -> Iterator[tuple[str, str]]:
    """The line's words with who says them, "" for whoever spoke before."""
    before, *voices = _VOICE.split(line)
    if words := _words(before):
        yield "", words
    for name, spoken in zip(voices[::2], voices[1::2], strict=True):
        yield _words(name), _words(spoken)


def _words(marked_up: str) -> str:
    return " ".join(html.unescape(_MARKUP.sub("", marked_up)).split())
