"""Narrow lines: padded first, read at their own width where that is unsure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lite_runner import Ocr, Options
from lite_runner.arrays import Floats
from lite_runner.predictor.protocol import Output

#: Index of a class in the pack's dictionary, behind the blank.
LEFT, RIGHT = 1, 2


def network(padded: float, own: float) -> Any:
    """Reads ``l`` in an input as wide as in training, ``r`` in narrower ones, so surely."""

    def run(batch: Floats) -> list[Output]:
        trained = batch.shape[3] >= 320
        steps = np.zeros((len(batch), 2, 5), np.float32)
        steps[:, 1, 0] = 1.0
        steps[:, 0, LEFT if trained else RIGHT] = padded if trained else own
        return [Output(steps)]

    return run


@pytest.mark.parametrize(
    ("padded", "own", "text", "widths"),
    [
        (0.9, 0.95, "l", [320]),
        (0.51, 0.95, "l", [320]),
        (0.49, 0.95, "r", [320, 64]),
        (0.3, 0.2, "l", [320, 64]),
    ],
)
def test_an_unsure_reading_is_compared_with_the_one_at_its_own_width(
    padded: float,
    own: float,
    text: str,
    widths: list[int],
    pack_folder: Path,
    engine: Any,
) -> None:
    engine.models["rec.nb"] = network(padded, own)
    options = Options(detect=False, classify=False, min_score=0.0)
    with Ocr(pack_folder, engine, options) as reader:
        [line] = reader.read(np.full((40, 44, 3), 30, np.uint8))
    assert (line.text, line.score) == (text, pytest.approx(padded if text == "l" else own))
    runs = [event[2][3] for event in engine.events if event[:2] == ("run", "rec.nb")]
    assert runs == widths


def test_wider_lines_are_read_once(pack_folder: Path, engine: Any) -> None:
    engine.models["rec.nb"] = network(0.9, 0.1)
    options = Options(detect=False, classify=False, min_score=0.0)
    with Ocr(pack_folder, engine, options) as reader:
        assert [line.text for line in reader.read(np.full((40, 100, 3), 30, np.uint8))] == ["r"]
    runs = [event[2][3] for event in engine.events if event[:2] == ("run", "rec.nb")]
    assert runs == [128]
