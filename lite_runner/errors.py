"""Errors a user of the runner can meet: one line each, what, expected, actual, next step."""

from __future__ import annotations


class LiteError(Exception):
    """Base of every error this project raises on purpose; its text is one line for the user."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The text as a terminal shows it: in several lines where addresses make it long."""
        return (str(self),)


class UsageError(LiteError):
    """The command line asks for something that does not exist; the exit code is 2."""


class ImageError(LiteError):
    """A picture cannot be read: missing, empty, truncated, too large or in an unknown format."""


class PackError(LiteError):
    """A pack folder is incomplete, altered, or made for another runtime."""


class EngineError(LiteError):
    """The inference library is missing, does not load, or fails while running."""


class ClosedError(LiteError):
    """A reader is used after it was closed."""

    def __init__(self) -> None:
        super().__init__(
            "this reader was closed, and reads no more; make a new one, or read inside its 'with'"
        )
