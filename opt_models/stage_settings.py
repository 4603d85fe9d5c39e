"""How a stage's network is fed and read: the part of ``pack.json`` that the reader goes by."""

from __future__ import annotations

from typing import TypedDict


class StageSettings(TypedDict, total=False):
    """Settings by their names in ``pack.json``; what is left out is as it was, or usual.

    Attributes:
        shape: height and width of the input in pixels.
        mean, std: of pixels scaled to 0..1, in channel order.
        order: of the channels, ``BGR`` or ``RGB``.
        threshold: of a detector's mask, or of a classifier's probability.
        box_threshold, unclip_ratio: of a detector's boxes.
        min_side, max_side: that a detector's picture is brought to, in pixels.
        dilate: whether a detector's mask is dilated.
        direction: that a recogniser's lines are read in, ``ltr`` or ``rtl``.
        fixed_size, fixed_width, fixed_batch: set where a network takes no other.
        outputs, classes, blank, offset, space: a recogniser's decoding
            (:func:`opt_models.packs.decoding.decode`).
    """

    shape: list[int]
    mean: list[float]
    std: list[float]
    order: str
    threshold: float
    box_threshold: float
    unclip_ratio: float
    min_side: int
    max_side: int
    dilate: bool
    direction: str
    fixed_size: bool
    fixed_width: bool
    fixed_batch: bool
    outputs: str
    classes: int
    blank: int
    offset: int
    space: bool
