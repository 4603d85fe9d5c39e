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
    """

    text: str | None
    score: float
    box: Floats
    angle: int


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
    """What one picture says.

    Attributes:
        width, height: of the picture, in pixels.
        lines: in reading order.
        seconds: that it took.
        smallest_text: height in pixels below which text can have been missed, where the picture was
            shrunk and has strokes as fine as of such text; else None.
    """

    width: int
    height: int
    lines: tuple[Line, ...]
    seconds: Seconds
    smallest_text: int | None = None

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)
