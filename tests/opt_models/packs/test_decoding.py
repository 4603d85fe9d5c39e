"""Decoding: both generations of recognisers, and what is none."""

from __future__ import annotations

from typing import Callable, ContextManager

import pytest

from opt_models.errors import OptError
from opt_models.formats.summary import Summary, Tensor
from opt_models.packs.decoding import decode

Refuses = Callable[..., ContextManager[None]]


def recogniser(*outputs: Tensor) -> Summary:
    return Summary((Tensor("image", (-1, 3, 32, -1), "float32"),), outputs, {}, "fp32")


OLD = recogniser(Tensor("ids", (-1, 1), "int64"), Tensor("softmax", (-1, 6625), "float32"))
NEW = recogniser(Tensor("softmax", (-1, 40, 6625), "float32"))


def lines(count: int, empty: int = 0) -> list[str]:
    """A dictionary's lines, and empty ones after them."""
    return [*map(chr, range(0x4E00, 0x4E00 + count)), *[""] * empty]


def test_before_v2_the_blank_is_last() -> None:
    assert decode(OLD, lines(6623), "x") == {
        "outputs": "ids+softmax",
        "classes": 6625,
        "blank": 6624,
        "offset": 0,
        "space": True,
    }


def test_from_v2_on_the_blank_is_first() -> None:
    assert decode(NEW, lines(6623), "x") == {
        "outputs": "softmax",
        "classes": 6625,
        "blank": 0,
        "offset": 1,
        "space": True,
    }


@pytest.mark.parametrize("summary", [OLD, NEW])
def test_without_a_space(summary: Summary) -> None:
    assert decode(summary, lines(6624), "x")["space"] is False


@pytest.mark.parametrize("summary", [OLD, NEW])
@pytest.mark.parametrize(
    ("count", "empty", "space"),
    [
        # Left empty by an editor: it does not stand for the space.
        (6623, 1, True),
        (6623, 3, True),
        (6624, 1, False),
        (6624, 2, False),
        # There in training, too: with the space as many classes as the network has.
        (6622, 1, True),
        (6621, 2, True),
    ],
)
def test_empty_lines_at_the_end(summary: Summary, count: int, empty: int, space: bool) -> None:
    assert decode(summary, lines(count, empty), "x")["space"] is space


def test_empty_lines_within_stand_for_classes() -> None:
    characters = lines(6623)
    characters[17] = ""
    assert decode(NEW, characters, "x")["space"] is True


@pytest.mark.parametrize(("count", "empty"), [(0, 0), (6622, 0), (6625, 0), (6625, 1), (6620, 2)])
def test_another_dictionary(refuses: Refuses, count: int, empty: int) -> None:
    with refuses(OptError, "mine", "6625 classes", f"{count} lines", "6623 or 6624"):
        decode(NEW, lines(count, empty), "mine")


@pytest.mark.parametrize(
    "outputs",
    [
        (),
        (Tensor("ids", (-1, 1), "int64"),),
        (Tensor("a", (-1, 9), "float32"), Tensor("b", (-1, 9), "float32")),
        (Tensor("map", (-1, 1, -1, -1), "float32"),),
    ],
)
def test_no_recogniser(refuses: Refuses, outputs: tuple[Tensor, ...]) -> None:
    with refuses(OptError, "mine", "CTC"):
        decode(recogniser(*outputs), lines(6623), "mine")
