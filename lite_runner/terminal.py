"""Text for a terminal, without control characters from file names, boards or pictures.

Escaped are C0 and C1 controls (ECMA-48), U+2028 and U+2029, which begin a line, the embeddings,
overrides and isolates of the Unicode bidirectional algorithm (UAX #9), which reorder what stands
around them, and lone surrogates, by which Python spells bytes that are no UTF-8. Text in any script
stays as it is: Arabic and Hebrew need none of these, and the joiners and selectors of emoji and the
marks U+200E, U+200F and U+061C move nothing but their own neighbours.
"""

from __future__ import annotations

import re
import shutil
import sys
from typing import Iterable, Match, TextIO

_UNSAFE = r"\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_IN_LINE = re.compile(rf"[\x00-\x1f{_UNSAFE}]")
_IN_TEXT = re.compile(rf"[\x00-\x08\x0b-\x1f{_UNSAFE}]")


def visible(text: str) -> str:
    r"""Text within one line, with ``\x1b`` for an escape character; line feeds and tabs, too."""
    return _IN_LINE.sub(_spelled, text)


def columns() -> int | None:
    """How wide standard output is; None where it is no terminal, and lines may be of any length."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def visible_text(text: str) -> str:
    """The same of several lines: line feeds and tabs stay."""
    return _IN_TEXT.sub(_spelled, text)


def json_escaped(text: str) -> str:
    r"""JSON without such characters: with ``\u009b`` for them, which is the same value."""
    return _IN_TEXT.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def protect() -> None:
    """From now on, what is printed shows such characters instead of sending them."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None:
            setattr(sys, name, _Protected(raw(stream)))


def release() -> None:
    """Undo :func:`protect`."""
    sys.stdout, sys.stderr = raw(sys.stdout), raw(sys.stderr)


def raw(stream: TextIO) -> TextIO:
    """The stream behind a protected one, for JSON, progress bars and programs of others."""
    behind: object = stream
    return behind.stream if isinstance(behind, _Protected) else stream


class _Protected:
    """A stream whose text is made visible, but for line feeds and tabs."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        self.stream.write(visible_text(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> object:
        value: object = getattr(self.stream, name)
        return value


def _spelled(match: Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
