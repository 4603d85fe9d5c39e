"""What ``ocr read`` reads and writes, with an engine that computes by rule."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from lite_runner import pack
from lite_runner.arrays import Image
from lite_runner.capabilities import note
from tests.lite_runner.cli.conftest import read


@pytest.fixture(autouse=True)
def alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader lies in no release, and tries no models in a child, which takes a second each."""
    monkeypatch.setattr(pack, "of_this_release", lambda: None)
    monkeypatch.setattr(note, "tried", lambda engine, files: engine)


@pytest.fixture
def scan(folder: Path, sheet: Image) -> Path:
    """Three pages: two lines, none, and one."""
    pages = [Pillow.fromarray(page) for page in (sheet, sheet * 0 + 255, sheet[:100])]
    pages[0].save("scan.tif", save_all=True, append_images=pages[1:])
    return folder / "scan.tif"


def test_the_pages_that_are_asked_for_are_read(
    scan: Path, pack_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for chosen, numbers in (
        ([], [1]),
        (["--pages", "2-"], [2, 3]),
        (["--pages", "all"], [1, 2, 3]),
    ):
        assert read(pack_folder, "--json-lines", *chosen, "scan.tif") == 0
        results = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [(result["page"], result["pages"]) for result in results] == [
            (number, 3) for number in numbers
        ]
        assert [len(result["lines"]) for result in results] == [[2, 0, 1][n - 1] for n in numbers]
    assert read(pack_folder, "--json-lines", "--pages", "2", "good.png", "scan.tif") == 1
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["error"].startswith("has 1 page; expected pages 2")
    assert second["page"] == 2


def test_pages_that_were_not_read_are_told(
    scan: Path, pack_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read(pack_folder, "scan.tif", "--draw", "proof") == 0
    head, *_, last = capsys.readouterr().out.splitlines()
    assert head.startswith("scan.tif, page 1 of 3  320x192")
    assert last == "scan.tif: read 1 of 3 pages; --pages all reads all"
    assert read(pack_folder, "scan.tif", "--pages", "all", "--draw", "proof") == 0
    assert "--pages all" not in capsys.readouterr().out
    assert sorted(path.name for path in Path("proof").iterdir()) == [
        "scan-p1.png",
        "scan-p2.png",
        "scan-p3.png",
    ]


def test_a_picture_comes_from_standard_input(
    folder: Path,
    pack_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = Path("good.png").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert read(pack_folder, "-", "--draw", "proof") == 0
    assert capsys.readouterr().out.startswith("-  320x192  2 lines")
    assert Path("proof/stdin.png").is_file()


def test_results_are_written_in_each_format(
    folder: Path, pack_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forms = ["--json", "a.json", "--text", "a.txt", "--csv", "a.csv", "--hocr", "a.html"]
    assert read(pack_folder, *forms, "good.png", "bad.png") == 1
    assert Path("a.txt").read_text() == "l\nl\n\f"
    assert len(Path("a.csv").read_text().splitlines()) == 4
    assert Path("a.html").read_text().count("ocrx_word") == 3, "two, and their announcement"
    results = json.loads(Path("a.json").read_text())
    assert "words" not in results[0]["lines"][0], "only hOCR always has them"
    assert "good.png" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["text", "csv", "hocr"])
def test_a_format_on_stdout_stands_alone_and_failures_are_told_beside_it(
    form: str, folder: Path, pack_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read(pack_folder, f"--{form}", "-", "good.png", "bad.png") == 1
    captured = capsys.readouterr()
    assert read(pack_folder, f"--{form}", "file", "good.png", "bad.png") == 1
    assert captured.out == Path("file").read_text()
    assert captured.err.startswith("bad.png: is not a picture")


def test_there_is_no_summary_of_nothing(
    pack_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read(pack_folder, "bad.png", "missing.png") == 1
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == [
        "bad.png",
        "missing.png",
    ]


def test_two_formats_on_stdout_are_refused(
    folder: Path, pack_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read(pack_folder, "--text", "-", "--json-lines", "good.png") == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("ocr: --text and --json-lines: only one goes to stdout")


def test_words_have_boxes_of_their_own_if_they_are_asked_for(
    folder: Path, pack_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read(pack_folder, "--json-lines", "good.png") == 0
    assert "words" not in json.loads(capsys.readouterr().out)["lines"][0]
    assert read(pack_folder, "--json-lines", "--words", "good.png") == 0
    for line in json.loads(capsys.readouterr().out)["lines"]:
        ((word),) = line["words"]
        assert (word["text"], word["score"]) == ("l", 0.9)
        left, right = word["box"][0][0], word["box"][1][0]
        assert line["box"][0][0] <= left < right < line["box"][1][0]


@pytest.mark.parametrize("option", [[], ["--no-classify"]])
def test_a_line_written_downwards_is_turned_without_detection_too(
    option: list[str],
    folder: Path,
    pack_folder: Path,
    sheet: Image,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same line, upright and downwards: its left half is the darker one."""
    strip = sheet[40:70, 40:280]
    cv2.imwrite("line.png", strip)
    cv2.imwrite("down.png", np.rot90(strip, -1))
    assert read(pack_folder, "--json-lines", "--no-detect", *option, "line.png", "down.png") == 0
    upright, turned = (json.loads(line)["lines"] for line in capsys.readouterr().out.splitlines())
    assert [line["text"] for line in upright] == [line["text"] for line in turned] == ["l"]
    assert turned[0]["box"] == [[30, 0], [30, 240], [0, 240], [0, 0]]


def test_results_are_kept_when_the_reader_of_the_output_goes_away(
    folder: Path, pack_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

        def fileno(self) -> int:
            return spare

    spare = os.open(os.devnull, os.O_WRONLY)
    monkeypatch.setattr("sys.stdout", Gone())
    assert read(pack_folder, "good.png", "--json", "kept.json") == 1
    os.close(spare)
    assert len(json.loads(Path("kept.json").read_text())[0]["lines"]) == 2


def test_a_terminal_gets_no_control_characters_of_json_or_text() -> None:
    code = (
        "from lite_runner.cli import output\n"
        "output.force_utf8_output()\n"
        "text = '\\x9b31m\\u202e\\x1b[2J中'\n"
        "output.print_json({'text': text})\n"
        "output.print_json_line({'text': text})\n"
        "output.write_text(text + '\\n', '-')\n"
    )
    parent, child = pty.openpty()
    subprocess.run([sys.executable, "-c", code], stdout=child, check=True)
    os.close(child)
    shown = os.read(parent, 10_000).decode().replace("\r\n", "\n")
    os.close(parent)
    assert shown.isprintable() or set("\n") >= {c for c in shown if not c.isprintable()}
    value = '{"text": "\\u009b31m\\u202e\\u001b[2J中"}'
    assert shown.splitlines()[-2:] == [value, "\\x9b31m\\u202e\\x1b[2J中"]
