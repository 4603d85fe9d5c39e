"""Notes of probing: what a pack's models can do on this machine.

Probing takes as long as reading several pages, so it is paid once: what it shows is kept under what
the pack holds and what runs it. The release's own pack needs no note, its verification is one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import sys
from pathlib import Path

from lite_runner.capabilities import probing
from lite_runner.pack import FILE, Pack
from lite_runner.predictor import engines
from lite_runner.predictor.protocol import Capabilities, Engine
from lite_runner.releases import durable
from lite_runner.releases.release import sha256
from lite_runner.user_path import user_path

#: Environment variable that puts caches elsewhere, as on the host.
VARIABLE = "LITE_OCR_CACHE"


def tried(engine: Engine, files: Pack) -> Engine:
    """An engine that knows what a pack's models can do, by probing them now if need be.

    Args:
        engine: the board's.
        files: the pack, whose files were just compared with its ``pack.json``.

    Raises:
        EngineError: a model cannot be loaded or run; see :mod:`lite_runner.capabilities.probing`.
    """
    if engines.proven(files):
        return engine
    return engine.with_capabilities(engines.by_path(files, outcome(engine, files)))


def outcome(engine: Engine, files: Pack) -> dict[str, Capabilities]:
    """The result of :func:`lite_runner.capabilities.probing.run`, now or noted earlier.

    Raises:
        EngineError: as above.
    """
    path = _path(engine, files)
    known = None if path is None else _read(path, files)
    if known is not None:
        return known
    print(f"trying the models of {files.name}, which is new here", file=sys.stderr, flush=True)
    known = probing.run(engine, files)
    keep(engine, files, known)
    return known


def keep(engine: Engine, files: Pack, known: dict[str, Capabilities]) -> None:
    """Write a note; where nothing can be written, models are probed again the next time."""
    path = _path(engine, files)
    if path is None:
        return
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.write(path, json.dumps(engines.as_data(known)).encode(), 0o600)


def _read(note: Path, files: Pack) -> dict[str, Capabilities] | None:
    """Read a note; None if there is none, or it is damaged or not of these models."""
    try:
        data = json.loads(note.read_text(encoding="utf-8"))
        known = {path.name: can for path, can in engines.from_data(files.folder, data).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return known if set(known) == {model.path.name for model in files.networks.values()} else None


def _path(engine: Engine, files: Pack) -> Path | None:
    """Path of the note of a pack on an engine; None where the user has no home, as on phones.

    ``pack.json`` names every file of the pack by its sha256. Kernels are chosen by the processor,
    and a home folder may be shared: a note is of one machine.
    """
    library = engine.arguments.get("library")
    libraries = sorted(Path(library).resolve().parent.glob("*.so")) if library else []
    known = [
        sha256(files.folder / FILE),
        [type(engine).__qualname__, engine.arch, engine.version],
        [[path.name, sha256(path)] for path in libraries],
        [platform.node(), platform.machine()],
    ]
    name = hashlib.sha256(json.dumps(known).encode()).hexdigest()
    folder = _folder()
    return None if folder is None else folder / "trials" / f"{name[:32]}.json"


def _folder() -> Path | None:
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return user_path(chosen, VARIABLE).absolute()
    caches = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(caches) if caches else Path("~/.cache").expanduser()) / "lite-ocr"
    except RuntimeError:  # a user without a home
        return None
