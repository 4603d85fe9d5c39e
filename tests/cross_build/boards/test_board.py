"""What is told of a board before anything is sent there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Callable

import pytest

from cross_build.boards.board import Board
from cross_build.boards.transports.local import Local
from cross_build.errors import BoardError
from cross_build.targets.targets import target
from lite_runner.releases import probe

Disk = Callable[[str], Path]


@pytest.fixture
def noexec(disk: Disk) -> Path:
    """A disk whose programs cannot be run."""
    return disk("1m,noexec")


def test_a_folder_that_runs_no_programs_is_told(noexec: Path) -> None:
    folder = noexec / "not there yet" / "releases"
    board = Board(target("local"), Local(folder), sys.executable)
    with pytest.raises(BoardError) as caught:
        board.probe()
    assert str(caught.value) == (
        f"local: no program can run in {folder}: {noexec} is mounted 'noexec'; give another folder"
        f" with --folder, or run there 'sudo mount -o remount,exec {noexec}'"
    )
    assert not folder.parent.exists()
    assert probe.noexec(str(noexec.parent)) == ""
