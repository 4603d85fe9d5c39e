"""``ocr bench``: measures this board, for its user or for a host that sends a job."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import IO, Mapping

from lite_runner import pack, terminal
from lite_runner.bench import pictures, run, table
from lite_runner.bench.candidate import Candidate, sweep
from lite_runner.bench.messages import Job, Setting
from lite_runner.bench.result import Event
from lite_runner.capabilities import note
from lite_runner.cli import output
from lite_runner.errors import UsageError
from lite_runner.predictor import engines
from lite_runner.releases import settings

#: A release's own program, which runs sessions.
PROGRAM = "ocr"


def bench(options: argparse.Namespace) -> int:
    """Measure this board with the release the runner lies in; prints a table.

    Args:
        options: ``images``, ``pack``, ``threads``, ``workers``, ``power``, ``limit``, ``json``.

    Raises:
        UsageError: there is nothing to measure with.
        LiteError: a pack is damaged or cannot run here.
    """
    _interrupt_on_termination()
    program = settings.home() / PROGRAM
    if not program.is_file():
        raise UsageError(
            "bench: this runner lies in no release; run it by a deployed release's ocr"
        )
    own = pack.of_this_release()
    folders: list[Path] = options.pack or ([own] if own else [])
    packs = {folder: pack.load(folder) for folder in folders}
    images = (
        pictures.find(options.images)
        if options.images
        else pictures.golden(next(iter(packs.values())))
    )
    candidates, skipped = _candidates(options, packs, own, program)
    if not candidates:
        raise UsageError(f"bench: {'; '.join(skipped)}")
    plan = run.Plan(limit=float(options.limit))
    record = run.run(candidates, images, plan, skipped, say=_say)
    if options.json:
        output.write_json(record, options.json)
    if options.json != output.STDOUT:
        print(table.text(record, terminal.columns()))
    if not record["complete"]:
        return 130
    return 1 if any(candidate["failed"] for candidate in record["candidates"]) else 0


def _candidates(
    options: argparse.Namespace, packs: Mapping[Path, pack.Pack], own: Path | None, program: Path
) -> tuple[list[Candidate], list[str]]:
    """Every pack with every requested setting, and sentences on what is left out."""
    candidates: list[Candidate] = []
    skipped: list[str] = []
    names = [files.name for files in packs.values()]
    on_arm = engines.of_this_release().arch == "arm"
    if options.power and not on_arm:
        skipped.append("power modes: Paddle-Lite has them on ARM only")
    for folder, files in packs.items():
        request: Setting = {"pack": str(folder.resolve())}
        if own is None or folder.resolve() != own.resolve():
            # What its models stay right with is known of the release's own pack only.
            request["freedom"] = engines.as_data(note.outcome(engines.of_this_release(), files))
        of_pack, left_out = sweep(
            files.name if names.count(files.name) == 1 else str(folder),
            str(program),
            request,
            options.threads,
            options.power if on_arm else [],
            options.workers,
            len(os.sched_getaffinity(0)),
        )
        candidates += of_pack
        skipped += left_out
    return candidates, skipped


def run_job(source: IO[str], sink: IO[str]) -> int:
    """Measure what a host asks for.

    Args:
        source: JSON of a :class:`lite_runner.bench.messages.Job`.
        sink: gets the run's events, each a JSON object of one entry on a line.
    """
    _interrupt_on_termination()
    job: Job = json.load(source)

    def tell(kind: str, value: Event) -> None:
        print(json.dumps({kind: value}, ensure_ascii=False), file=sink, flush=True)

    run.run(
        [Candidate(**candidate) for candidate in job["candidates"]],
        job["pictures"],
        run.Plan(**job["plan"]),
        job["skipped"],
        tell,
        lambda text: tell("say", text),
    )
    return 0


def _interrupt_on_termination() -> None:
    """Raise KeyboardInterrupt on SIGTERM and SIGHUP, too, so that no session is left running."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
