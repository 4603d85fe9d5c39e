"""What the host has, what is missing, and the command that fixes it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from cross_build.boards.connect import connect
from cross_build.targets.targets import target
from lite_runner.cli.doctor import Check, attempt
from lite_runner.errors import LiteError
from opt_models.command_name import command_name
from opt_models.paddlelite import env
from opt_models.store import cache, config, process

_NEEDED = (
    *("invoke", "numpy", "opencv-python-headless", "findpython", "filelock", "platformdirs"),
    *("requests", "urllib3", "rich", "protobuf", "flatbuffers", "onnx", "pyyaml", "cattrs"),
    *("fabric", "paramiko", "pyelftools"),
)
#: A first deploy to ``local`` keeps about this much in the cache and the releases.
_NEEDED_BYTES = 1_500_000_000


def host_checks() -> list[Check]:
    """Look at everything the host needs, without downloading anything."""
    checks = [
        Check("host", True, f"{platform.machine()}, {platform.platform(terse=True)}"),
        Check(
            "python",
            sys.version_info >= (3, 9),
            f"{platform.python_version()} {sys.executable}",
            "use Python 3.9 or newer",
        ),
    ]
    checks += [_package(name) for name in _NEEDED]
    checks.append(attempt("pip", _pip, f"{sys.executable} -m ensurepip"))
    checks.append(attempt("cache", _cache, f"set {cache.VARIABLE} to a folder with room"))
    checks.append(attempt("settings", _settings, "correct what is named there"))
    # What is advised there stands in the error itself.
    checks.append(attempt("python for opt", _interpreter, "then run this again"))
    return [*checks, _plots()]


def local_check() -> Check:
    """Look at the board ``local``."""
    return attempt("board local", _local, f"{command_name()} deploy --target local")


def _package(name: str) -> Check:
    try:
        return Check(name, True, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Check(name, False, "not installed", _install(name))


def _plots() -> Check:
    """Only pages of benchmarks need plotly."""
    check = _package("plotly")
    return replace(check, hint=f"for 'bench --html': {check.hint}", needed=False)


def _install(name: str) -> str:
    return f"{sys.executable} -m pip install {name}"


def _pip() -> str:
    outcome = process.run([sys.executable, "-m", "pip", "--version"])
    if outcome.code != 0:
        raise LiteError("not there")
    return " ".join(outcome.stdout.split()[:2])


def _cache() -> str:
    folder = cache.root()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(existing, os.W_OK):
        raise LiteError(f"{folder} cannot be written")
    free = shutil.disk_usage(existing).free
    if free < _NEEDED_BYTES and not (folder / "packs").exists():
        raise LiteError(f"{folder} has {free / 1e6:.0f} MB free, {_NEEDED_BYTES / 1e6:.0f} needed")
    return f"{folder}, {free / 1e9:.1f} GB free"


def _settings() -> str:
    chosen = config.current()
    places = [f"models in {chosen.models}"] if chosen.models else []
    places += [f"mirror {config.public(base)}" for base in chosen.mirrors]
    places += ["offline"] if chosen.offline else []
    return ", ".join(places) or "no mirrors, no folder of models, online"


def _interpreter() -> str:
    python, version = env.interpreter()
    return f"{version} {python}"


def _local() -> str:
    python, _ = env.interpreter()
    board = connect(target("local"), python=python)
    state = board.status()
    if state.current is None:
        raise LiteError(f"nothing is deployed at {board.transport.root}")
    if not state.intact:
        raise LiteError(f"release {state.current} lacks files")
    return f"release {state.current} at {Path(board.transport.root)}"
