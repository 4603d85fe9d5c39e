"""What a program wrote, or how it ended, in one line."""

from __future__ import annotations

from typing import Sequence


def last_line(text: str, *words: str) -> str:
    """The last line that is not blank, of those with any of ``words`` if there are such."""
    return next(iter(_lines(text, words)[::-1]), "")


def first_line(text: str, *words: str) -> str:
    """The first line that is not blank, of those with any of ``words`` if there are such."""
    return next(iter(_lines(text, words)), "")


def ended(code: int) -> str:
    """How a program without a last word ended.

    Args:
        code: exit code; negative: the signal that ended it.
    """
    return f"ended by signal {-code}" if code < 0 else f"exit code {code}"


def _lines(text: str, words: Sequence[str]) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [line for line in lines if any(word in line for word in words)] or lines
