"""The tasks as a user meets them: ``invoke ...`` in a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cross_build.board import Board

ROOT = Path(__file__).parent.parent
INVOKE = [sys.executable, "-m", "invoke"]


@pytest.fixture
def environment(board: Board) -> dict[str, str]:
    """Tasks find the tests' own board."""
    return {**os.environ, "LITE_OCR_HOME": str(Path(board.transport.root).parent)}


def invoke(environment: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*INVOKE, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def one_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.startswith("invoke: ")]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


def test_the_list_explains_every_task() -> None:
    listed = subprocess.run([*INVOKE, "--list"], cwd=ROOT, capture_output=True, text=True).stdout
    for name in ("demo", "deploy", "doctor", "lint", "read", "rollback", "test"):
        assert re.search(rf"^  {name}  +\w+", listed, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["deploy", "--target", "nope"],
            "there is no target 'nope'; known targets: local, armv8, armv7hf",
        ),
        (["deploy", "--target", "armv8"], "armv8: packs can be made for it"),
        (["deploy", "--pack", "nope"], "there is no pack 'nope'; 'invoke models.packs' lists all"),
        (["models", "--task", "x"], "there is no task 'x'; known: detection"),
        (["models.show", "nope"], "there is no model 'nope'"),
        (
            ["models.fetch", "ch_PP-OCRv4_det", "--kind", "slim"],
            "is not offered as 'slim'; offered",
        ),
        (["models.fetch", "ch_PP-OCRv4_det", "--models", "/no"], "--models /no: there is no such"),
        (["pack", "nope"], "there is no pack 'nope'"),
        (["pack", "v4-mobile", "--target", "nope"], "there is no target 'nope'"),
        (["pack", "v4-mobile", "--precision", "int4"], "'int4' is not one of fp32, fp16, int8"),
        (["pack", "v4-mobile", "--precision", "fp16"], "Paddle-Lite computes in fp16 on ARM only"),
        (["pack", "v4-mobile", "--published"], "is not offered as 'slim'"),
        (["pack", "--det", "x"], "--rec and --name and --dict must be given too"),
        (["pack", "--rec", "x", "--name", "y"], "--det and --dict must be given too"),
        (
            ["read", "samples", "--batch", "0"],
            "argument --batch: '0' is not a whole number",
        ),
    ],
)
def test_wrong_usage_is_one_line_and_ends_with_two(environment, arguments, words) -> None:
    run = invoke(environment, *arguments)
    assert run.returncode == 2
    assert words in one_line(run.stderr)


def test_debug_shows_where_an_error_comes_from(environment) -> None:
    run = invoke(environment, "deploy", "--target", "nope", "--debug")
    assert run.returncode != 0
    assert "Traceback" in run.stderr


def test_json_on_standard_output_is_nothing_but_json(environment, board) -> None:
    golden = board.path("current", "pack", "golden.png")
    run = invoke(environment, "read", golden, "--json", "-")
    assert run.returncode == 0
    (result,) = json.loads(run.stdout)
    assert result.keys() == {"image", "width", "height", "lines", "seconds"}
    assert result["seconds"].keys() == {"detect", "classify", "recognise", "total"}
    for line in result["lines"]:
        assert line.keys() == {"text", "score", "box", "angle"}


@pytest.mark.parametrize("argument", ["nowhere.jpg", "nothing*.png"])
def test_pictures_that_are_not_there_end_with_one(environment, argument) -> None:
    run = invoke(environment, "read", argument)
    assert run.returncode == 1
    assert run.stdout.startswith(f"{argument}: ")
    assert run.stderr == ""


def test_an_unwritable_cache_is_one_line(environment) -> None:
    run = invoke({**environment, "LITE_OCR_CACHE": "/proc/cache"}, "deploy")
    assert run.returncode == 1
    assert "/proc/cache" in one_line(run.stderr)
    assert "LITE_OCR_CACHE" in one_line(run.stderr)


def test_a_full_disk_while_building_is_one_line_and_leaves_nothing(environment, disk) -> None:
    place = disk("8m")
    run = invoke({**environment, "LITE_OCR_CACHE": str(place / "cache")}, "deploy")
    assert run.returncode == 1
    assert "the disk is full; make it writable and leave room" in one_line(run.stderr)
    left = [path for path in place.rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert [path.name for path in left if not path.name.startswith("paddlelite-")] == []


def _descendants(pid: int) -> list[int]:
    """Processes that a process started, with theirs."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(
                line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line
            )
        except OSError:
            continue
        if int(fields["PPid"]) == pid:
            child = int(fields["Pid"])
            found += [child, *_descendants(child)]
    return found


def test_ctrl_c_is_one_line_and_leaves_no_process(environment, tmp_path) -> None:
    child = subprocess.Popen(
        [*INVOKE, "read", "samples", "--json", tmp_path / "out.json"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    child.stdout.readline()  # the board is reading
    started = _descendants(child.pid)
    assert started
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=120)
    assert child.returncode == 130
    assert errors == "invoke: interrupted\n"
    assert list(tmp_path.iterdir()) == []
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in started):
        assert time.monotonic() < deadline, "a process was left behind"
        time.sleep(0.05)
