"""Boards whose power is cut, on a model of their disk: they run; the next deploy repairs them."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from tests.power import disk, intercepted
from tests.power.board import Step, verdict

#: Names how often each test of this file shall cut, for runs by hand.
VARIABLE = "LITE_OCR_CUTS"
_CUTS = int(os.environ.get(VARIABLE, "40"))
#: Of these, so many are made after the last operation: most come when all is done.
_AFTERWARDS = 10


@pytest.mark.timeout(600 + _CUTS)
def test_a_board_survives_a_cut_at_any_moment(step: Step, fast: Path, preloaded: Path) -> None:
    folder = fast / "work" / "disk"
    folder.mkdir(parents=True)
    step.before(folder / "board")
    recording = disk.Recording(folder)
    command = step.command(folder / "board")
    assert intercepted.run(command, folder, preloaded, recording.note, step.old) == 0
    recording.end()
    broken = {}
    last = len(recording.synced)
    for number in range(_CUTS):
        chance = random.Random(f"{step.name} {number}")  # noqa: S311 (to be the same each time)
        moment = last if number < _AFTERWARDS else chance.randrange(last)
        after = fast / "after"
        after.mkdir()
        journal = number % 2 == 0
        disk.cut(recording, moment, journal, chance, after)
        wrong = verdict(step, after / "board", ended=moment == last)
        if wrong:
            broken[f"before {moment} of {last}, journal={journal}"] = wrong
        shutil.rmtree(after)
    print(f"{step.name}: cut {_CUTS} times, {len(broken)} broken")
    assert not broken
