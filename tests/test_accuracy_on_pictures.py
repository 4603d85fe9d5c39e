"""What is read on labelled pictures: the samples, and real ones where they are at hand."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import __version__ as pillow

from cross_build.boards.board import Board
from cross_build.deploys import remote_read
from lite_runner.ocr.results import Result
from lite_runner.pictures.inputs import expand
from lite_runner.scoring import ground_truth, hmean
from lite_runner.scoring.cer import Accuracy, compare
from tests import drawn_pages

#: RapidOCR 3.10.0 on the weights of v6-small and the same pictures (benchmarks/compare_peers.py)
#: has a character error rate of 0.43 % on samples/ and 3.3 % on the real ones, where 1.0 point is
#: brackets and slashes that the labels have in full width; ours may be 0.1 and 0.5 points worse.
SAMPLES_CER, REAL_CER = 0.005, 0.038


def labels(folder: Path) -> dict[str, list[str]]:
    data = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    return {name: lines for name, lines in data.items() if isinstance(lines, list)}


def read(board: Board, folder: Path, options: list[str] | None = None) -> dict[str, Result]:
    results = remote_read.read(board, expand([str(folder)]), options or [])
    return {Path(result["image"]).name: result for result in results}


def texts(result: Result) -> list[str]:
    return ["".join(line["text"].split()) for line in result["lines"]]


def total(expected: dict[str, list[str]], results: dict[str, Result]) -> Accuracy:
    found = [compare(lines, texts(results[name])) for name, lines in expected.items()]
    return Accuracy(sum(one.errors for one in found), sum(one.characters for one in found))


def covered(box: hmean.Quad, other: hmean.Quad) -> float:
    """Share of a quad that lies in another one."""
    inner, outer = (cv2.convexHull(np.array(quad, np.float32)) for quad in (box, other))
    return float(cv2.intersectConvexConvex(inner, outer)[0] / cv2.contourArea(inner))


@pytest.fixture(scope="module")
def on_real(board: Board, real_images: Path) -> dict[str, Result]:
    return read(board, real_images)


@pytest.fixture(scope="module")
def on_samples(board: Board, samples: Path) -> dict[str, Result]:
    return read(board, samples)


def test_samples_are_read_right(on_samples: dict[str, Result], samples: Path) -> None:
    expected, results = labels(samples), on_samples
    assert len(expected) >= 8
    assert results.keys() == expected.keys()
    accuracy = total(expected, results)
    assert accuracy.characters > 1500
    assert accuracy.cer <= SAMPLES_CER, accuracy
    turned = {line["angle"] for line in results["upside_down.jpg"]["lines"]}
    assert turned == {0, 180}


def test_pages_are_read_however_they_lie(board: Board, tmp_path: Path) -> None:
    expected = drawn_pages.draw(tmp_path)
    results = read(board, tmp_path)
    for name, lines in expected.items():
        assert "".join(texts(results[name])) == "".join("".join(lines).split()), name
    display, upside_down = (results[name]["lines"] for name in ("display.png", "head.png"))
    assert [line["angle"] for line in display] == [0]
    assert {line["angle"] for line in upside_down} == {180}
    # The first cell of a page that was turned clockwise: its text starts at the picture's right.
    (right, top), *_ = results["right.png"]["lines"][0]["box"]
    assert (right, top) == pytest.approx((340, 50), abs=15)


def test_samples_lines_are_found_where_they_were_drawn(on_samples, samples: Path) -> None:
    for one in ground_truth.pictures(samples):
        assert one.boxes is not None
        lines = on_samples[one.path.name]["lines"]
        taken = [
            max(range(len(lines)), key=lambda index: hmean.overlap(box, lines[index]["box"]))
            for box in one.boxes
        ]
        assert sorted(taken) == list(range(len(lines))), one.name
        for box, text, index in zip(one.boxes, one.lines, taken):
            nearest = lines[index]
            # Detectors leave a margin around the ink, which makes boxes of digits up to 1.9 times
            # as tall: an overlap (IoU) of 0.5 would fail 21 of these lines, found as well as any.
            # PP-OCRv6's margins are narrow, and cut what a font has above and below small digits.
            assert covered(box, nearest["box"]) > 0.75, (one.name, text)
            assert hmean.overlap(box, nearest["box"]) > 0.4, (one.name, text)
            assert compare([text], texts({"lines": [nearest]})).cer < 0.2, (one.name, text)
            # The text's own top left is the nearest of the four, for lines on their heads, too.
            away = [math.dist(box[0], corner) for corner in nearest["box"]]
            assert away.index(min(away)) == 0, (one.name, text)


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
    upright, turned = remote_read.read(board, expand(pictures), ["--no-detect"])
    assert (texts(upright), upright["lines"][0]["angle"]) == (["韩国小馆"], 0)
    assert (texts(turned), turned["lines"][0]["angle"]) == (["怪我咯"], 180)


def check(samples: Path, *names: str) -> subprocess.CompletedProcess[str]:
    if int(pillow.split(".")[0]) < 12:
        pytest.skip("Pillow below 12 draws some glyphs differently")
    command = [sys.executable, str(samples / "make.py"), *names, "--check"]
    run = subprocess.run(command, capture_output=True, text=True)
    if "fonts" in run.stderr and "apt-get" in run.stderr:
        pytest.skip(f"the fonts are not installed: {run.stderr.strip()}")
    return run


def test_the_samples_are_what_their_script_draws(samples: Path) -> None:
    run = check(samples)
    assert run.returncode == 0, run.stderr


def test_a_box_that_is_not_where_the_line_was_drawn_is_told(samples: Path, tmp_path: Path) -> None:
    copy = tmp_path / "samples"
    shutil.copytree(samples, copy)
    place = copy / "boxes.json"
    right = json.loads(place.read_text(encoding="utf-8"))
    quads = right["shop_sign.jpg"]
    (x, y), *others = quads[0]
    names = ("shop_sign.jpg",)
    place.write_text(json.dumps({**right, "shop_sign.jpg": [[[x + 0.9, y], *others], *quads[1:]]}))
    assert check(copy, *names).returncode == 0
    for wrong in ([[[x + 1.2, y], *others], *quads[1:]], quads[:1], "no quads"):
        place.write_text(json.dumps({**right, "shop_sign.jpg": wrong}))
        run = check(copy, *names)
        assert (run.returncode, run.stderr.count("\n")) == (1, 1), run.stderr
        assert "not as drawn: boxes of shop_sign.jpg;" in run.stderr
    place.write_text("{")
    assert "not as drawn: boxes.json;" in check(copy, *names).stderr
