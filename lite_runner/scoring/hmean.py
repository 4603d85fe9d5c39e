"""How much of the true text a detector finds: precision, recall and their harmonic mean."""

from __future__ import annotations

from typing import NamedTuple, Sequence

import cv2
import numpy as np

from lite_runner.scoring.scores import DetectionScore

#: Share of two quads' union that they must have in common to be one line (ICDAR 2015, task 4.1).
OVERLAP = 0.5

Quad = Sequence[Sequence[float]]


class Matches(NamedTuple):
    """Numbers of matched, true and detected quads."""

    matched: int
    true: int
    detected: int

    def as_dict(self) -> DetectionScore:
        """With precision, recall and Hmean, 1 where there is nothing to find and nothing found."""
        precision = self.matched / self.detected if self.detected else float(not self.true)
        recall = self.matched / self.true if self.true else float(not self.detected)
        both = precision + recall
        return {
            "hmean": 2 * precision * recall / both if both else 0.0,
            "precision": precision,
            "recall": recall,
            "matched": self.matched,
            "true": self.true,
            "found": self.detected,
        }


def match(true: Sequence[Quad], detected: Sequence[Quad]) -> Matches:
    """Pair quads one to one, those with the largest overlap first.

    Args:
        true: quads of 4 corners (x, y) in pixels.
        detected: likewise, in any order.
    """
    pairs = sorted(
        (
            (overlap(quad, other), left, right)
            for left, quad in enumerate(true)
            for right, other in enumerate(detected)
        ),
        key=lambda pair: -pair[0],
    )
    used_true, used_found = set(), set()
    for share, left, right in pairs:
        if share < OVERLAP:
            break
        if left not in used_true and right not in used_found:
            used_true.add(left)
            used_found.add(right)
    return Matches(len(used_true), len(true), len(detected))


def overlap(quad: Quad, other: Quad) -> float:
    """Intersection over union of two convex quads, whatever way round their corners run."""
    left, right = (cv2.convexHull(np.asarray(corners, np.float32)) for corners in (quad, other))
    common, _ = cv2.intersectConvexConvex(left, right)
    union = cv2.contourArea(left) + cv2.contourArea(right) - common
    return float(common / union) if union > 0 else 0.0
