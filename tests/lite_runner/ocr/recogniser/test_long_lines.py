"""Lines longer than a recogniser reads at once, and a network that misreads cut glyphs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lite_runner import Ocr, Options
from lite_runner.arrays import Floats, Image
from lite_runner.ocr.recogniser import long_lines, recognition
from lite_runner.ocr.recogniser.best_path import BestPath
from lite_runner.pack import Network, Recogniser
from lite_runner.predictor.protocol import Output

LEVELS = {"l": 40, "r": 120}
CUT = "x"
#: Columns of the input to a step of the output, as in PP-OCRv3 and later.
STRIDE = 8


def drawn(text: str, height: int = 48, left: int = 13) -> Image:
    """A white line with a bar of the letter's grey for each letter, 14 wide and 10 apart."""
    line = np.full((height, left + 24 * len(text) + 5, 3), 255, np.uint8)
    for index, letter in enumerate(text):
        line[:, left + 24 * index :][:, :14] = LEVELS[letter]
    return line


def bars(batch: Floats) -> list[Output]:
    """Probabilities of the bars in each line; one that touches an end of the input reads ``x``."""
    classes = ("blank", *LEVELS, CUT)
    steps = np.zeros((len(batch), batch.shape[3] // STRIDE, 5), np.float32)
    steps[:, :, 0] = 1.0
    for row, line in zip(steps, batch[:, 0, 24] * 255):
        dark = np.concatenate([[False], (line < 200) & (line > 5), [False]])
        edges = np.flatnonzero(np.diff(dark.astype(int)))
        for start, end in edges.reshape(-1, 2):
            level = line[(start + end) // 2]
            letter = min(LEVELS, key=lambda name: abs(LEVELS[name] - level))
            cut = start == 0 or end == len(line)
            step = min((start + end) // 2 // STRIDE, len(row) - 1)
            row[step] = 0.0
            row[step, classes.index(CUT if cut else letter)] = 0.9
    return [Output(steps)]


def read(line: Image, pack_folder: Path, engine: Any) -> tuple[str | None, float]:
    engine.models["rec.nb"] = bars
    with Ocr(pack_folder, engine, Options(detect=False, classify=False)) as reader:
        [result] = reader.read(line)
    return result.text, result.score


@pytest.mark.parametrize("count", [90, 99, 101, 150, 333])
@pytest.mark.parametrize("pattern", ["l", "lr", "lrrr", "rllrlrr"])
def test_long_lines_are_read_whole(
    count: int, pattern: str, pack_folder: Path, engine: Any
) -> None:
    text = (pattern * count)[:count]
    assert read(drawn(text), pack_folder, engine) == (text, pytest.approx(0.9))
    widths = [event[2][3] for event in engine.events if event[:2] == ("run", "rec.nb")]
    assert max(widths) <= 50 * 48
    assert len(widths) > 1 or len(text) < 100, "the longest are cut"


@pytest.mark.parametrize("count", [5, 13, 14, 26, 70])
def test_lines_wider_than_a_fixed_width_are_read_whole(
    count: int, pack_folder: Path, edit_pack: Any, engine: Any
) -> None:
    edit_pack(lambda data: data["rec"].update(fixed_width=True))
    text = ("lrrr" * count)[:count]
    assert read(drawn(text), pack_folder, engine) == (text, pytest.approx(0.9))
    shapes = {event[2] for event in engine.events if event[:2] == ("run", "rec.nb")}
    assert shapes == {(1, 3, 48, 320)}


def test_lines_are_scaled_before_they_are_cut(pack_folder: Path, engine: Any) -> None:
    text = "lrrllr" * 20
    large = np.repeat(np.repeat(drawn(text), 2, axis=0), 2, axis=1)
    assert read(large, pack_folder, engine)[0] == text


def test_a_line_of_one_pixel_in_height_ends(pack_folder: Path, engine: Any) -> None:
    engine.models["rec.nb"] = bars
    with Ocr(pack_folder, engine, Options(detect=False, classify=False)) as reader:
        assert len(reader.read(np.full((1, 20000, 3), 255, np.uint8))) == 0
    runs = [event for event in engine.events if event[:2] == ("run", "rec.nb")]
    assert len(runs) < 60


@pytest.mark.parametrize("fixed", [True, False])
@given(
    width=st.integers(1, 9000), height=st.integers(10, 80), wide=st.sampled_from([160, 192, 320])
)
@settings(deadline=None, max_examples=60)
def test_segments_cover_a_line_and_overlap(
    fixed: bool, width: int, height: int, wide: int, network: Network
) -> None:
    network = dataclasses.replace(network, shape=(48, wide), fixed_width=fixed)
    parts = long_lines.segments([np.zeros((height, width, 3), np.uint8)], network)
    if parts[0].whole:
        assert len(parts) == 1
        assert parts[0].pixels.shape == (height, width, 3)
        return
    longest = wide if fixed else long_lines.MAX_RATIO * 48
    ends = [part.start + part.pixels.shape[1] for part in parts]
    assert parts[0].start == 0
    assert ends[-1] == -(-width * 48 // height) > longest
    assert all(part.start % long_lines.GRID == 0 for part in parts)
    assert {part.pixels.shape[0] for part in parts} == {48}
    assert max(part.pixels.shape[1] for part in parts) <= longest
    for end, following in zip(ends, parts[1:]):
        assert end - following.start >= 48, "at least one glyph as wide as high"


def path(classes: str, recogniser: Recogniser) -> BestPath:
    indices = [0 if letter == "." else recogniser.charset.index(letter) + 1 for letter in classes]
    return BestPath(np.array(indices, np.int64), np.full(len(indices), 0.5, np.float32), 8)


@pytest.mark.parametrize(
    ("left", "right", "start", "text"),
    [
        ("l..r..x", "x..r..l", 3, "lrrl"),
        ("l.l.l.l.", "l.l.l.l.", 4, "llllll"),
        # The outputs are a step apart, and each misreads what is cut.
        ("r..l..r..l.x", "x..r..l..r..", 4, "rlrlr"),
        ("ll..rr..", "..rr..ll", 2, "lrl"),
        ("l.......", "........r", 2, "lr"),
        ("lr", "rl", 1, "lrl"),
        ("l.r.", "", 4, "lr"),
        ("l.r.", "x.", 4, "lrx"),
    ],
)
def test_outputs_are_joined_where_they_agree(
    left: str, right: str, start: int, text: str, recogniser: Recogniser
) -> None:
    joined = long_lines.join(path(left, recogniser), path(right, recogniser), start, 0)
    assert recognition.decode(joined, recogniser) == (text, 0.5)
