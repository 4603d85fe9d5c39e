"""Pictures of text that no test has seen before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest


def draw(lines: list[str]) -> Any:
    """Lines of print, black on white: uint8 HxWx3."""
    pixels = np.full((60 + 80 * len(lines), 640, 3), 255, np.uint8)
    for number, line in enumerate(lines):
        place = (40, 80 + 80 * number)
        cv2.putText(pixels, line, place, cv2.FONT_HERSHEY_SIMPLEX, 1.5, (0, 0, 0), 3, cv2.LINE_AA)
    return pixels


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page, a single line, and an empty page, with their text."""
    random = np.random.default_rng()
    numbers = [f"{a} {b}" for a, b in random.integers(1000, 10_000, (2, 2))]
    line = str(random.integers(10_000_000, 100_000_000))
    place = tmp_path / "pictures"
    place.mkdir()
    cv2.imwrite(str(place / "page.png"), draw(numbers))
    cv2.imwrite(str(place / "line.png"), draw([line])[30:110])
    cv2.imwrite(str(place / "empty.png"), draw([]))
    labels = {"page.png": numbers, "empty.png": [], "line_images": {"line.png": [line]}}
    (place / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    return place
