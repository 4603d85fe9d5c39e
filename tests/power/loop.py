"""A small disk in a file, with ext4 as ``mkfs.ext4`` makes it, whose power can be cut."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path
from typing import Iterator

_SIZE = "16M"


class LoopError(Exception):
    """This computer lets nobody, or not this user, mount a file."""


class Disk:
    """A mounted disk.

    Attributes:
        folder: where it is mounted.
    """

    def __init__(self, image: Path, folder: Path) -> None:
        self._image = image
        self.folder = folder

    def commit(self) -> None:
        """Let another program sync a file of its own, by which ext4's journal comes to the disk.

        Names that were given are there afterwards. Content that was not synced is not.
        """
        with (self.folder / "bystander").open("a") as file:
            file.write("-")
            file.flush()
            os.fsync(file.fileno())

    @contextlib.contextmanager
    def cut(self, place: Path) -> Iterator[Path]:
        """What is on the disk if the power is cut now, mounted in a folder beside ``place``.

        What waits in this computer's memory to be written there is not on it.
        """
        copy = place.with_suffix(".img")
        _run("cp", "--sparse=always", str(self._image), str(copy))
        try:
            with _mounted(copy, place) as folder:
                yield folder
        finally:
            copy.unlink()


@contextlib.contextmanager
def disk(place: Path) -> Iterator[Disk]:
    """A new disk; ``place`` names its file and its folder.

    Raises:
        LoopError: there is no way to have one here.
    """
    image = place.with_suffix(".img")
    _run("truncate", "--size", _SIZE, str(image))
    _run("mkfs.ext4", "-q", str(image))
    with _mounted(image, place) as folder:
        yield Disk(image, folder)


@contextlib.contextmanager
def _mounted(image: Path, folder: Path) -> Iterator[Path]:
    folder.mkdir()
    _run("mount", "-o", "loop", str(image), str(folder))
    try:
        yield folder
    finally:
        _run("umount", str(folder))
        folder.rmdir()


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except OSError as error:
        raise LoopError(f"{command[0]}: {error.strerror}") from error
    except subprocess.CalledProcessError as error:
        raise LoopError(f"{command[0]}: {error.stderr.strip()}") from error
