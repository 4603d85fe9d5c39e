"""Programs that are asked before every operation on files below a folder whether to go on."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Sequence

SOURCE = Path(__file__).with_name("intercept.c")
_OPTIONS = ("-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-format-truncation")
#: Seconds between two operations of a program.
_SILENCE = 60


@dataclass(frozen=True)
class Operation:
    """What a program is about to do.

    Attributes:
        kind: ``open``, ``write``, ``mkdir``, ``rename``, ``link``, ``symlink``, ``unlink``,
            ``rmdir``, ``chmod``, ``sync`` (a file's content or a folder's list) or ``syncfs``.
        path: of the file; what is renamed or linked to.
        other: the new path of what is renamed or linked to, else empty.
    """

    kind: str
    path: Path
    other: str


def library(folder: Path) -> Path:
    """Compile what is preloaded."""
    built = folder / "intercept.so"
    command = ["gcc", *_OPTIONS, "-shared", "-fPIC", str(SOURCE), "-o", str(built), "-ldl"]
    subprocess.run(command, check=True)
    return built


def run(
    command: Sequence[str | Path],
    folder: Path,
    preloaded: Path,
    goes_on: Callable[[Operation], bool],
    old: bool = False,
) -> int:
    """Run a program; its exit code, or -9 if it was killed.

    Args:
        command: of the program.
        folder: the folder; there must be room beside it for two pipes.
        preloaded: of :func:`library`.
        goes_on: called before each operation, while the program waits; it is killed if False.
        old: let the system have neither renameat2 nor syncfs.
    """
    with _pipe(folder.parent / "ask") as ask, _pipe(folder.parent / "answer") as answer:
        variables = {
            "LD_PRELOAD": str(preloaded),
            "INTERCEPT_ROOT": str(folder),
            "INTERCEPT_ASK": str(folder.parent / "ask"),
            "INTERCEPT_ANSWER": str(folder.parent / "answer"),
            **({"INTERCEPT_OLD": "1"} if old else {}),
        }
        with subprocess.Popen(
            list(map(str, command)),
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as child:
            try:
                for operation in _asked(child, ask):
                    os.write(answer, b"g" if goes_on(operation) else b"k")
                return child.wait(_SILENCE)
            finally:
                # What it started waits for an answer that never comes.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)


@contextlib.contextmanager
def _pipe(path: Path) -> Iterator[int]:
    """A pipe with a name, open for reading and writing: it is never at its end."""
    os.mkfifo(path)
    opened = os.open(path, os.O_RDWR)
    try:
        yield opened
    finally:
        os.close(opened)
        path.unlink()


def _asked(child: subprocess.Popen[bytes], ask: int) -> Iterator[Operation]:
    """What a program asks, until it ends."""
    ended = os.pidfd_open(child.pid)
    try:
        while ask in _ready(ask, ended):
            kind, path, other = os.read(ask, 1 << 16).decode().rstrip("\n").split("\t")
            yield Operation(kind, Path(path), other)
    finally:
        os.close(ended)


def _ready(*files: int) -> list[int]:
    """Those that can be read, as soon as there is one."""
    ready, _, _ = select.select(files, [], [], _SILENCE)
    assert ready, f"the program does nothing for {_SILENCE} s"
    return ready
