"""Output: results on the terminal and as JSON, and files that are complete or absent."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Sequence

from lite_runner import interruption, terminal
from lite_runner.ocr import report
from lite_runner.releases import durable

if TYPE_CHECKING:  # numpy would take a fifth of the time of a task that prints a table
    from lite_runner.arrays import Image

#: Given as the file for JSON, it means standard output, which then carries nothing else.
STDOUT = "-"


def force_utf8_output() -> None:
    """Print UTF-8 whatever the locale is, so that text in any script can be printed.

    What would control the terminal is shown instead (:mod:`lite_runner.terminal`).
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
    terminal.protect()


def tell(result: report.Result, target: str | None) -> None:
    """Print a picture's lines as soon as they are read.

    Args:
        result: of one picture.
        target: the file for JSON; None for no JSON.
    """
    if target != STDOUT:
        print(report.text(result), flush=True)


def finish(results: Sequence[report.Result], target: str | None) -> int:
    """Write the JSON, if asked for, and print the summary; 1 if any picture failed, else 0."""
    if target is not None:
        write_json(results, target)
    if target != STDOUT and len(results) > 1:
        print("\n" + report.summary(results))
    return exit_code(results)


def keeping(
    results: Sequence[report.Result], read: Callable[[], object], target: str | None
) -> int:
    """Read pictures and finish; after an interruption finish with what was read until then.

    Args:
        results: filled by ``read``.
        read: reads all the pictures.
        target: the file for JSON; None for no JSON.

    Returns:
        The exit code of :func:`finish`.

    Raises:
        Interrupted: after the JSON was written.
    """
    with interruption.raised():
        try:
            read()
        except KeyboardInterrupt:
            with interruption.deferred():
                finish(results, target)
            raise
        with interruption.deferred():
            return finish(results, target)


def exit_code(results: Sequence[report.Result]) -> int:
    """1 if any picture could not be read, else 0."""
    return 1 if any("error" in result for result in results) else 0


def as_json(value: object) -> str:
    """JSON for people and programs: readable characters, stable layout; can be encoded as UTF-8."""
    text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    # File names that are no UTF-8 hold lone surrogates; \\udc80 is JSON, too.
    return text.encode("utf-8", "backslashreplace").decode()


def write_json(value: object, target: str) -> None:
    """Write JSON to a file, or to standard output if ``target`` is :data:`STDOUT`."""
    if target == STDOUT:
        print_json(value)
    else:
        write_atomically(Path(target), as_json(value).encode())


def print_json(value: object) -> None:
    """Write JSON to standard output, byte for byte as it would stand in a file."""
    terminal.raw(sys.stdout).write(as_json(value))


def write_picture(path: Path, pixels: Image) -> None:
    """Write a uint8 HxWx3 BGR array as PNG."""
    import cv2  # late: the host's tasks write JSON only

    _, data = cv2.imencode(".png", pixels)
    write_atomically(path, data.tobytes())


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file completely or not at all; follows links, and writes into pipes and devices."""
    # /dev/stdout may lead to a plain file, but it is that file's open descriptor which is meant.
    if path.exists() and (path.parent == Path("/dev") or not path.is_file()):
        path.write_bytes(data)
        return
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = os.umask(0)
    os.umask(mask)
    durable.write(path, data, 0o666 & ~mask)
