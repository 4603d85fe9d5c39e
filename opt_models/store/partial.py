"""Partial downloads: what has come of a file, and a note of what it shall become.

A partial file is ``NAME.part`` until its content is known to be right. ``NAME.part.json`` beside it
is its note, so that bytes of two files are never put together.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from opt_models.errors import CacheError, FetchError
from opt_models.store import cache, config
from opt_models.wording import amount

#: Bytes that a file may have: no model comes near, an endless answer does not fill the disk.
LARGEST = 4 << 30


@dataclass(frozen=True)
class Note:
    """What a partial file is the beginning of.

    Attributes:
        url: where it comes from, without password.
        validator: ETag or date by which the server knows that the file is still the same.
        total: size of the whole file in bytes.
    """

    url: str
    validator: str | None
    total: int | None


@dataclass(frozen=True)
class PartialFile:
    """The files of a download that is not complete.

    Attributes:
        final: its place once it is whole and right.
    """

    final: Path

    @property
    def name(self) -> str:
        """Of the file once it is there."""
        return self.final.name

    @property
    def path(self) -> Path:
        """Of what has come."""
        return self.final.with_name(f"{self.name}.part")

    @property
    def note(self) -> Path:
        """Of the note."""
        return self.final.with_name(f"{self.name}.part.json")

    def discard(self) -> None:
        """Remove what has come."""
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def write_note(self, note: Note) -> None:
        """Say what the partial file is the beginning of.

        Raises:
            CacheError: the cache cannot be written.
        """
        cache.write(self.note, json.dumps(asdict(note)))

    def read_note(self, url: str) -> Note | None:
        """What the partial file is the beginning of, if it is of that URL."""
        try:
            note = Note(**json.loads(self.note.read_text(encoding="utf-8")))
            size = self.path.stat().st_size
        except (OSError, ValueError, TypeError):
            return None
        sound = isinstance(note.total, (int, type(None))) and isinstance(
            note.validator, (str, type(None))
        )
        fits = sound and (note.total is None or size <= note.total)
        return note if fits and note.url == config.public(url) else None

    def check_room(self, size: int) -> None:
        """Make sure that the cache has room for so many bytes more.

        Raises:
            CacheError: it has not.
        """
        free = shutil.disk_usage(self.path.parent).free
        if size > free:
            raise CacheError(
                f"{self.path.parent}: {self.name} needs {amount(size)}, {amount(free)} are free;"
                f" {cache.ADVICE}"
            )


def check_size(size: int) -> None:
    """Make sure that a file may have so many bytes.

    Raises:
        FetchError: it is larger than :data:`LARGEST`.
    """
    if size > LARGEST:
        raise FetchError(f"has {amount(size)}, more than the {amount(LARGEST)} a model may have")
