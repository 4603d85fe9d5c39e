"""What a disk holds after a power cut, by what was done to it before.

A model of file systems, and of worse ones than there are. What was synced is there. Of the rest:

- Lists of names change in the order in which they were changed, and end somewhere. As on ext4, all
  lists together (``journal``), and a sync of anything brings all of them to the disk; or each for
  itself (``apart``), and a sync brings one.
- A file has what it had when it was synced, or what it got afterwards, or half of that; nothing, if
  it never was. Its name may well be there before its content is.
"""

from __future__ import annotations

import os
import random
import stat
from dataclasses import dataclass, field
from pathlib import Path

from tests.power.intercepted import Operation


@dataclass(frozen=True)
class Snapshot:
    """All below a folder at one moment; what is there goes by numbers that are never used again.

    Attributes:
        folders: by number, the names in each with their numbers.
        files: by number, what is in each.
        links: by number, where each leads.
        modes: of files.
    """

    folders: dict[int, dict[str, int]] = field(default_factory=dict)
    files: dict[int, bytes] = field(default_factory=dict)
    links: dict[int, str] = field(default_factory=dict)
    modes: dict[int, int] = field(default_factory=dict)


class Recording:
    """What was done below a folder, operation by operation.

    Args:
        folder: what is there is on the disk.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers: dict[int, int] = {}
        self._last = 0
        #: As it was before each operation.
        self.snapshots: list[Snapshot] = []
        #: Numbers that each operation brought to the disk; None for all.
        self.synced: list[set[int] | None] = []

    def note(self, operation: Operation) -> bool:
        """Look at the folder before an operation; goes on."""
        self._look()
        if operation.kind == "syncfs":
            self.synced.append(None)
        elif operation.kind == "sync":
            self.synced.append({self._numbers[operation.path.lstat().st_ino]})
        else:
            self.synced.append(set())
        return True

    def end(self) -> None:
        """Look at the folder after the last operation."""
        self._look()

    def _look(self) -> None:
        seen = Snapshot()
        before, self._numbers = self._numbers, {}
        self._enter(self._folder, seen, before)
        self.snapshots.append(seen)

    def _enter(self, path: Path, seen: Snapshot, before: dict[int, int]) -> int:
        found = path.lstat()
        if found.st_ino not in self._numbers:
            self._numbers[found.st_ino] = before.get(found.st_ino, self._last + 1)
            self._last = max(self._last, self._numbers[found.st_ino])
        number = self._numbers[found.st_ino]
        if stat.S_ISLNK(found.st_mode):
            seen.links[number] = os.readlink(path)
        elif stat.S_ISDIR(found.st_mode):
            seen.folders[number] = {
                one.name: self._enter(one, seen, before) for one in sorted(path.iterdir())
            }
        else:
            seen.files[number] = path.read_bytes()
            seen.modes[number] = stat.S_IMODE(found.st_mode)
        return number


def cut(recording: Recording, moment: int, journal: bool, chance: random.Random, to: Path) -> None:
    """Write what the disk holds after a power cut.

    Args:
        recording: of what was done.
        moment: the number of the operation before which the power is cut.
        journal: whether lists of names come to the disk together.
        chance: decides what of all that may be there is.
        to: an empty folder.
    """
    top = 1  # the first that was looked at
    _Cut(recording, moment, journal, chance).write(top, to)


class _Cut:
    def __init__(
        self, recording: Recording, moment: int, journal: bool, chance: random.Random
    ) -> None:
        self._recording = recording
        self._moment = moment
        self._journal = journal
        self._chance = chance
        self._together = self._moment_of(None)

    def write(self, number: int, place: Path) -> None:
        """Write what a folder's list of names holds."""
        moment = self._together if self._journal else self._moment_of(number)
        snapshot = self._recording.snapshots[moment]
        for name, one in snapshot.folders.get(number, {}).items():
            path = place / name
            if one in snapshot.links:
                path.symlink_to(snapshot.links[one])
            elif one in snapshot.folders:
                path.mkdir()
                self.write(one, path)
            else:
                path.write_bytes(self._content(one))
                path.chmod(self._mode(one))

    def _moment_of(self, number: int | None) -> int:
        """When a list of names was as it is on the disk; None for all together."""
        return self._chance.randint(self._synced(number), self._moment)

    def _synced(self, number: int | None) -> int:
        """The last moment before the cut at which something came to the disk."""
        synced = self._recording.synced[: self._moment]
        for moment in reversed(range(len(synced))):
            numbers = synced[moment]
            if numbers is None or (numbers if number is None else number in numbers):
                return moment
        return 0

    def _content(self, number: int) -> bytes:
        snapshots = self._recording.snapshots
        synced = snapshots[self._synced(number)].files.get(number, b"")
        later = [one.files[number] for one in snapshots[: self._moment + 1] if number in one.files]
        newest = later[-1] if later else synced
        if newest == synced:
            return synced
        return self._chance.choice([synced, newest, newest[: len(newest) // 2]])

    def _mode(self, number: int) -> int:
        start = self._synced(number)
        known = self._recording.snapshots[start : self._moment + 1]
        return self._chance.choice([one.modes[number] for one in known if number in one.modes])
