"""Recognition: batches, network input, and CTC decoding against a slow one."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lite_runner.arrays import Floats, Image
from lite_runner.ocr.recogniser import recognition
from lite_runner.pack import Network, Recogniser
from lite_runner.pictures.image import normalise, resize

CLASSES = 5


def preprocess(crops: list[Image], network: Network) -> Floats:
    batch: Floats = np.full(recognition.input_shape(crops, network), np.nan, np.float32)
    recognition.preprocess(crops, network, batch)
    return batch


def line(height: int, width: int) -> Image:
    return np.random.default_rng(width).integers(0, 256, (height, width, 3)).astype(np.uint8)


def slow_decode(rows: list[list[float]], recogniser: Recogniser) -> tuple[str, float]:
    """Step by step: best class, repeats joined, blanks dropped."""
    blank = recogniser.blank if recogniser.blank >= 0 else CLASSES + recogniser.blank
    steps = [(row.index(max(row)), max(row)) for row in rows]
    firsts = [next(group) for _, group in itertools.groupby(steps, key=lambda step: step[0])]
    kept = [(index, share) for index, share in firsts if index != blank]
    text = "".join(recogniser.charset[index - recogniser.offset] for index, _ in kept)
    return text, sum(share for _, share in kept) / len(kept) if kept else 0.0


shares = st.lists(st.floats(0, 1, width=32), min_size=CLASSES, max_size=CLASSES, unique=True)
#: Few distinct rows, so that classes repeat.
maps = st.lists(shares, min_size=1, max_size=3).flatmap(
    lambda rows: st.lists(st.sampled_from(rows), min_size=1, max_size=20)
)


@pytest.mark.parametrize(("blank", "offset"), [(0, 1), (-1, 0)])
@given(rows=maps)
def test_decoding_is_the_slow_one(
    rows: list[list[float]], blank: int, offset: int, recogniser: Recogniser
) -> None:
    layout = dataclasses.replace(recogniser, blank=blank, offset=offset)
    text, score = recognition.decode_softmax(np.array(rows, np.float32), layout)
    expected, mean = slow_decode(rows, layout)
    assert text == expected
    assert score == pytest.approx(mean, abs=1e-5)


def rows_of(classes: list[int], value: float = 0.5) -> Floats:
    probabilities = np.zeros((len(classes), CLASSES), np.float32)
    probabilities[np.arange(len(classes)), classes] = value
    return probabilities


@pytest.mark.parametrize(
    ("blank", "offset", "classes", "text"),
    [
        (0, 1, [0, 0, 0], ""),
        (0, 1, [1, 1, 2], "lr"),
        (0, 1, [1, 0, 1], "ll"),
        (0, 1, [3, 4, 1], "x l"),
        (0, 1, [4, 0, 4], "  "),
        (-1, 0, [4, 4, 4], ""),
        (-1, 0, [0, 0, 1], "lr"),
        (-1, 0, [0, 4, 0], "ll"),
        (-1, 0, [2, 3, 0], "x l"),
        (0, 1, [], ""),
    ],
)
def test_repeats_are_joined_unless_a_blank_parts_them(
    blank: int, offset: int, classes: list[int], text: str, recogniser: Recogniser
) -> None:
    layout = dataclasses.replace(recogniser, blank=blank, offset=offset)
    assert recognition.decode_softmax(rows_of(classes), layout) == (text, 0.5 if text else 0.0)


def test_the_score_is_the_mean_of_the_characters_first_steps(recogniser: Recogniser) -> None:
    probabilities = rows_of([0, 1, 1, 0, 2])
    probabilities[1, 1], probabilities[2, 1], probabilities[4, 2] = 0.9, 0.6, 0.7
    assert recognition.decode_softmax(probabilities, recogniser) == ("lr", pytest.approx(0.8))


@pytest.mark.parametrize(
    ("ids", "text"),
    [
        ([[0], [1], [2]], "lrx"),
        ([0, 1, 2], "lrx"),
        ([[0], [0]], "ll"),
        ([[3], [0]], " l"),
        ([[-1]], ""),
        ([], ""),
        ([[0], [-1]], "l"),
        ([[99], [0]], "l"),
    ],
)
def test_ids_are_read_as_they_are(ids: list[object], text: str, recogniser: Recogniser) -> None:
    old = dataclasses.replace(recogniser, outputs="ids+softmax", blank=-1, offset=0)
    steps = rows_of([0, 4, 4, 1], 0.75)
    steps[1, 4] = 0.99
    assert recognition.decode_ids(np.array(ids, np.int64), steps, old) == (
        text,
        pytest.approx(0.75 if text else 0.0),
    )


def test_ids_count_from_the_offset(recogniser: Recogniser) -> None:
    old = dataclasses.replace(recogniser, outputs="ids+softmax", blank=0, offset=1)
    ids = np.array([[1], [4], [2]], np.int64)
    steps = rows_of([1, 0, 4])
    steps[1, 0] = 0.9
    assert recognition.decode_ids(ids, steps, old) == ("l r", 0.5)


def test_ids_without_any_step_of_text_score_nothing(recogniser: Recogniser) -> None:
    old = dataclasses.replace(recogniser, outputs="ids+softmax", blank=-1, offset=0)
    assert recognition.decode_ids(np.array([[0]]), rows_of([4, 4]), old) == ("l", 0.0)


@settings(deadline=None)
@given(
    shapes=st.lists(st.tuples(st.integers(1, 100), st.integers(1, 900)), max_size=12),
    size=st.integers(1, 6),
)
def test_batches_hold_every_line_once_and_one_width_each(
    shapes: list[tuple[int, int]], size: int, network: Network
) -> None:
    crops = [np.zeros((*shape, 3), np.uint8) for shape in shapes]
    groups = recognition.batches(crops, network, size)
    assert sorted(index for group in groups for index in group) == list(range(len(crops)))
    widths = [[recognition.width_bucket(crops[i], network) for i in group] for group in groups]
    assert all(len(set(group)) == 1 for group in widths)

    def room(width: int) -> int:
        return max(1, min(size, recognition.MAX_COLUMNS // width))

    assert all(len(group) <= room(group[0]) for group in widths)
    assert [group[0] for group in widths] == sorted(group[0] for group in widths)
    counts = Counter(width for group in widths for width in group)
    fewest = sum(-(-count // room(width)) for width, count in counts.items())
    assert len(groups) == fewest, "no more than needed"


def test_lines_of_one_width_share_as_few_batches_as_they_can(network: Network) -> None:
    crops = [line(48, width) for width in (60, 200, 64, 33, 193, 40)]
    assert recognition.batches(crops, network, 3, pad=False) == [[0, 2, 3], [5], [1, 4]]


@pytest.mark.parametrize(
    ("height", "width", "bucket"),
    [
        (48, 32, 32),
        (48, 33, 64),
        (24, 32, 64),
        (96, 64, 32),
        (200, 1, 32),
        (10, 500, 2400),
        (10, 501, 2432),
    ],
)
def test_widths_are_rounded_up_to_buckets(
    height: int, width: int, bucket: int, network: Network
) -> None:
    crop = np.zeros((height, width, 3), np.uint8)
    assert recognition.width_bucket(crop, network, pad=False) == bucket


@pytest.mark.parametrize(
    ("height", "width", "padded"),
    [
        (48, 1, True),
        (48, 48, True),
        (48, 96, True),
        (48, 97, False),
        (20, 40, True),
        (9, 20, False),
    ],
)
def test_narrow_lines_get_the_width_of_training(
    height: int, width: int, padded: bool, network: Network
) -> None:
    crop = line(height, width)
    own = recognition.width_bucket(crop, network, pad=False)
    assert own < 192
    assert recognition.width_bucket(crop, network) == (192 if padded else own)
    assert preprocess([crop], network).shape[3] == (192 if padded else own)


def test_a_line_of_the_networks_height_keeps_its_width(network: Network) -> None:
    for width in range(1, 2400):
        crop = np.zeros((48, width, 3), np.uint8)
        bucket = recognition.width_bucket(crop, network, pad=False)
        assert bucket == -(-width // 32) * 32


@pytest.mark.parametrize("order", ["BGR", "RGB"])
def test_padding_is_zero(order: str, network: Network) -> None:
    network = dataclasses.replace(network, order=order)
    crop = line(24, 55)
    batch = preprocess([crop], network)
    assert batch.shape == (1, 3, 48, 128)
    assert batch.dtype == np.float32
    scaled = normalise(resize(crop, 110, 48), network.mean, network.std, order)
    assert (batch[0, :, :, :110] == scaled).all()
    assert (batch[0, :, :, 110:] == 0).all()


@settings(deadline=None)
@given(
    widths=st.lists(st.integers(49, 64), min_size=2, max_size=5),
    height=st.sampled_from([24, 48]),
)
def test_a_line_does_not_depend_on_its_neighbours(
    widths: list[int], height: int, network: Network
) -> None:
    crops = [line(height, width if height == 24 else 2 * width) for width in widths]
    alone = [preprocess([crop], network) for crop in crops]
    together = preprocess(crops, network)
    assert (together == np.concatenate(alone)).all()


@settings(deadline=None)
@given(shape=st.tuples(st.integers(1, 100), st.integers(1, 900)), bucket=st.sampled_from([32, 320]))
def test_a_network_of_one_width_is_given_that_width(
    shape: tuple[int, int], bucket: int, network: Network
) -> None:
    rigid = dataclasses.replace(network, fixed_width=True)
    crop = line(*shape)
    assert recognition.width_bucket(crop, rigid, bucket) == 192
    assert recognition.input_shape([crop, crop], rigid, bucket) == (2, 3, 48, 192)
    scaled = min(192, max(1, math.ceil(48 * shape[1] / shape[0])))
    expected = normalise(resize(crop, scaled, 48), rigid.mean, rigid.std, rigid.order)
    batch = preprocess([crop], rigid)
    assert (batch[0, :, :, :scaled] == expected).all()
    assert (batch[0, :, :, scaled:] == 0).all()


def test_lines_of_one_width_share_batches_whatever_their_shape(network: Network) -> None:
    rigid = dataclasses.replace(network, fixed_width=True)
    crops = [line(48, width) for width in (900, 20, 192, 400, 7)]
    assert recognition.batches(crops, rigid, 3) == [[0, 1, 2], [3, 4]]


ARABIC = ("س", "ع", "ر", "5", "2", "A", "4", "(", ")")


def arabic(recogniser: Recogniser, **changes: Any) -> Recogniser:
    return dataclasses.replace(recogniser, charset=(*ARABIC, " "), **changes)


def stands(text: str, offset: int) -> list[int]:
    """Classes of what stands on a page from left to right."""
    return [(*ARABIC, " ").index(character) + offset for character in text]


@pytest.mark.parametrize(
    ("seen", "read"),
    [
        ("رعس", "سعر"),
        ("52 رعس", "سعر 52"),
        ("A4 (52) رعس", "سعر A4 (52)"),
        ("(سع) A4", "A4 (عس)"),
        ("A4 52", "A4 52"),
    ],
)
def test_lines_from_right_to_left_are_read_in_their_order(
    seen: str, read: str, recogniser: Recogniser
) -> None:
    classes = stands(seen, 1)
    steps = np.zeros((2 * len(classes), len(ARABIC) + 2), np.float32)
    steps[np.arange(len(steps)), np.ravel([[0, one] for one in classes])] = 0.5
    right = arabic(recogniser, direction="rtl")
    assert recognition.decode_softmax(steps, right) == (read, 0.5)
    assert recognition.decode_softmax(steps, arabic(recogniser)) == (seen, 0.5)
    old = dataclasses.replace(right, outputs="ids+softmax", offset=0)
    ids = np.array(stands(seen, 0), np.int64)
    assert recognition.decode_ids(ids, steps, old) == (read, 0.5)
