"""Paths as users write them, with ``~`` for a home folder."""

from __future__ import annotations

from pathlib import Path

from lite_runner.errors import LiteError


def user_path(text: str | Path, origin: str) -> Path:
    """A path in which ``~`` and ``~NAME`` are home folders.

    Args:
        text: as the user wrote it.
        origin: the variable or option that it is of, for errors.

    Raises:
        LiteError: there is no such user, or none whose home is known.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise LiteError(
            f"{origin}: {text} begins with the home of a user that this system does not know;"
            " write the folder out"
        ) from error
