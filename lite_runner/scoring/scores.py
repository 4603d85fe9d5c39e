"""Scores as they stand in records, as JSON."""

from __future__ import annotations

from typing import TypedDict


class ErrorRate(TypedDict):
    """Wrong characters, all true ones, and their ratio."""

    errors: int
    characters: int
    cer: float


class TextScore(ErrorRate):
    """Without white space and, under ``spaced``, with it."""

    spaced: ErrorRate


class DetectionScore(TypedDict):
    """How well boxes match the true ones.

    Attributes:
        hmean: harmonic mean of the two.
        precision: share of the boxes found that are true.
        recall: share of the true boxes that were found.
        matched: boxes that are both.
        true: boxes that are there.
        found: boxes that were found.
    """

    hmean: float
    precision: float
    recall: float
    matched: int
    true: int
    found: int
