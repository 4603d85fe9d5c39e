"""Pages: what was read in one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

from lite_runner.arrays import Floats
from lite_runner.releases.proof import StageSeconds


@dataclass(frozen=True)
class Line:
    """One line of text.

    Attributes:
        text: what it says; None if not recognised.
        score: mean probability of its characters, or of its box where not recognised.
        box: float32 4x2, clockwise from the text's own top left, in pixels of the upright picture.
        angle: 180 where the line was upside down, else 0.
        polygon: float32 2Nx2 where polygons were asked for, else None: N points along the tops of
            the glyphs from the text's start to its end, and N along their bottoms back, in pixels
            of the upright picture. Of a straight line it is the box.
    """

    text: str | None
    score: float
    box: Floats
    angle: int
    polygon: Floats | None = None


@dataclass(frozen=True)
class Seconds:
    """Wall time of each stage."""

    detect: float
    classify: float
    recognise: float
    total: float

    def as_dict(self) -> StageSeconds:
        """As JSON takes it."""
        return {
            "detect": self.detect,
            "classify": self.classify,
            "recognise": self.recognise,
            "total": self.total,
        }


@dataclass(frozen=True)
class Page:
    """What one picture says: its lines in reading order."""

    width: int
    height: int
    lines: tuple[Line, ...]
    seconds: Seconds

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)
