"""The release manager, killed before each operation on files: the next deploy repairs all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.power import intercepted
from tests.power.board import Step, verdict
from tests.power.conftest import STEPS
from tests.power.intercepted import Operation


class Killer:
    """Lets so many operations be done, and none after them."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.last = ""

    def __call__(self, operation: Operation) -> bool:
        self.left -= 1
        self.last = f"{operation.kind} {operation.path}"
        return self.left >= 0


@pytest.mark.parametrize("step", sorted({*STEPS} - {"deploy of many files"}), indirect=True)
def test_killed_before_any_operation_the_next_deploy_repairs_all(
    step: Step, fast: Path, preloaded: Path
) -> None:
    before, disk = fast / "before", fast / "work" / "disk"
    before.mkdir()
    step.before(before / "board")
    broken = {}
    count, code = 0, -9
    while code != 0:
        shutil.copytree(before, disk, symlinks=True)
        killer = Killer(count)
        command = step.command(disk / "board")
        code = intercepted.run(command, disk, preloaded, killer, step.old)
        wrong = verdict(step, disk / "board", ended=code == 0)
        if wrong:
            broken[f"{count} {killer.last}"] = wrong
        shutil.rmtree(disk)
        count += 1
    print(f"{step.name}: killed {count - 1} times, {len(broken)} broken")
    assert not broken
    assert count > 2
