"""Output: results on the terminal and as JSON, and files that are complete or absent."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lite_runner import terminal
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


def as_json(value: object) -> str:
    """JSON for people and programs: readable characters, stable layout; can be encoded as UTF-8."""
    return _encodable(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def write_json(value: object, target: str) -> None:
    """Write JSON to a file, or to standard output if ``target`` is :data:`STDOUT`."""
    write_text(as_json(value), target, is_json=True)


def print_json(value: object) -> None:
    """Write JSON to standard output; see :func:`write_text`."""
    write_text(as_json(value), STDOUT, is_json=True)


def print_json_line(value: object) -> None:
    """Write JSON to standard output at once, as one line."""
    write_text(_encodable(json.dumps(value, ensure_ascii=False) + "\n"), STDOUT, is_json=True)
    terminal.raw(sys.stdout).flush()


def write_text(text: str, target: str, is_json: bool = False) -> None:
    """Write text to a file, or to standard output if ``target`` is :data:`STDOUT`.

    Standard output gets it as it would stand in a file, but a terminal shows control characters
    instead of obeying them; in JSON they are escaped, which changes no value.
    """
    if target != STDOUT:
        write_atomically(Path(target), _encodable(text).encode())
        return
    stream = terminal.raw(sys.stdout)
    if stream.isatty():
        text = terminal.json_escaped(text) if is_json else terminal.visible_text(text)
    stream.write(_encodable(text))


def _encodable(text: str) -> str:
    # File names that are no UTF-8 hold lone surrogates; \\udc80 is JSON, too.
    return text.encode("utf-8", "backslashreplace").decode()


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
