"""Reading on a board whose program answers what it should not, or is cut off."""

from __future__ import annotations

import io
import json
import os
import shlex
from pathlib import Path

import pytest
from PIL import Image as Pillow

from cross_build.boards.board import Board
from cross_build.boards.transports.local import Local
from cross_build.deploys import remote_read
from cross_build.errors import BoardError
from cross_build.targets.targets import target
from lite_runner.errors import UsageError
from lite_runner.ocr.results import Result
from lite_runner.pictures.inputs import expand
from lite_runner.pictures.page_range import PageRange

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


def test_an_option_that_an_older_release_does_not_know_is_told(tmp_path, samples) -> None:
    shell = "echo 'ocr: error: unrecognized arguments: --words' >&2; exit 2"
    with pytest.raises(UsageError, match="--words; the release there is older, deploy to this"):
        read(tmp_path, samples, shell)


def test_each_page_is_a_result_under_the_hosts_name(tmp_path) -> None:
    """Also where the name is no UTF-8, which the board does not get to see."""
    name = os.fsencode(tmp_path) + b"/caf\xe9.t\xeff"
    pages = [Pillow.new("RGB", (30, 20), colour) for colour in ("red", "green", "blue")]
    file = io.BytesIO()
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    Path(os.fsdecode(name)).write_bytes(file.getvalue())
    board = Scripted(tmp_path / "board", printed(line(0), line(1)) + '; echo "$@" >&2; exit 1')
    sources = expand([os.fsdecode(name), "missing.png"])
    results = remote_read.read(board, sources, pages=PageRange.parse("1-3"))
    assert [os.fsencode(result["image"]) for result in results] == [name] * 3 + [b"missing.png"]
    assert [result.get("page") for result in results] == [1, 2, 3, None]
    assert lost(results) == [2, 3]
    reason = results[2]["error"]
    assert reason.startswith("was not read: read --json-lines")
    assert [Path(word).name for word in reason.split()[-3:]] == ["00000", "00001", "00002"]
