"""True lines and boxes: those of the samples, and folders that are damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from lite_runner import image, truth
from lite_runner.truth import TruthError

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.mark.parametrize("one", truth.pictures(SAMPLES), ids=lambda one: one.path.name)
def test_the_samples_boxes_are_where_their_ink_is(one: truth.Picture) -> None:
    pixels = cv2.cvtColor(image.load(one.path), cv2.COLOR_BGR2GRAY)
    height, width = pixels.shape
    assert one.boxes is not None
    assert len(one.boxes) == len(one.lines)
    for box in one.boxes:
        quad = np.array(box, np.float32)
        assert (quad >= 0).all()
        assert (quad <= [width, height]).all()
        # Clockwise as seen on the screen, where y grows downwards.
        assert cv2.contourArea(quad, oriented=True) > 0
        inside = np.zeros_like(pixels)
        cv2.fillConvexPoly(inside, np.rint(quad).astype(np.int32), 1)
        border = cv2.dilate(inside, np.ones((9, 9), np.uint8)) - cv2.dilate(
            inside, np.ones((5, 5), np.uint8)
        )
        # Ink makes what is inside vary, and nothing else is written close around it.
        assert pixels[inside > 0].std() > 1.5 * pixels[border > 0].std()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "labels.json").write_text(json.dumps({"about": "x", "a.png": ["one", "two"]}))
    return tmp_path


def boxes(folder: Path, value: Any) -> Path:
    text = value if isinstance(value, str) else json.dumps(value)
    (folder / "boxes.json").write_text(text)
    return folder


QUAD = [[0, 0], [9, 0], [9, 5], [0, 5]]


def test_boxes_belong_to_lines(folder: Path) -> None:
    assert truth.pictures(folder)[0].boxes is None
    boxes(folder, {"about": "y", "a.png": [QUAD, QUAD]})
    (found,) = truth.pictures(folder)
    assert found.boxes is not None
    assert found.boxes[1][2] == (9.0, 5.0)


def test_a_picture_without_boxes_has_none(folder: Path) -> None:
    assert truth.pictures(boxes(folder, {"b.png": [QUAD]}))[0].boxes is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("{", r"boxes\.json: is not JSON"),
        ("[]", r"boxes\.json: expected an object of lists by picture"),
        ({"a.png": [QUAD]}, r"a\.png: has 1 quads, labels\.json 2 lines"),
        ({"a.png": [QUAD, QUAD[:3]]}, r"a\.png: expected four corners a quad"),
        ({"a.png": [QUAD, 5]}, r"a\.png: expected quads of corners \[x, y\]"),
        ({"a.png": [QUAD, [[1, "x"]] * 4]}, r"a\.png: expected quads of corners \[x, y\]"),
    ],
)
def test_damaged_boxes_are_told_in_one_line(folder: Path, value: Any, words: str) -> None:
    with pytest.raises(TruthError, match=words) as caught:
        truth.pictures(boxes(folder, value))
    assert "\n" not in str(caught.value)
