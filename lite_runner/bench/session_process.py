"""The process of one session: it is started, asked, watched, and ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from typing import IO, Iterator

from lite_runner.bench import system_state
from lite_runner.bench.messages import Done, Pass, Ready, Request
from lite_runner.bench.result import SessionOutcome
from lite_runner.errors import LiteError
from lite_runner.program_output import ended, last_line


class SessionError(LiteError):
    """A session's process ended too early; the text is the last line of its standard error."""


def measure(program: str, request: Request, patience: float, cold: bool) -> SessionOutcome:
    """Run one session.

    Args:
        program: is given the word ``turn``.
        request: for it.
        patience: seconds after which it is taken for hung and ended.
        cold: whether its files were dropped from the page cache before.

    Raises:
        SessionError: its process failed.
    """
    before = system_state.read()
    start = time.perf_counter()
    with _started(program, request) as (lines, child, words):
        watch = threading.Timer(patience, os.killpg, (child.pid, signal.SIGKILL))
        watch.daemon = True
        watch.start()
        answers = _answers(lines, start)
        code = child.wait()
        hung = not watch.is_alive()
        watch.cancel()
        if hung:
            raise SessionError(f"took over {patience:.0f} s; the file or the board is broken")
        if answers.ready is None or answers.done is None:
            words.seek(0)
            text = words.read().decode("utf-8", "replace")
            raise SessionError(last_line(text) or ended(code))
    return {
        "cold": cold,
        "before": before,
        "passes": answers.passes,
        "startup": answers.startup,
        "load": answers.ready["load"],
        "about": answers.ready,
        **answers.done,
        "after": system_state.read(),
    }


@dataclass
class _Answers:
    """Messages of a session so far; ``startup`` is the seconds until it was ready."""

    startup: float = 0.0
    ready: Ready | None = None
    passes: list[Pass] = field(default_factory=list)
    done: Done | None = None


def _answers(lines: IO[str], start: float) -> _Answers:
    """Collect the messages of a session until it has ended.

    Args:
        lines: its standard output.
        start: when its process was, by ``time.perf_counter``.
    """
    answers = _Answers()
    for line in lines:
        try:
            ((kind, value),) = json.loads(line).items()
        except (ValueError, AttributeError):
            continue  # printed by the library
        if kind == "ready":
            answers.startup, answers.ready = time.perf_counter() - start, value
        elif kind == "pass":
            answers.passes.append(value)
        elif kind == "done":
            answers.done = value
    return answers


@contextlib.contextmanager
def _started(
    program: str, request: Request
) -> Iterator[tuple[IO[str], subprocess.Popen[str], IO[bytes]]]:
    """The standard output of a session's process, the process, and a file of its standard error.

    The process ends with the context.
    """
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
            raise SessionError(f"{program}: {error.strerror}") from error
        with child:
            try:
                if child.stdin is None or child.stdout is None:
                    raise ValueError("a child without pipes")
                # It may have ended: then its errors tell why.
                with contextlib.suppress(BrokenPipeError):
                    child.stdin.write(json.dumps(request))
                    child.stdin.close()
                yield child.stdout, child, words
            except BaseException:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                raise
