"""The record of a run: what was asked, every turn as it came, and what follows from both.

Its JSON is the project's benchmark format (docs/benchmarks.md). A record of a run that was cut off
is one with fewer turns: it says so, and what is in it is good.
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import numpy as np

from lite_runner import __version__
from lite_runner.bench.statistics import STAGES, median, passes, spread, uncertainty
from lite_runner.scoring import hmean
from lite_runner.scoring.cer import Accuracy, compare, compare_with_spaces, total

SCHEMA = 1

#: What one turn says of its reader; the same for all turns of a candidate.
ABOUT = (
    *("engine", "engine_version", "reader", "pack", "models", "threads", "power", "workers"),
    *("bucket", "max_side"),
)


class Record:
    """A run as far as it has come.

    Args:
        begin: the run's first word: ``started``, ``board``, ``settings``, ``images``,
            ``candidates`` (their names), ``skipped``.
        host: what only the host knows: ``target``, ``host``, ``emulated``.
    """

    def __init__(self, begin: Mapping[str, Any], host: Mapping[str, Any] | None = None) -> None:
        self._begin = begin
        self._host = {"target": None, "host": None, "emulated": False, **(host or {})}
        count = len(begin["candidates"])
        self._turns: list[list[dict[str, Any]]] = [[] for _ in range(count)]
        self._failed: list[str | None] = [None] * count

    def add(self, turn: Mapping[str, Any]) -> None:
        """Take in a turn, or why a candidate's turn failed.

        Args:
            turn: ``candidate`` (its index) and either ``failed`` or what a turn measured.
        """
        index = turn["candidate"]
        if "failed" in turn:
            self._failed[index] = turn["failed"]
        else:
            self._turns[index].append(dict(turn))

    def uncertainty(self, index: int) -> float:
        """How far a candidate's median total may be off, as a share."""
        return uncertainty(passes(self._turns[index], "total"))

    def result(self, seconds: float, stopped: str | None) -> dict[str, Any]:
        """Everything, fit for JSON.

        Args:
            seconds: the run took.
            stopped: why it ended before all was known well; None if it did not.
        """
        begin = self._begin
        return {
            "schema": SCHEMA,
            "lite_ocr": __version__,
            "started": begin["started"],
            "seconds": round(seconds, 1),
            "complete": stopped is None or stopped.startswith("time limit"),
            "stopped": stopped,
            **self._host,
            "board": begin["board"],
            "settings": begin["settings"],
            "images": [
                {
                    **{key: image[key] for key in ("image", "sha256", "width", "height", "lines")},
                    "boxes": image["boxes"] is not None,
                }
                for image in begin["images"]
            ],
            "candidates": [self._candidate(index) for index in range(len(self._turns))],
            "skipped": begin["skipped"],
        }

    def _candidate(self, index: int) -> dict[str, Any]:
        turns, images = self._turns[index], self._begin["images"]
        found: dict[str, Any] = {
            "id": self._begin["candidates"][index],
            **dict.fromkeys(ABOUT),
            **dict.fromkeys(
                ("texts", "steady", "accuracy", "detection", "summary", "lines_per_second")
            ),
            **dict.fromkeys(("startup_cold", "startup_warm", "load", "peak_rss", "instructions")),
            "stable": False,
            "failed": self._failed[index],
            "turns": [
                {
                    key: turn[key]
                    for key in (
                        *("order", "at", "startup", "cold", "load", "peak_rss", "before", "after"),
                        "passes",
                    )
                }
                for turn in turns
            ],
        }
        if turns:
            read = turns[0]["read"]
            texts = [None if one is None else one[0] for one in read]
            lines = sum(len(one or ()) for one in texts)
            readable = sum(one is not None for one in texts)
            middle = median(passes(turns, "total"))
            found.update(
                {key: turns[0]["about"].get(key) for key in ABOUT},
                texts=texts,
                steady=all(turn["steady"] and turn["read"] == read for turn in turns),
                accuracy=accuracy(images, texts),
                detection=detection(images, read),
                summary={
                    stage: spread([1000 * v for turn in passes(turns, stage) for v in turn])
                    for stage in STAGES
                },
                lines_per_second=lines / (middle * readable) if middle * readable > 0 else None,
                startup_cold=_median(turn["startup"] for turn in turns if turn["cold"]),
                startup_warm=_median(turn["startup"] for turn in turns if not turn["cold"]),
                load=_median(turn["load"] for turn in turns),
                peak_rss=max((turn["peak_rss"] or 0 for turn in turns), default=0) or None,
                stable=self.uncertainty(index) <= self._begin["settings"]["stable"],
            )
        return found


def accuracy(
    images: Sequence[Mapping[str, Any]], texts: Sequence[Sequence[str] | None]
) -> dict[str, Any] | None:
    """Wrong characters over the pictures whose text is known; None if there is no such picture.

    Without white space and, under ``spaced``, with it.
    """
    pairs = [
        (image["lines"], text or [])
        for image, text in zip(images, texts)
        if image["lines"] is not None
    ]
    if not pairs:
        return None
    plain, spaced = (
        total(rule(*pair) for pair in pairs) for rule in (compare, compare_with_spaces)
    )
    return {**_errors(plain), "spaced": _errors(spaced)}


def _errors(found: Accuracy) -> dict[str, Any]:
    return {"errors": found.errors, "characters": found.characters, "cer": found.cer}


def detection(images: Sequence[Mapping[str, Any]], read: Sequence[Any]) -> dict[str, Any] | None:
    """Hmean at IoU 0.5 over the pictures whose boxes are known; None if there is none."""
    found = [
        hmean.match(image["boxes"], [] if one is None else one[1])
        for image, one in zip(images, read)
        if image["boxes"] is not None and image["detect"]
    ]
    if not found:
        return None
    return hmean.Matches(*(sum(column) for column in zip(*found))).as_dict()


def _median(values: Any) -> float | None:
    found = list(values)
    return float(np.median(found)) if found else None
