"""Boards whose power is cut, on a real ext4: they run, and the next deploy repairs them."""

from __future__ import annotations

import contextlib
import os
import random
from pathlib import Path
from typing import Iterator

import pytest

from tests.power import intercepted, loop
from tests.power.board import Step, verdict
from tests.power.conftest import OLD, STEPS
from tests.power.intercepted import Operation
from tests.power.loop import Disk, LoopError
from tests.power.test_power_cut import VARIABLE

#: Of each step; a third of them after the last operation.
_CUTS = int(os.environ.get(VARIABLE, "36"))


class Cutter:
    """Looks at what a disk would hold, while a program waits before an operation.

    Args:
        step: that the program does.
        disk: that it does it to.
        place: for what is looked at.
        moments: operations before which it is done, by their number.
    """

    def __init__(self, step: Step, disk: Disk, place: Path, moments: set[int]) -> None:
        self._step = step
        self._disk = disk
        self._place = place
        self._moments = moments
        self._chance = random.Random(step.name)  # noqa: S311 (to be the same each time)
        self._number = 0
        self.cuts = 0
        self.broken: list[str] = []

    def __call__(self, operation: Operation) -> bool:
        if self._number in self._moments:
            self.cut(f"{self._number} {operation.kind} {operation.path}", ended=False)
        self._number += 1
        return True

    def cut(self, when: str, ended: bool) -> None:
        """Look at a disk whose power is cut now."""
        if self._chance.random() < 0.7:
            self._disk.commit()
        with self._disk.cut(self._place) as folder:
            wrong = verdict(self._step, folder / "board", ended)
        self.cuts += 1
        if wrong:
            self.broken.append(f"{when}: {wrong}")


@pytest.fixture
def disk(fast: Path) -> Iterator[Disk]:
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(loop.disk(fast / "disk"))
        except LoopError as error:
            pytest.skip(f"no disk in a file: {error}")
        yield made


def operations(step: Step, folder: Path, preloaded: Path) -> int:
    """How many operations a step takes."""
    seen: list[Operation] = []
    (folder / "disk").mkdir(parents=True)
    root = folder / "disk" / "board"
    step.before(root)
    intercepted.run(
        step.command(root), root.parent, preloaded, lambda one: seen.append(one) is None
    )
    return len(seen)


@pytest.mark.timeout(600 + 2 * _CUTS)
@pytest.mark.parametrize("step", [one for one in STEPS if not one.endswith(OLD)], indirect=True)
def test_a_board_survives_a_cut_at_any_moment(
    step: Step, disk: Disk, fast: Path, preloaded: Path
) -> None:
    step.before(disk.folder / "board")
    count = operations(step, fast / "counted", preloaded)
    chosen = random.Random(step.name).sample(range(count), min(count, _CUTS * 2 // 3))  # noqa: S311
    cutter = Cutter(step, disk, fast / "after", set(chosen))
    command = step.command(disk.folder / "board")
    assert intercepted.run(command, disk.folder, preloaded, cutter) == 0
    while cutter.cuts < _CUTS:
        cutter.cut("at the end", ended=True)
    print(f"{step.name}: cut {cutter.cuts} times, {len(cutter.broken)} broken")
    assert not cutter.broken
