"""Errors of boards and deploys; one line each, like the runner's."""

from __future__ import annotations

from lite_runner.errors import LiteError, UsageError


class TargetError(UsageError):
    """There is no such kind of board."""


class BoardError(LiteError):
    """A board cannot be reached, is not what its target says, or refuses a command."""


class UnreachableError(BoardError):
    """A board does not answer, does not let the user in, or the connection to it was lost."""


class DeployError(LiteError):
    """A deploy did not come to its end; the release that was in use still is."""


class InstructionsError(LiteError):
    """Something to count instructions with is missing, or what is counted failed."""


class ReportError(LiteError):
    """A benchmark's result cannot be read or kept, or two of them cannot be compared."""
