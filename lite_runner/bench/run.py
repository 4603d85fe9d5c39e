"""A run: turns of all candidates in random order, until their medians are known or time is up.

Each turn is a process of its own, so that memory and start are measured, too, and candidates never
share the board. The order is drawn anew for each round: a board that grows hot or slow does so to
all of them alike.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Callable, Iterator, Sequence

from lite_runner.bench import system_state
from lite_runner.bench.candidate import Candidate
from lite_runner.bench.record import Record
from lite_runner.bench.statistics import median, passes
from lite_runner.errors import LiteError


class TurnError(LiteError):
    """A turn's process ended before it was done; with its last words."""


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        warmup: passes over the pictures that do not count, in each turn.
        passes: that count.
        least: turns of each candidate, at least.
        most: and at most.
        stable: a candidate is done when its median total is known to within this share.
        limit: seconds after which no turn begins any more, once each candidate had one.
        seed: of the random order.
        patience: seconds after which a turn is taken for hung and ended.
    """

    warmup: int = 1
    passes: int = 3
    least: int = 3
    most: int = 20
    stable: float = 0.02
    limit: float = 600.0
    seed: int = 0
    patience: float = 3600.0


Event = Callable[[str, Any], None]


def run(
    candidates: Sequence[Candidate],
    pictures: Sequence[dict[str, Any]],
    plan: Plan,
    skipped: Sequence[str] = (),
    tell: Event = lambda kind, value: None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Measure candidates against each other.

    Args:
        candidates: at least one.
        pictures: each with ``path``, ``detect``, and as in the record ``image``, ``sha256``,
            ``width``, ``height``, ``lines``, ``boxes``.
        plan: how much.
        skipped: sentences on what is not measured, for the record.
        tell: called with ``begin``, each ``turn`` and ``end`` as they come.
        say: called with a line for people now and then.

    Returns:
        The record; of an interrupted run what there is, marked.
    """
    begin = {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
        "board": system_state.board(),
        "settings": {
            "warmup": plan.warmup,
            "passes": plan.passes,
            "stable": plan.stable,
            "limit_seconds": plan.limit,
            "seed": plan.seed,
            "min_turns": plan.least,
        },
        "images": [{k: v for k, v in one.items() if k != "path"} for one in pictures],
        "candidates": [one.name for one in candidates],
        "skipped": list(skipped),
    }
    tell("begin", begin)
    record = Record(begin)
    start = time.monotonic()
    stopped: str | None = None
    try:
        for index, turn in _turns(candidates, pictures, plan, record, start, say):
            found = {"candidate": index, **turn}
            tell("turn", found)
            record.add(found)
        known = (record.uncertainty(index) <= plan.stable for index in range(len(candidates)))
        if time.monotonic() - start > plan.limit and not all(known):
            stopped = f"time limit of {plan.limit:.0f} s"
    except KeyboardInterrupt:
        stopped = "interrupted"
    seconds = time.monotonic() - start
    tell("end", {"seconds": seconds, "stopped": stopped})
    return record.result(seconds, stopped)


def _turns(
    candidates: Sequence[Candidate],
    pictures: Sequence[dict[str, Any]],
    plan: Plan,
    record: Record,
    start: float,
    say: Callable[[str], None],
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(candidate's index, what its turn measured) in the order they are taken."""
    drawing = random.Random(plan.seed)  # noqa: S311 - not a secret, and repeatable
    going, order = list(range(len(candidates))), 0
    for number in range(plan.most):
        drawing.shuffle(going)
        for index in list(going):
            one = candidates[index]
            at = time.monotonic() - start
            if number and at > plan.limit:
                return
            cold = number == 0 and drop_files(Path(one.program).resolve().parent)
            try:
                turn = take(one, pictures, plan, cold)
            except TurnError as error:
                say(f"{one.name}: {error}")
                going.remove(index)
                yield index, {"failed": str(error)}
                continue
            yield index, {"order": order, "at": round(at, 3), **turn}
            order += 1
            known = record.uncertainty(index)
            total = median(passes([turn], "total"))
            doubt = "" if known == float("inf") else f", median known to {known:.1%}"
            say(f"round {number + 1}  {one.name}: {total * 1000:.0f} ms a picture{doubt}")
            if number + 1 >= plan.least and known <= plan.stable:
                going.remove(index)
        if not going:
            return


def take(
    candidate: Candidate, pictures: Sequence[dict[str, Any]], plan: Plan, cold: bool
) -> dict[str, Any]:
    """One turn of a candidate.

    Raises:
        TurnError: its process failed.
    """
    request = {
        **dict.fromkeys(
            ("pack", "threads", "power", "workers", "bucket", "max_side", "freedom"), None
        ),
        **candidate.request,
        "warmup": plan.warmup,
        "passes": plan.passes,
        "pictures": [{"path": one["path"], "detect": one["detect"]} for one in pictures],
    }
    before = system_state.read()
    found: dict[str, Any] = {"cold": cold, "before": before, "passes": []}
    start = time.perf_counter()
    with _started(candidate.program, request) as (lines, child, words):
        watch = threading.Timer(plan.patience, os.killpg, (child.pid, signal.SIGKILL))
        watch.daemon = True
        watch.start()
        for line in lines:
            try:
                ((kind, value),) = json.loads(line).items()
            except (ValueError, AttributeError):
                continue  # the library's own words
            if kind == "ready":
                found["startup"] = time.perf_counter() - start
                found["load"] = value.pop("load")
                found["about"] = value
            elif kind == "pass":
                found["passes"].append(value)
            elif kind == "done":
                found.update(value)
        code = child.wait()
        hung = not watch.is_alive()
        watch.cancel()
        if hung:
            raise TurnError(f"took over {plan.patience:.0f} s; the file or the board is broken")
        if "read" not in found:
            words.seek(0)
            said = [one for one in words.read().decode("utf-8", "replace").split("\n") if one]
            ended = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
            raise TurnError(said[-1].strip() if said else ended)
    found["after"] = system_state.read()
    return found


@contextlib.contextmanager
def _started(
    program: str, request: dict[str, Any]
) -> Iterator[tuple[IO[str], subprocess.Popen[str], IO[bytes]]]:
    """A turn's process, what it says, and a file of its complaints; ended with the context."""
    with tempfile.TemporaryFile() as words:
        try:
            child = subprocess.Popen(
                [program, "turn"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise TurnError(f"{program}: {error.strerror}") from error
        with child:
            try:
                if child.stdin is None or child.stdout is None:
                    raise ValueError("a child without pipes")
                with contextlib.suppress(BrokenPipeError):  # it is dead: its words tell why
                    child.stdin.write(json.dumps(request))
                    child.stdin.close()
                yield child.stdout, child, words
            except BaseException:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                raise


def drop_files(folder: Path) -> bool:
    """Ask the system to forget what it has read of a folder's files; False where it cannot."""
    if not hasattr(os, "posix_fadvise"):
        return False
    try:
        os.sync()  # what is not written yet is not forgotten
        for path in folder.rglob("*"):
            if path.is_file():
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                finally:
                    os.close(descriptor)
    except OSError:
        return False
    return True
