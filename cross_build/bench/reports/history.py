"""Results of earlier runs, kept on the host: a folder for each target, a file for each run."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Mapping

from cross_build.bench.reports import result
from cross_build.bench.reports.result import Run
from cross_build.boards.transports import local
from cross_build.errors import ReportError
from lite_runner.cli.output import as_json
from lite_runner.releases import durable


def folder(target: str | None) -> Path:
    """Where results of a target are kept; it may not exist yet.

    Args:
        target: a kind of board; None for boards that were of no target.
    """
    # A file's word is not to lead out of the folder: no slashes, no dots in front.
    name = re.sub(r"[^\w.+-]+|^\.+", "-", target or "no-target")
    return local.default_root().parent / "benchmarks" / name


def keep(data: Mapping[str, object]) -> Path:
    """Keep a result; one that is kept already stays as it is.

    Args:
        data: the JSON of a run.

    Returns:
        Its file, named by when the run started.

    Raises:
        ReportError: it is no valid result, or cannot be written.
    """
    run = result.parse(dict(data), "this result")
    directory, text = folder(run.target), as_json(data)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        path = _free(directory, run.started.strftime("%Y-%m-%dT%H-%M-%SZ"), text)
        if not path.exists():
            durable.write(path, text.encode())
    except OSError as error:
        raise ReportError(
            f"{error.filename or directory}: cannot be written: {error.strerror}; make it writable"
            f" and leave room, or set {local.VARIABLE} to another folder"
        ) from error
    return path


def earlier(target: str | None, host: str | None) -> list[Run]:
    """Results kept of one board, the oldest first; what cannot be read is told and left out.

    Args:
        target: its kind.
        host: which of them, as in the results.
    """
    runs = []
    for path in sorted(folder(target).glob("*.json")):
        try:
            run = result.load(path)
        except ReportError as error:
            print(f"left out: {error}", file=sys.stderr, flush=True)
            continue
        if run.host == host:
            runs.append(run)
    return sorted(runs, key=lambda run: run.started)


def _free(directory: Path, name: str, text: str) -> Path:
    """The file of a result: its own if it is there, else one no other run has."""
    number = 1
    while True:
        path = directory / (f"{name}.json" if number == 1 else f"{name}-{number}.json")
        if not path.exists() or path.read_text(encoding="utf-8", errors="replace") == text:
            return path
        number += 1
