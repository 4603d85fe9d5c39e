"""The record of a run: what was asked, every session as it came, and what follows from both.

Its JSON is the project's benchmark format (docs/benchmarks.md). A record of a run that was cut off
is one with fewer sessions: it says so, and what is in it is good.
"""

from __future__ import annotations

from typing import Iterable, List, Sequence

import numpy as np

from lite_runner import __version__
from lite_runner.bench.messages import Image, Text
from lite_runner.bench.result import (
    Begin,
    CandidateResult,
    Failure,
    Host,
    ImageSummary,
    Measurement,
    Result,
    Session,
)
from lite_runner.bench.statistics import STAGES, median, passes, spread, uncertainty
from lite_runner.scoring import hmean
from lite_runner.scoring.cer import Accuracy, compare, compare_with_spaces, total
from lite_runner.scoring.scores import DetectionScore, ErrorRate, TextScore

SCHEMA = 1

#: Of a board that measures itself.
_NO_HOST: Host = {"target": None, "host": None, "emulated": False}

#: Lines of a picture.
Lines = List[str]


class Record:
    """A run as far as it has come.

    Args:
        begin: the run's first word.
        host: what only the host knows; None if the board measures itself.
    """

    def __init__(self, begin: Begin, host: Host | None = None) -> None:
        self._begin = begin
        self._host = _NO_HOST if host is None else host
        count = len(begin["candidates"])
        self._sessions: list[list[Measurement]] = [[] for _ in range(count)]
        self._failed: list[str | None] = [None] * count

    def add(self, outcome: Measurement | Failure) -> None:
        """Take in a session, or why a candidate's session failed."""
        index = outcome["candidate"]
        if "failed" in outcome:
            self._failed[index] = outcome["failed"]
        else:
            self._sessions[index].append(outcome)

    def uncertainty(self, index: int) -> float:
        """How far a candidate's median total may be off, as a share."""
        return uncertainty(passes(self._sessions[index], "total"))

    def result(self, seconds: float, stopped: str | None) -> Result:
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
            "images": [_summary(image) for image in begin["images"]],
            "candidates": [self._candidate(index) for index in range(len(self._sessions))],
            "skipped": begin["skipped"],
        }

    def _candidate(self, index: int) -> CandidateResult:
        sessions, images = self._sessions[index], self._begin["images"]
        result = _unmeasured(self._begin["candidates"][index], self._failed[index])
        result["turns"] = [_session(measured) for measured in sessions]
        if not sessions:
            return result
        read = sessions[0]["read"]
        texts = [None if text is None else text[0] for text in read]
        _describe(result, sessions[0])
        result["texts"] = texts
        result["steady"] = all(
            session["steady"] and session["read"] == read for session in sessions
        )
        result["accuracy"] = accuracy(images, texts)
        result["detection"] = detection(images, read)
        result["summary"] = {
            stage: spread([1000 * mean for times in passes(sessions, stage) for mean in times])
            for stage in STAGES
        }
        result["lines_per_second"] = _lines_per_second(texts, median(passes(sessions, "total")))
        result["startup_cold"] = _startup(sessions, cold=True)
        result["startup_warm"] = _startup(sessions, cold=False)
        result["load"] = _median(session["load"] for session in sessions)
        result["peak_rss"] = max(session["peak_rss"] or 0 for session in sessions) or None
        result["stable"] = self.uncertainty(index) <= self._begin["settings"]["stable"]
        return result


def accuracy(images: Sequence[Image], texts: Sequence[Lines | None]) -> TextScore | None:
    """Wrong characters over the pictures whose text is known; None if there is no such picture."""
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


def detection(images: Sequence[Image], read: Sequence[Text | None]) -> DetectionScore | None:
    """Hmean at IoU 0.5 over the pictures whose boxes are known; None if there is none."""
    matches = [
        hmean.match(image["boxes"], [] if text is None else text[1])
        for image, text in zip(images, read)
        if image["boxes"] is not None and image["detect"]
    ]
    if not matches:
        return None
    return hmean.Matches(*(sum(column) for column in zip(*matches))).as_dict()


def _summary(image: Image) -> ImageSummary:
    return {
        "image": image["image"],
        "sha256": image["sha256"],
        "width": image["width"],
        "height": image["height"],
        "lines": image["lines"],
        "boxes": image["boxes"] is not None,
    }


def _unmeasured(name: str, failed: str | None) -> CandidateResult:
    """The result of a candidate before any session of it has ended."""
    return {
        "id": name,
        "engine": None,
        "engine_version": None,
        "reader": None,
        "pack": None,
        "models": None,
        "threads": None,
        "power": None,
        "workers": None,
        "bucket": None,
        "max_side": None,
        "texts": None,
        "steady": None,
        "accuracy": None,
        "detection": None,
        "summary": None,
        "lines_per_second": None,
        "startup_cold": None,
        "startup_warm": None,
        "load": None,
        "peak_rss": None,
        "instructions": None,
        "stable": False,
        "failed": failed,
        "turns": [],
    }


def _describe(result: CandidateResult, session: Measurement) -> None:
    """Fill in what a session reports about its reader."""
    about = session["about"]
    result["engine"], result["engine_version"] = about["engine"], about["engine_version"]
    result["reader"], result["pack"] = about["reader"], about["pack"]
    result["models"], result["threads"] = about["models"], about["threads"]
    result["power"], result["workers"] = about["power"], about["workers"]
    result["bucket"], result["max_side"] = about.get("bucket"), about.get("max_side")


def _session(measured: Measurement) -> Session:
    return {
        "order": measured["order"],
        "at": measured["at"],
        "startup": measured["startup"],
        "cold": measured["cold"],
        "load": measured["load"],
        "peak_rss": measured["peak_rss"],
        "before": measured["before"],
        "after": measured["after"],
        "passes": measured["passes"],
    }


def _startup(sessions: Sequence[Measurement], cold: bool) -> float | None:
    return _median(session["startup"] for session in sessions if session["cold"] == cold)


def _lines_per_second(texts: Sequence[Lines | None], seconds: float) -> float | None:
    """Of the pictures that could be read, which take so many seconds each."""
    read = [text for text in texts if text is not None]
    duration = seconds * len(read)
    return sum(map(len, read)) / duration if duration > 0 else None


def _errors(accuracy: Accuracy) -> ErrorRate:
    return {"errors": accuracy.errors, "characters": accuracy.characters, "cer": accuracy.cer}


def _median(values: Iterable[float]) -> float | None:
    numbers = list(values)
    return float(np.median(numbers)) if numbers else None
