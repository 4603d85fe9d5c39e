"""Decoding: both generations of recognisers, and what is none."""

from __future__ import annotations

from typing import Callable, ContextManager

import pytest

from opt_models.decoding import decode
from opt_models.errors import OptError
from opt_models.formats.summary import Summary, Tensor

Refuses = Callable[..., ContextManager[None]]


def recogniser(*outputs: Tensor) -> Summary:
    return Summary((Tensor("image", (-1, 3, 32, -1), "float32"),), outputs, {}, "fp32")


OLD = recogniser(Tensor("ids", (-1, 1), "int64"), Tensor("softmax", (-1, 6625), "float32"))
NEW = recogniser(Tensor("softmax", (-1, 40, 6625), "float32"))


def test_before_v2_the_blank_is_last() -> None:
    assert decode(OLD, 6623, "x") == {
        "outputs": "ids+softmax",
        "classes": 6625,
        "blank": 6624,
        "offset": 0,
        "space": True,
    }


def test_from_v2_on_the_blank_is_first() -> None:
    assert decode(NEW, 6623, "x") == {
        "outputs": "softmax",
        "classes": 6625,
        "blank": 0,
        "offset": 1,
        "space": True,
    }


@pytest.mark.parametrize("summary", [OLD, NEW])
def test_without_a_space(summary: Summary) -> None:
    assert decode(summary, 6624, "x")["space"] is False


@pytest.mark.parametrize("lines", [0, 6622, 6625])
def test_another_dictionary(refuses: Refuses, lines: int) -> None:
    with refuses(OptError, "mine", "6625 classes", f"{lines} lines", "6623 or 6624"):
        decode(NEW, lines, "mine")


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
        decode(recogniser(*outputs), 6623, "mine")
