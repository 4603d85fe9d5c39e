"""A run: sessions of all candidates in random order, until their medians are known or time is up.

Each session is a process of its own, so that memory and start are measured, too, and candidates
never share the board. The order is drawn anew for each round: a board that grows hot or slow does
so to all of them alike.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Sequence

from lite_runner.bench import page_cache, system_state
from lite_runner.bench.candidate import Candidate
from lite_runner.bench.messages import Image, Picture, Request
from lite_runner.bench.record import Record
from lite_runner.bench.result import Begin, Event, Failure, Measurement, Result
from lite_runner.bench.session_process import SessionError, measure
from lite_runner.bench.statistics import median, passes


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        warmup: passes over the pictures that do not count, in each session.
        passes: that count.
        min_sessions: of each candidate, at least.
        max_sessions: and at most.
        stable: a candidate is done when its median total is known to within this share.
        limit: seconds after which no session begins any more, once each candidate had one.
        seed: of the random order.
        patience: seconds after which a session is taken for hung and ended.
    """

    warmup: int = 1
    passes: int = 3
    min_sessions: int = 3
    max_sessions: int = 20
    stable: float = 0.02
    limit: float = 600.0
    seed: int = 0
    patience: float = 3600.0


#: Called with the kind of an event and the event.
Tell = Callable[[str, Event], None]


def run(
    candidates: Sequence[Candidate],
    pictures: Sequence[Picture],
    plan: Plan,
    skipped: Sequence[str] = (),
    tell: Tell = lambda kind, event: None,
    say: Callable[[str], None] = lambda text: None,
) -> Result:
    """Measure candidates against each other.

    Args:
        candidates: at least one.
        pictures: to be read.
        plan: how much.
        skipped: sentences on what is not measured, for the record.
        tell: called with ``begin``, each ``turn`` and ``end`` as they come.
        say: called with a line for people now and then.

    Returns:
        The record; of an interrupted run what there is, marked.
    """
    begin = _begin(candidates, pictures, plan, skipped)
    tell("begin", begin)
    record = Record(begin)
    start = time.monotonic()
    stopped: str | None = None
    try:
        for outcome in _sessions(candidates, pictures, plan, record, start, say):
            tell("turn", outcome)
            record.add(outcome)
        known = (record.uncertainty(index) <= plan.stable for index in range(len(candidates)))
        if time.monotonic() - start > plan.limit and not all(known):
            stopped = f"time limit of {plan.limit:.0f} s"
    except KeyboardInterrupt:
        stopped = "interrupted"
    seconds = time.monotonic() - start
    tell("end", {"seconds": seconds, "stopped": stopped})
    return record.result(seconds, stopped)


def _begin(
    candidates: Sequence[Candidate],
    pictures: Sequence[Picture],
    plan: Plan,
    skipped: Sequence[str],
) -> Begin:
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
        "board": system_state.board(),
        "settings": {
            "warmup": plan.warmup,
            "passes": plan.passes,
            "stable": plan.stable,
            "limit_seconds": plan.limit,
            "seed": plan.seed,
            "min_turns": plan.min_sessions,
        },
        "images": [_image(picture) for picture in pictures],
        "candidates": [candidate.name for candidate in candidates],
        "skipped": list(skipped),
    }


def _image(picture: Picture) -> Image:
    return {
        "detect": picture["detect"],
        "image": picture["image"],
        "sha256": picture["sha256"],
        "width": picture["width"],
        "height": picture["height"],
        "lines": picture["lines"],
        "boxes": picture["boxes"],
    }


def _sessions(
    candidates: Sequence[Candidate],
    pictures: Sequence[Picture],
    plan: Plan,
    record: Record,
    start: float,
    say: Callable[[str], None],
) -> Iterator[Measurement | Failure]:
    """Run sessions; gives what they measure in the order they run."""
    drawing = random.Random(plan.seed)  # noqa: S311 - not a secret, and repeatable
    going, order = list(range(len(candidates))), 0
    for number in range(plan.max_sessions):
        drawing.shuffle(going)
        for index in list(going):
            candidate = candidates[index]
            at = time.monotonic() - start
            if number and at > plan.limit:
                return
            cold = number == 0 and page_cache.drop_files(Path(candidate.program).resolve().parent)
            try:
                request = _request(candidate, pictures, plan)
                outcome = measure(candidate.program, request, plan.patience, cold)
            except SessionError as error:
                say(f"{candidate.name}: {error}")
                going.remove(index)
                yield {"candidate": index, "failed": str(error)}
                continue
            yield {"candidate": index, "order": order, "at": round(at, 3), **outcome}
            order += 1
            known = record.uncertainty(index)
            total = median(passes([outcome], "total"))
            doubt = "" if known == float("inf") else f", median known to {known:.1%}"
            say(f"round {number + 1}  {candidate.name}: {total * 1000:.0f} ms a picture{doubt}")
            if number + 1 >= plan.min_sessions and known <= plan.stable:
                going.remove(index)
        if not going:
            return


def _request(candidate: Candidate, pictures: Sequence[Picture], plan: Plan) -> Request:
    return {
        "pack": None,
        "threads": None,
        "power": None,
        "workers": None,
        "bucket": None,
        "max_side": None,
        "freedom": None,
        **candidate.request,
        "warmup": plan.warmup,
        "passes": plan.passes,
        "pictures": [
            {"path": picture["path"], "detect": picture["detect"]} for picture in pictures
        ],
    }
