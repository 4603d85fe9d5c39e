"""The program ``ocr`` without an engine: exit codes, one-line messages, whole files."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np
import pytest

from lite_runner import pack
from lite_runner.cli import arguments, failures, main
from lite_runner.errors import EngineError, ImageError, LiteError, PackError, UsageError
from lite_runner.predictor.protocol import Output
from tests.lite_runner.cli.conftest import read


@pytest.fixture(autouse=True)
def no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "of_this_release", lambda: None)


def raising(error: BaseException) -> Any:
    def work() -> int:
        raise error

    return work


# Failures

FAILURES = [
    (LiteError("it is so"), 1, "it is so"),
    (ImageError("is empty"), 1, "is empty"),
    (PackError("pack p: damaged"), 1, "pack p: damaged"),
    (EngineError("m.nb: it failed"), 1, "m.nb: it failed"),
    (UsageError("there is no x"), 2, "there is no x"),
    (FileNotFoundError(2, "No such file or directory", "a/b"), 1, "a/b: No such file or directory"),
    (OSError(28, "No space left on device"), 1, "No space left on device"),
    (OSError("just words"), 1, "just words"),
    (MemoryError(), 1, "out of memory; use smaller pictures"),
    (KeyboardInterrupt(), 130, "interrupted"),
]


@pytest.mark.parametrize(("error", "code", "message"), FAILURES, ids=lambda value: repr(value)[:30])
def test_a_failure_is_one_line_and_an_exit_code(
    error: BaseException, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failures.guard(raising(error), "ocr", debug=False) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", f"ocr: {message}\n")


@pytest.mark.parametrize("error", [failure[0] for failure in FAILURES], ids=repr)
def test_debug_shows_where_a_failure_comes_from(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        failures.guard(raising(error), "ocr", debug=True)
    assert caught.value is error


@pytest.mark.parametrize("code", [0, 1, 2])
def test_without_a_failure_the_exit_code_is_the_works(code: int) -> None:
    assert failures.guard(lambda: code, "ocr", debug=False) == code


def test_a_mistake_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        failures.guard(raising(ZeroDivisionError()), "ocr", debug=False)


# Usage


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["explode"],
        ["read"],
        ["read", "a.png"],
        ["read", "--pack", "p"],
        ["read", "--pack", "p", "--unknown", "a.png"],
        ["read", "--pack", "p", "--batch", "0", "a.png"],
        ["read", "--pack", "p", "--batch", "-1", "a.png"],
        ["read", "--pack", "p", "--batch", "many", "a.png"],
        ["read", "--pack", "p", "--threads", "0", "a.png"],
        ["read", "--pack", "p", "--min-score", "high", "a.png"],
        ["read", "--pack", "p", "--max-side", "31", "a.png"],
        ["read", "--pack", "p", "--max-side", "wide", "a.png"],
        ["read", "--pack", "p", "--pages", "3-1", "a.png"],
        ["read", "--pack", "p", "--json", "-", "--json-lines", "a.png"],
        ["verify"],
        ["verify", "--pack", "p", "extra"],
        ["doctor"],
        ["python"],
        ["python", "missing.py"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main.main(arguments)
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("usage: ocr")
    assert "_positive" not in captured.err, "names of ours tell a user nothing"


@pytest.mark.parametrize("arguments", [["--help"], ["read", "--help"], ["--version"]])
def test_help_goes_to_stdout(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main.main(arguments)
    assert caught.value.code == 0
    captured = capsys.readouterr()
    assert captured.out
    assert captured.err == ""


def test_every_option_of_every_command_is_explained() -> None:
    (commands,) = (
        action.choices
        for action in arguments.parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    for name, command in commands.items():
        for action in command._actions:
            assert action.help, f"{name} {action.dest}"


# Scripts


def test_a_script_gets_its_own_options_and_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "beside.py").write_text("WORD = 'beside'")
    script = tmp_path / "script.py"
    script.write_text("import sys, beside\nprint(beside.WORD, *sys.argv[1:])\nsys.exit(3)")
    monkeypatch.setattr("sys.argv", ["ocr"])
    monkeypatch.setattr("sys.path", sys.path[:])
    with pytest.raises(SystemExit) as caught:
        main.main(["python", str(script), "--pack", "-x", "--help", "--", "a b"])
    assert caught.value.code == 3
    assert capsys.readouterr().out == "beside --pack -x --help -- a b\n"


# Reading


def test_reading_prints_the_lines(
    folder: Path, pack_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read(pack_folder, "good.png") == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.startswith("good.png  320x192  2 lines")
    assert [line.split() for line in lines] == [["1", "0.900", "l"], ["2", "0.900", "l"]]


def test_a_bundle_reads_with_its_own_pack(
    folder: Path,
    pack_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pack, "of_this_release", lambda: pack_folder)
    assert main.main(["read", "good.png"]) == 0
    assert "2 lines" in capsys.readouterr().out


def test_a_picture_that_cannot_be_read_does_not_stop_the_rest(
    folder: Path, pack_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["bad.png", "good.png", "missing.png", "*.bmp"]
    assert read(pack_folder, "--json", "out/all.json", *names) == 1
    results = json.loads(Path("out/all.json").read_text(encoding="utf-8"))
    assert [result["image"] for result in results] == names
    assert ["error" in result for result in results] == [True, False, True, True]
    assert [line["text"] for line in results[1]["lines"]] == ["l", "l"]
    assert "bad.png: is not a picture" in capsys.readouterr().out


def test_a_picture_too_large_for_the_memory_does_not_stop_the_rest(
    folder: Path, pack_folder: Path, engine: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    detect = engine.models["det.nb"]
    engine.models["det.nb"] = mock.Mock(side_effect=[MemoryError(), mock.DEFAULT], wraps=detect)
    assert read(pack_folder, "--json-lines", "good.png", "good.png") == 1
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert "memory" in first["error"]
    assert len(second["lines"]) == 2


@pytest.mark.parametrize("form", [["--json-lines"], ["--json", "-"]])
def test_json_on_stdout_stands_alone(
    form: list[str], folder: Path, pack_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read(pack_folder, *form, "good.png", "good.png") == 0
    out = capsys.readouterr().out
    results = (
        [json.loads(line) for line in out.splitlines()] if "-" not in form else json.loads(out)
    )
    assert [len(result["lines"]) for result in results] == [2, 2]


def test_options_reach_the_reader(
    folder: Path, pack_folder: Path, engine: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read(pack_folder, "--json-lines", "--min-score", "0.95", "good.png") == 0
    assert json.loads(capsys.readouterr().out)["lines"] == []
    assert read(pack_folder, "--json-lines", "--no-recognise", "good.png") == 0
    assert [line["text"] for line in json.loads(capsys.readouterr().out)["lines"]] == [None, None]
    assert read(pack_folder, "--json-lines", "--no-detect", "good.png") == 0
    assert len(json.loads(capsys.readouterr().out)["lines"]) == 1
    engine.events.clear()
    assert read(pack_folder, "--batch", "2", "--threads", "1", "good.png") == 0
    assert [event[2][0] for event in engine.events if event[0] == "run"] == [1, 2, 2]
    capsys.readouterr()
    engine.models["cls.nb"] = lambda batch: [Output(np.array([[0.0, 1.0]] * len(batch)))]
    for option, angles in ([], [180, 180]), (["--no-classify"], [0, 0]):
        assert read(pack_folder, "--json-lines", *option, "good.png") == 0
        lines = json.loads(capsys.readouterr().out)["lines"]
        assert [line["angle"] for line in lines] == angles
    engine.events.clear()
    assert read(pack_folder, "--max-side", "64", "--no-recognise", "--no-classify", "good.png") == 0
    assert [max(event[2][2:]) for event in engine.events if event[0] == "run"] == [64]
    engine.events.clear()
    # A Python process holds more than that by itself: models are closed after each picture.
    assert read(pack_folder, "--memory", "1", "good.png", "good.png") == 0
    assert engine.events.count(("open", "det.nb")) == 2
    assert read(pack_folder, "--threads", "9999", "good.png") == 2
    assert "--threads 9999: this board has" in capsys.readouterr().err


def test_every_picture_gets_a_drawing_of_its_own(folder: Path, pack_folder: Path) -> None:
    assert read(pack_folder, "--draw", "proof", "good.png", "bad.png", "good.png") == 1
    drawings = sorted(Path("proof").iterdir())
    assert [drawing.name for drawing in drawings] == ["good-2.png", "good.png"]
    assert all(cv2.imread(str(drawing)).shape == (540, 1800, 3) for drawing in drawings)


def test_a_bad_pack_is_one_line_and_exit_code_1(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read(folder / "none", "good.png") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("ocr: pack ")
    assert captured.err.count("\n") == 1
