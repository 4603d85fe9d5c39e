"""What is read on labelled pictures: the samples, and real ones where they are at hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import __version__ as pillow

from cross_build import reading
from cross_build.board import Board
from lite_runner.accuracy import Accuracy, compare
from lite_runner.report import Result
from lite_runner.sources import expand

#: RapidOCR 1.4.4 on the same weights and pictures (benchmarks/compare_rapidocr.py) has a character
#: error rate of 0.00 % on samples/ and 3.3 % on the real ones; ours may be 0.5 points worse.
SAMPLES_CER, REAL_CER = 0.005, 0.038


def labels(folder: Path) -> dict[str, list[str]]:
    data = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    return {name: lines for name, lines in data.items() if isinstance(lines, list)}


def read(board: Board, folder: Path, options: list[str] | None = None) -> dict[str, Result]:
    results = reading.read(board, expand([str(folder)]), options or [])
    return {Path(result["image"]).name: result for result in results}


def texts(result: Result) -> list[str]:
    return ["".join(line["text"].split()) for line in result["lines"]]


def total(expected: dict[str, list[str]], results: dict[str, Result]) -> Accuracy:
    found = [compare(lines, texts(results[name])) for name, lines in expected.items()]
    return Accuracy(sum(one.errors for one in found), sum(one.characters for one in found))


@pytest.fixture(scope="module")
def on_real(board: Board, real_images: Path) -> dict[str, Result]:
    return read(board, real_images)


def test_samples_are_read_right(board: Board, samples: Path) -> None:
    expected = labels(samples)
    assert len(expected) >= 8
    results = read(board, samples)
    assert results.keys() == expected.keys()
    accuracy = total(expected, results)
    assert accuracy.characters > 1500
    assert accuracy.cer <= SAMPLES_CER, accuracy
    turned = {line["angle"] for line in results["upside_down.jpg"]["lines"]}
    assert turned == {0, 180}


def test_real_pictures_are_read_as_well_as_by_rapidocr(on_real, real_images) -> None:
    accuracy = total(labels(real_images), on_real)
    assert accuracy.cer <= REAL_CER, accuracy


def test_a_dense_picture_gives_every_line(on_real) -> None:
    assert len(on_real["ch_en_num.jpg"]["lines"]) == 18


def test_an_exif_turned_picture_is_read_upright(on_real) -> None:
    assert texts(on_real["img_exif_orientation.jpg"]) == ["我是中国人"]


def test_a_black_picture_gives_no_line(on_real) -> None:
    assert on_real["empty_black.jpg"]["lines"] == []


def test_single_lines_are_read_without_detection(board: Board, real_images: Path) -> None:
    pictures = [str(real_images / name) for name in ("text_rec.jpg", "text_cls.jpg")]
    upright, turned = reading.read(board, expand(pictures), ["--no-detect"])
    assert (texts(upright), upright["lines"][0]["angle"]) == (["韩国小馆"], 0)
    assert (texts(turned), turned["lines"][0]["angle"]) == (["怪我咯"], 180)


def test_the_samples_are_what_their_script_draws(samples: Path) -> None:
    if int(pillow.split(".")[0]) < 12:
        pytest.skip("Pillow below 12 draws some glyphs differently")
    command = [sys.executable, str(samples / "make.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True)
    if "fonts" in run.stderr and "apt-get" in run.stderr:
        pytest.skip(f"the fonts are not installed: {run.stderr.strip()}")
    assert run.returncode == 0, run.stderr
