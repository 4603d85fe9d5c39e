"""Tuning: the settings a board reads fastest with, as far as reading no worse allows.

One thing after the other, each measured against the best so far in one run: threads and workers,
then the width of buckets, then the size of the detector's input. A setting is given up only for one
that is faster beyond doubt.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from typing import Sequence

import numpy as np

from cross_build.bench.benchmark import measure
from cross_build.bench.evaluation import points
from cross_build.bench.reports.statistics import LEAST_TURNS, ratio
from cross_build.bench.staging import Stage, Sweep, staged
from cross_build.boards.board import Board
from cross_build.errors import BoardError, TargetError
from lite_runner.bench.candidate import Candidate
from lite_runner.bench.messages import Picture, Setting
from lite_runner.bench.result import CandidateResult, Result
from lite_runner.bench.run import Plan
from lite_runner.bench.statistics import passes
from lite_runner.ocr.detector.detection import STRIDE
from lite_runner.releases.settings import TUNED_NUMBERS, Settings, TunedNumber, Tuning
from opt_models.command_name import command_name

#: Widths that lines' inputs are rounded up to: wider ones open fewer models and compute more.
_BUCKETS = (32, 64, 128, 320)
#: Detector inputs to try, as shares of the pack's own largest side.
_SIDES = (1.0, 0.8, 0.67, 0.5)


@dataclass(frozen=True)
class Tuned:
    """What tuning found.

    Attributes:
        pack: that was measured.
        setting: the best one, by the names of :class:`lite_runner.releases.settings.Settings`;
            empty where nothing is faster than the target's own.
        gain: how many times as fast as before.
        records: of every run, in order.
    """

    pack: str
    setting: Tuning
    gain: float
    records: Sequence[Result]


def tune(
    board: Board,
    pack: str,
    runtime: str,
    pictures: Sequence[Picture],
    plan: Plan,
    within: float,
) -> Tuned:
    """Find a board's best settings for a pack and keep them there for the deploys to come.

    Args:
        board: any real one.
        pack: named pack or folder of one; the target's own if empty.
        runtime: a Paddle-Lite library of the user's own.
        pictures: with true lines, or at least one of them.
        plan: of each run.
        within: how much more of the characters may be wrong, in points of 100, without spaces and
            with them.

    Raises:
        TargetError: no picture's text is known.
        BoardError: a run was interrupted; nothing is kept.
    """
    if all(picture["lines"] is None for picture in pictures):
        raise TargetError("--tune: the text of no picture is known; give a folder with labels.json")
    # What an earlier tuning found must not be what is compared with.
    sweep = Sweep(packs=[pack], runtime=runtime, tuned=False)
    with staged(board, sweep, pictures) as stage:
        name, _, _ = stage.programs[0]
        first: Setting = {
            "threads": min(board.target.threads, stage.cores),
            "workers": 1,
            "bucket": Settings.bucket,
            "max_side": None,
        }
        records: list[Result] = []
        best = first
        for number, vary in enumerate((_workers, _buckets, _sides)):
            side = _own_side(records)
            tried = [
                best,
                *(setting for setting in vary(best, stage.cores, side) if setting != best),
            ]
            print(f"tuning, step {number + 1} of 3: {len(tried)} settings", file=sys.stderr)
            record = _measure(stage, name, tried, plan)
            records.append(record)
            best = tried[_choose(record, within)]
        tuning: Tuning = {}
        if best != first:
            # Of many the fastest is also the luckiest: the two are measured once more.
            print("tuning: the best against the first", file=sys.stderr)
            record = _measure(stage, name, [first, best], plan)
            records.append(record)
            if _choose(record, within) == 1:
                tuning = _tuning(best)
        gain = _against_first(records[-1], 1) if tuning else 1.0
        board.release("tune", stage.models[0], stdin=json.dumps(tuning or None))
    return Tuned(name, tuning, gain, records)


def summary(board: Board, done: Tuned) -> str:
    """What tuning found, for people."""
    name = board.target.name
    if not done.setting:
        few = any(
            len(candidate["turns"]) < LEAST_TURNS
            for run in done.records
            for candidate in run["candidates"]
        )
        doubt = "; too little was measured to be sure, give it a longer --limit" if few else ""
        return f"{name}: nothing is faster for {done.pack} than the target's own settings{doubt}"
    words = ", ".join(f"{key} {value}" for key, value in done.setting.items())
    return (
        f"{name}: {done.pack} is read {done.gain:.2f} times as fast with {words}; kept on the"
        f" board, '{command_name()} deploy' uses it"
    )


def _tuning(best: Setting) -> Tuning:
    """What is kept of a setting: all that it does not leave to the reader."""
    numbers: dict[TunedNumber, int | None] = {key: best[key] for key in TUNED_NUMBERS}
    tuning: Tuning = {}
    for key, number in numbers.items():
        if number is not None:
            tuning[key] = number
    return tuning


def _measure(stage: Stage, name: str, tried: Sequence[Setting], plan: Plan) -> Result:
    program = stage.programs[0][1]
    candidates = [Candidate(_words(name, setting), program, setting) for setting in tried]
    record = measure(stage, candidates, (), plan, emulated=False)
    if not record["complete"] or not record["candidates"][0]["turns"]:
        why = record["stopped"] or record["candidates"][0]["failed"]
        raise BoardError(f"{stage.board.target.name}: tuning ended early: {why}; nothing is kept")
    return record


def _choose(record: Result, within: float) -> int:
    """Index of the fastest candidate that reads well enough and is faster beyond doubt."""
    first = record["candidates"][0]
    best, shortest = 0, 1.0
    for index, candidate in enumerate(record["candidates"]):
        if index == 0 or not candidate["turns"] or candidate["failed"] or not candidate["steady"]:
            continue
        worse = max(_points(candidate, first))
        taken, before = (
            [np.asarray(turn) for turn in passes(side["turns"], "total")]
            for side in (candidate, first)
        )
        speed = ratio(taken, before)
        if speed and speed.differs and speed.value < shortest and worse <= within:
            best, shortest = index, speed.value
    return best


def _points(candidate: CandidateResult, other: CandidateResult) -> tuple[float, float]:
    if candidate["accuracy"] is None or other["accuracy"] is None:
        raise TargetError(f"{candidate['id']}: the text of no picture is known")
    return points(candidate["accuracy"], other["accuracy"])


def _against_first(record: Result, index: int) -> float:
    first, other = (_median(record["candidates"][number]) for number in (0, index))
    return first / other


def _median(candidate: CandidateResult) -> float:
    """Of the milliseconds a picture takes; NaN where none was read."""
    return candidate["summary"]["total"]["median"] if candidate["summary"] else math.nan


def _workers(best: Setting, cores: int, side: int) -> list[Setting]:
    counts = sorted({1, 2, 4, cores} & set(range(1, cores + 1)))
    return [
        {**best, "threads": threads, "workers": workers} for threads in counts for workers in counts
    ]


def _buckets(best: Setting, cores: int, side: int) -> list[Setting]:
    return [{**best, "bucket": bucket} for bucket in _BUCKETS]


def _sides(best: Setting, cores: int, side: int) -> list[Setting]:
    sides = {max(STRIDE, round(side * share / STRIDE) * STRIDE) for share in _SIDES}
    return [{**best, "max_side": other} for other in sorted(sides - {side}, reverse=True)]


def _own_side(records: Sequence[Result]) -> int:
    return (records[-1]["candidates"][0]["max_side"] or 0) if records else 0


def _words(name: str, setting: Setting) -> str:
    words = [
        f"{count} {word[:-1] if count == 1 else word}"
        for word, count in (("threads", setting["threads"]), ("workers", setting["workers"]))
    ]
    words += [f"bucket {setting['bucket']}"]
    words += [f"side {setting['max_side']}"] if setting["max_side"] else []
    return ", ".join([name, *words])
