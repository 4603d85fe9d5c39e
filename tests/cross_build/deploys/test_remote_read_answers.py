"""Reading on a board whose program answers what it should not, or is cut off."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from cross_build.boards.board import Board
from cross_build.boards.transports.local import Local
from cross_build.deploys import remote_read
from cross_build.errors import BoardError
from cross_build.targets.targets import target
from lite_runner.ocr.report import Result
from lite_runner.pictures.inputs import expand

#: Of each picture, when all goes well.
WHOLE = {
    "width": 8,
    "height": 8,
    "lines": [],
    "seconds": {"detect": 0.1, "classify": 0, "recognise": 0, "total": 0.1},
}


def line(number: int) -> str:
    return json.dumps({"image": f"/x/{number:05d}.png", **WHOLE})


class Scripted(Board):
    """A board whose program answers what a test says; its inbox is a real one."""

    def __init__(self, root: Path, shell: str) -> None:
        super().__init__(target("local"), Local(root))
        root.mkdir()
        (root / "ocr").write_text(f"#!/bin/sh\n{shell}\n")
        (root / "ocr").chmod(0o755)

    def release(self, command: str, *arguments: str, stdin: str = "") -> object:
        found = super().release(command, *arguments, stdin=stdin)
        return {**found, "current": "r1", "intact": True} if command == "status" else found


def read(tmp_path: Path, samples: Path, shell: str) -> list[Result]:
    board = Scripted(tmp_path / "board", shell)
    pictures = expand([str(samples / "shop_sign.jpg"), str(samples / "small_print.png")] * 2)
    try:
        return remote_read.read(board, pictures)
    finally:
        assert list((tmp_path / "board" / "inbox").iterdir()) == []


def printed(*lines: str) -> str:
    return f"printf %s {shlex.quote(chr(10).join(lines))}"


def lost(results: list[Result]) -> list[int]:
    return [number for number, result in enumerate(results) if "error" in result]


@pytest.mark.parametrize("size", [1, 20, -1])
def test_a_cut_line_loses_its_picture_only(tmp_path, samples, size) -> None:
    shell = printed(line(0), line(1), line(2), line(3)[:size]) + "; kill -9 $$"
    results = read(tmp_path, samples, shell)
    assert lost(results) == [3]
    assert results[3]["error"].startswith("was not read: local: result of a picture: its answer is")


def test_pictures_that_no_line_came_of_are_told(tmp_path, samples) -> None:
    results = read(tmp_path, samples, printed(line(1)) + "; echo 'no memory left' >&2; exit 1")
    assert lost(results) == [0, 2, 3]
    assert {results[number]["error"] for number in (0, 2, 3)} == {"was not read: no memory left"}


def test_lines_of_others_are_passed_over(tmp_path, samples) -> None:
    lines = ["garbage", line(2), line(2), line(77), "{}", line(0), line(1), line(3)]
    results = read(tmp_path, samples, printed(*lines))
    assert lost(results) == []
    assert len(results) == 4


def test_no_answer_at_all_is_a_failure(tmp_path, samples) -> None:
    with pytest.raises(BoardError, match="local: reading failed: no such model"):
        read(tmp_path, samples, "echo 'no such model' >&2; exit 1")
