"""Errors of getting and converting models; one line each, like the runner's."""

from __future__ import annotations

from typing import Sequence

from lite_runner.errors import LiteError, UsageError


class CacheError(LiteError):
    """The cache folder cannot be written or is full."""


class FetchError(LiteError):
    """A file could not be had, or is not the one that was expected.

    Args:
        problem: what, where and why.
        advice: what to do; printed once where several sources were tried in vain.
        lines: the same for a terminal, without what was printed before.
    """

    def __init__(self, problem: str, advice: str = "", lines: Sequence[str] = ()) -> None:
        super().__init__(f"{problem}; {advice}" if advice else problem)
        self.problem = problem
        self.advice = advice
        self._lines = tuple(lines)

    @property
    def lines(self) -> tuple[str, ...]:
        return self._lines or super().lines


class ChangedError(FetchError):
    """A published file is another one than it was when its checksum was recorded."""


class OptError(LiteError):
    """Paddle-Lite's optimiser is missing or did not convert a model."""


class CatalogError(UsageError):
    """A model or pack is not in the catalog."""
