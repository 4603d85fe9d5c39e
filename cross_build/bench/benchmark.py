"""Benchmarks from the host: packs, settings and peers measured against each other on one board.

Everything measured is a release of its own, staged beside the one in use and verified like any
deploy; nothing is switched, and what was brought for the benchmark alone is removed in the end.
"""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Iterator, Sequence

from cross_build.bench import instructions
from cross_build.bench.peers import peer as peers
from cross_build.bench.peers import selection
from cross_build.boards.board import Board
from cross_build.bundles.bundle import Bundle
from cross_build.deploys import deploy as deploys
from cross_build.deploys import remote_read
from cross_build.errors import BoardError, InstructionsError
from lite_runner.bench import candidate
from lite_runner.bench.candidate import Candidate
from lite_runner.bench.messages import Picture, Setting
from lite_runner.bench.record import Record
from lite_runner.bench.result import End, Host, Instructions, Result
from lite_runner.bench.run import Plan
from lite_runner.errors import LiteError, UsageError


@dataclass(frozen=True)
class Sweep:
    """What is measured.

    Attributes:
        packs: named packs or folders of packs; the target's own if empty.
        threads: of each model; the release's own number if empty.
        powers: Paddle-Lite's power modes; the release's own if empty.
        workers: lines recognised side by side; the release's own number if empty.
        peers: names of :data:`cross_build.bench.peers.peer.PEERS`; each is measured
            with the networks of each pack.
        runtime: a Paddle-Lite library of the user's own.
        tuned: whether what an earlier tuning found on the board is used.
    """

    packs: Sequence[str] = ()
    threads: Sequence[int] = ()
    powers: Sequence[str] = ()
    workers: Sequence[int] = ()
    peers: Sequence[str] = ()
    runtime: str = ""
    tuned: bool = True


@dataclass(frozen=True)
class Stage:
    """A board with everything in place.

    Attributes:
        board: held: no deploy comes between.
        programs: (name, path of the program there, whether a peer), ours first.
        cores: of the board.
        pictures: as the board has them (see :mod:`lite_runner.bench.pictures`).
        models: of each of our programs, what tells its models from others.
        skipped: sentences on what could not be brought, or is not told.
    """

    board: Board
    programs: Sequence[tuple[str, str, bool]]
    cores: int
    pictures: Sequence[Picture]
    models: Sequence[str]
    skipped: Sequence[str] = ()


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
        sweep: what is measured.
        pictures: on the host.
        plan: how much.
        emulated: whether its processor is.
        count: whether instructions are counted then.

    Returns:
        The record; of a run that was interrupted or cut off what there is, marked.

    Raises:
        LiteError: nothing could be measured.
    """
    with staged(board, sweep, pictures) as stage:
        candidates, skipped = _candidates(stage, sweep)
        record = measure(stage, candidates, skipped, plan, emulated)
        if emulated and count and record["complete"]:
            _count(stage, candidates, record, pictures)
        return record


@contextmanager
def staged(board: Board, sweep: Sweep, pictures: Sequence[Picture]) -> Iterator[Stage]:
    """Bring everything to a board that is to be measured; removed again in the end.

    Raises:
        LiteError: a pack or peer cannot be brought there.
    """
    chosen = list(dict.fromkeys(map(peers.find, sweep.peers)))
    with deploys.host_lock(board):
        board = board.with_interpreter()
        bundles = [
            deploys.bundle_for(board, pack or None, sweep.runtime, sweep.tuned)
            for pack in sweep.packs or [""]
        ]
        facts, system = board.probe(), bundles[0].system
        others = selection.bundles(chosen, bundles, board.target, facts)
        board, _ = board.install_system(system)
        with board.lock() as state:
            brought: list[str] = []
            try:
                programs = []
                for name, bundle in zip(_names(sweep.packs, bundles), bundles):
                    brought.append(bundle.name)
                    free = board.status().free if brought[1:] else state.free
                    done = deploys.stage(board, bundle, free)
                    programs.append((name, done.program, False))
                for name, bundle in others.bundles.items():
                    brought.append(bundle.name)
                    if not board.known(bundle.name).intact:
                        deploys.send(board, bundle, board.status().free)
                    programs.append((name, board.path("releases", bundle.name, "ocr"), True))
                with remote_read.inbox(board) as inbox:
                    board.transport.put(_files(pictures), inbox)
                    there: list[Picture] = [
                        {**picture, "path": f"{inbox}/{name}"}
                        for name, picture in zip(_files(pictures), pictures)
                    ]
                    models = [bundle.models for bundle in bundles]
                    yield Stage(board, programs, facts.cores, there, models, others.skipped)
            finally:
                _leave(board, brought)


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


def _names(packs: Sequence[str], bundles: Sequence[Bundle]) -> list[str]:
    """What packs are called: by their own names, or, where these are the same, as they were given.

    Raises:
        UsageError: one was given twice.
    """
    names = [str(bundle.about["pack"]) for bundle in bundles]
    if len(set(names)) < len(names):
        names = [Path(given).name for given in packs]
    if len(set(names)) < len(names):
        raise UsageError(f"--pack {', '.join(packs)}: two are the same, or called the same")
    return names


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


def _files(pictures: Sequence[Picture]) -> dict[str, Path]:
    """Pictures by a name of their own for the board."""
    return {f"{number:05d}": Path(picture["path"]) for number, picture in enumerate(pictures)}


def _leave(board: Board, brought: Sequence[str]) -> None:
    """Remove what was brought; what is in use or kept for rollback the board keeps."""
    for name in brought:
        try:
            board.release("discard", name)
        except LiteError as error:
            # The connection may be lost; the next deploy removes it.
            print(f"{error}; the next deploy tidies up there", file=sys.stderr)
            return
