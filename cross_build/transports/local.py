"""The way to the board ``local``: this computer."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import Callable, Iterator, Mapping, Sequence

from platformdirs import user_data_path

from cross_build.errors import BoardError
from cross_build.transports import Outcome
from cross_build.transports.heartbeat import beating

#: Environment variable that puts local releases elsewhere.
VARIABLE = "LITE_OCR_HOME"


def default_root() -> Path:
    """Where local releases live."""
    chosen = os.environ.get(VARIABLE)
    base = Path(chosen).expanduser().absolute() if chosen else user_data_path("lite-ocr")
    return base / "local"


class Local:
    """This computer, treated like any board."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = default_root() if root is None else root

    @property
    def root(self) -> str:
        return str(self._root)

    def run(
        self,
        command: Sequence[str],
        stdin: str = "",
        on_line: Callable[[str], None] | None = None,
    ) -> Outcome:
        try:
            child = start(command)
        except OSError as error:
            raise BoardError(f"local: cannot run {command[0]}: {error.strerror}") from error
        try:
            with child:
                return attend(child, stdin, on_line)
        except BaseException:
            end(child)
            raise

    def put(
        self,
        files: Mapping[str, Path],
        folder: str,
        on_bytes: Callable[[int], object] = lambda count: None,
    ) -> None:
        base = Path(folder)
        for name, source in files.items():
            target = base / name
            fresh = target.with_name(f".{target.name}.part")
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, fresh)
                fresh.replace(target)
                on_bytes(source.stat().st_size)
            except OSError as error:
                fresh.unlink(missing_ok=True)
                raise BoardError(f"local: cannot write {target}: {error.strerror}") from error

    def get(self, folder: str, into: Path) -> None:
        into.mkdir(parents=True, exist_ok=True)
        for source in sorted(Path(folder).glob("*")):
            if source.is_file():
                shutil.copyfile(source, into / source.name)

    @contextlib.contextmanager
    def hold(self, command: Sequence[str]) -> Iterator[str]:
        child = start(command)
        try:
            with child:
                first = (child.stdout or io.StringIO()).readline()
                if not first:
                    outcome = attend(child, "", None)
                    words = outcome.stderr.strip().splitlines() or [f"exit code {outcome.code}"]
                    raise BoardError(words[-1])
                with beating(lambda: _beat(child)):
                    yield first
        finally:
            end(child)

    def close(self) -> None:
        pass


def _beat(child: subprocess.Popen[str]) -> None:
    if child.stdin is not None:
        child.stdin.write("\n")
        child.stdin.flush()


def start(command: Sequence[str]) -> subprocess.Popen[str]:
    """Start a program with pipes to all its streams, as UTF-8 text.

    Raises:
        OSError: there is no such program.
    """
    # A session of its own: Ctrl-C reaches us alone, and we end what we began.
    return subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )


def attend(
    child: subprocess.Popen[str], stdin: str, on_line: Callable[[str], None] | None
) -> Outcome:
    """Feed and drain a child of :func:`start` until it ends."""
    if child.stdin is None or child.stdout is None or child.stderr is None:
        raise ValueError("a child without pipes")
    errors: list[str] = []
    # Standard error is drained aside, or a full pipe would stop the child.
    drain = threading.Thread(target=lambda: errors.extend(child.stderr or ()), daemon=True)
    drain.start()
    lines = []
    try:
        child.stdin.write(stdin)
        child.stdin.close()
    except BrokenPipeError:
        pass  # it ended without reading all: its exit code tells
    for line in child.stdout:
        lines.append(line)
        if on_line is not None:
            on_line(line.rstrip("\n"))
    code = child.wait()
    drain.join()
    return Outcome(code, "".join(lines), "".join(errors))


def end(child: subprocess.Popen[str]) -> None:
    """End a child of :func:`start` and what it started, if it still runs."""
    try:
        os.killpg(child.pid, signal.SIGTERM)
        child.wait(timeout=5)
    except ProcessLookupError:
        pass
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
