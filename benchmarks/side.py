"""A side of the comparison as the host sees it: one worker process, asked picture by picture."""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Iterator, Mapping, Sequence

from cross_build.boards.transports import Outcome
from cross_build.deploys.deploy import last_words
from lite_runner.errors import LiteError
from lite_runner.scoring.ground_truth import Picture
from opt_models.store import process

#: What the worker processes run.
WORKER = Path(__file__).with_name("worker.py")


class SideError(LiteError):
    """A worker process cannot be started, or ended before its time."""


@dataclass(frozen=True)
class Reading:
    """One picture, read once.

    Attributes:
        lines: the texts.
        seconds: wall time of decoding and reading.
        cpu: processor time of the same, over all threads.
        engine: processor time within the inference library, a part of ``cpu``; None for a reader
            that is one with it.
        peak: bytes of memory the worker has held at most until now.
    """

    lines: tuple[str, ...]
    seconds: float
    cpu: float
    engine: float | None
    peak: int


class Side:
    """A worker that runs; made by :func:`start`.

    Attributes:
        name: for people.
        about: versions and names the worker tells of itself.
    """

    def __init__(self, name: str, child: subprocess.Popen[str]) -> None:
        self.name = name
        self._child = child
        self._said: list[str] = []
        # Drained aside, or a full pipe would stop the worker.
        self._drain = threading.Thread(target=self._listen, daemon=True)
        self._drain.start()
        self.about: Mapping[str, str] = self._receive("loading its models")

    def read(self, picture: Picture) -> Reading:
        """Read a picture.

        Raises:
            SideError: the worker died of it; with its last words.
        """
        request = {"image": str(picture.path.absolute()), "detect": picture.detect}
        with suppress(BrokenPipeError):  # it is dead; receiving tells why
            print(json.dumps(request), file=_pipe(self._child.stdin), flush=True)
        answer = self._receive(f"reading {picture.name}")
        return Reading(**{**answer, "lines": tuple(answer["lines"])})

    def _listen(self) -> None:
        with _pipe(self._child.stderr) as pipe:
            self._said.extend(pipe)

    def _receive(self, doing: str) -> Any:
        line = _pipe(self._child.stdout).readline()
        if not line:
            code = self._child.wait()
            self._drain.join()
            words = last_words(Outcome(code, "", "".join(self._said)))
            raise SideError(f"{self.name} ended while {doing}: {words}")
        return json.loads(line)


@contextmanager
def start(name: str, program: Sequence[str], *arguments: str) -> Iterator[Side]:
    """Run a worker for as long as the context lasts.

    Args:
        name: of the side, for people.
        program: what runs a Python script for the side.
        arguments: for the worker.

    Raises:
        SideError: it cannot be started or cannot load its models.
    """
    try:
        child = process.start([*program, str(WORKER), *arguments])
    except OSError as error:
        raise SideError(f"{name} cannot be started: {program[0]}: {error.strerror}") from error
    try:
        yield Side(name, child)
    finally:
        # It keeps nothing that an orderly end would save.
        child.kill()
        child.wait()
        with suppress(BrokenPipeError):  # a request it did not take
            _pipe(child.stdin).close()
        _pipe(child.stdout).close()


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise ValueError("a child without pipes")
    return stream
