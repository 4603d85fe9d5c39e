"""A line on its way from the detector to its text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lite_runner.arrays import Floats, Image
from lite_runner.ocr.curves.centre_line import CentreLine
from lite_runner.ocr.layout import page_rotation
from lite_runner.ocr.words import Steps


@dataclass
class LineCrop:
    """A line cut out of a picture, filled in by one stage after the other.

    Attributes:
        pixels: uint8 hxwx3, straightened.
        box: float32 4x2, clockwise from where the text is taken to start.
        box_score: the detector's.
        angle: 180 where the line was turned, else 0.
        upside_down: the classifier's probability that it is upside down as it is.
        text: what it says; None before it was recognised.
        score: mean probability of its characters.
        steps: of the recogniser, where words are asked for.
        middle: of a curved line, as it was detected.
        core: float32 4x2, a curved line's own middle part.
    """

    pixels: Image
    box: Floats
    box_score: float
    angle: int = 0
    upside_down: float = 0.0
    text: str | None = None
    score: float = 0.0
    steps: Steps | None = None
    middle: CentreLine | None = None
    core: Floats | None = None

    @property
    def length(self) -> float:
        """Its width, in multiples of its height."""
        return float(self.pixels.shape[1] / self.pixels.shape[0])

    @property
    def place(self) -> Floats:
        """float32 4x2: where it stands among other lines."""
        return self.box if self.core is None else self.core

    @property
    def polygon(self) -> Floats:
        """float32 Nx2: its outline, clockwise from where the text is taken to start."""
        return self.box if self.middle is None else self.middle.outline()

    def rotated(self) -> LineCrop:
        """The same line turned by 180 degrees, not recognised yet."""
        return LineCrop(
            np.ascontiguousarray(self.pixels[::-1, ::-1]),
            np.roll(self.box, 2, axis=0),
            self.box_score,
            180 - self.angle,
            1 - self.upside_down,
            middle=None if self.middle is None else self.middle.reversed(),
            core=self.core,
        )

    def turn_back(self, width: int) -> None:
        """Put a line of a picture that was turned by a quarter where it is in the given one.

        Args:
            width: of the picture that was given, in pixels.
        """
        self.box = page_rotation.turned_back(self.box, width)
        self.angle = page_rotation.angle(self.box)
        if self.middle is not None:
            points = page_rotation.turned_back(self.middle.points, width)
            self.middle = CentreLine(points, self.middle.halves)
