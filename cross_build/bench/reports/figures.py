"""Figures of a candidate of a benchmark: accuracy, and what its readings come to."""

# Types are read while this runs, also by Python 3.9: Optional, and no annotations as texts.
from dataclasses import dataclass
from typing import Mapping, Optional

from cross_build.bench.reports.turn import TIMES


@dataclass(frozen=True)
class TextAccuracy:
    """Characters wrong, missing or too many, the true ones, and their ratio; without white space.

    Attributes:
        spaced: the same with spaces; None in records of before they were counted.
    """

    errors: int
    characters: int
    cer: float
    spaced: "Optional[TextAccuracy]" = None


@dataclass(frozen=True)
class Detection:
    """How well quads were found; counts are of quads."""

    hmean: float
    precision: float
    recall: float
    matched: int
    true: int
    found: int


@dataclass(frozen=True)
class Spread:
    """Milliseconds per picture of a stage over all passes."""

    min: Optional[float] = None
    median: Optional[float] = None
    p90: Optional[float] = None
    max: Optional[float] = None


@dataclass(frozen=True)
class Spreads:
    """The spread of each stage; None for one that nobody timed."""

    decode: Optional[Spread] = None
    detect: Optional[Spread] = None
    classify: Optional[Spread] = None
    recognise: Optional[Spread] = None
    total: Optional[Spread] = None


@dataclass(frozen=True)
class Instructions:
    """Instructions per picture over so many of them, counted on an emulated board."""

    images: int
    decode: Optional[float] = None
    detect: Optional[float] = None
    classify: Optional[float] = None
    recognise: Optional[float] = None
    total: Optional[float] = None

    @property
    def stages(self) -> Mapping[str, Optional[float]]:
        """By :data:`TIMES`; None for a stage not counted."""
        return {stage: getattr(self, stage) for stage in TIMES}
