"""Benchmarks from the host: packs, settings and peers measured against each other on one board.

What is measured is the release in use, or releases that are staged beside it and verified like any
deploy; nothing is switched, and what was brought for the benchmark alone is removed in the end.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Sequence

from cross_build.bench import instructions
from cross_build.bench.staging import Stage, Sweep, in_use, staged
from cross_build.boards.board import Board
from cross_build.deploys import deploy as deploys
from cross_build.errors import BoardError, InstructionsError
from lite_runner.bench import candidate
from lite_runner.bench.candidate import Candidate
from lite_runner.bench.messages import Picture, Setting
from lite_runner.bench.record import Record
from lite_runner.bench.result import End, Host, Instructions, Result
from lite_runner.bench.run import Plan
from lite_runner.errors import UsageError


def bench(
    board: Board,
    sweep: Sweep,
    pictures: Sequence[Picture],
    plan: Plan,
    emulated: bool,
    count: bool = True,
) -> Result:
    """Measure on a board.

    Args:
        board: any; a release in use stays in use.
        sweep: what is measured; of no pack, library or peer at all: the release in use.
        pictures: on the host.
        plan: how much.
        emulated: whether its processor is.
        count: whether instructions are counted then.

    Returns:
        The record; of a run that was interrupted or cut off what there is, marked.

    Raises:
        LiteError: nothing could be measured.
    """

    def run(stage: Stage) -> Result:
        candidates, skipped = _candidates(stage, sweep)
        record = measure(stage, candidates, skipped, plan, emulated)
        if emulated and count and record["complete"]:
            _count(stage, candidates, record, pictures)
        return record

    if not (sweep.packs or sweep.runtime or sweep.peers):
        with in_use(board, pictures) as deployed:
            if deployed is not None:
                return run(deployed)
    with staged(board, sweep, pictures) as stage:
        return run(stage)


def measure(
    stage: Stage,
    candidates: Sequence[Candidate],
    skipped: Sequence[str],
    plan: Plan,
    emulated: bool,
) -> Result:
    """Run candidates on a board that has all they need; see :func:`bench`."""
    board = stage.board
    job = {
        "candidates": [asdict(candidate) for candidate in candidates],
        "pictures": list(stage.pictures),
        "plan": asdict(plan),
        "skipped": list(skipped),
    }
    host: Host = {
        "target": board.target.name,
        "host": getattr(board.transport, "host", None),
        "emulated": emulated,
    }
    record: Record | None = None
    ended: End = {"seconds": 0.0, "stopped": None}
    last = 0.0

    def on_line(line: str) -> None:
        nonlocal record, last
        try:
            ((kind, value),) = json.loads(line).items()
        except (ValueError, AttributeError):
            return  # the library's own words
        if kind == "begin":
            record = Record(value, host)
        elif kind == "turn" and record is not None:
            record.add(value)
            last = value.get("at", last)
        elif kind == "end":
            ended.update(value)
        elif kind == "say":
            print(value, file=sys.stderr, flush=True)

    # The first program is ours: it knows how to run a job.
    program = stage.programs[0][1]
    try:
        outcome = board.transport.run([program, "bench", "--job"], json.dumps(job), on_line)
        if outcome.code != 0:
            why = f"the board's program failed: {deploys.last_words(outcome)}"
            ended = {"stopped": why, "seconds": last}
    except KeyboardInterrupt:
        ended = {"stopped": "interrupted", "seconds": last}
    except BoardError as error:
        ended = {"stopped": str(error), "seconds": last}
    if record is None:
        raise BoardError(f"{board.target.name}: nothing was measured: {ended['stopped']}")
    return record.result(ended["seconds"], ended["stopped"])


def _candidates(stage: Stage, sweep: Sweep) -> tuple[list[Candidate], list[str]]:
    candidates: list[Candidate] = []
    skipped = list(stage.skipped)
    on_arm = stage.board.target.runtime.arch == "arm"
    if sweep.powers and not on_arm:
        skipped.append("power modes: Paddle-Lite has them on ARM only")
    for name, program, peer in stage.programs:
        swept, left_out = candidate.sweep(
            name,
            program,
            {},
            # Of ours a release knows its own number; a peer gets as many.
            sweep.threads or ([min(stage.board.target.threads, stage.cores)] if peer else []),
            () if peer or not on_arm else sweep.powers,
            () if peer else sweep.workers,
            stage.cores,
        )
        candidates += swept
        skipped += left_out
    if not candidates:
        raise UsageError(f"bench: {'; '.join(skipped)}")
    return candidates, skipped


def _count(
    stage: Stage,
    candidates: Sequence[Candidate],
    record: Result,
    pictures: Sequence[Picture],
) -> None:
    """Add to each of our candidates the instructions one thread takes for the smallest picture."""
    picture = min(pictures, key=lambda picture: int(picture["width"] * picture["height"]))
    ours = {program for _, program, peer in stage.programs if not peer}
    counted: dict[str, Instructions | None] = {}
    for measured, result in zip(candidates, record["candidates"]):
        if measured.program not in ours or not result["turns"]:
            continue
        if measured.program not in counted:
            say = f"counting instructions of {measured.name} for {picture['image']}"
            print(say, file=sys.stderr, flush=True)
            request: Setting = {
                "pack": None,
                "power": None,
                "bucket": None,
                "max_side": None,
                "freedom": None,
            }
            release = str(Path(measured.program).parent)
            try:
                path, detect = Path(picture["path"]), picture["detect"]
                counts = instructions.page(stage.board.target, release, path, detect, request)
                counted[measured.program] = {"image": picture["image"], **counts}
            except InstructionsError as error:
                counted[measured.program] = None
                record["skipped"].append(f"instructions: {error}")
        result["instructions"] = counted[measured.program]
