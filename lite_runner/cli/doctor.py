"""What works, what is missing, and the command that fixes it."""

from __future__ import annotations

import importlib
import os
import platform
import sys
import textwrap
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Callable, Iterable

from lite_runner import pack as packs
from lite_runner import terminal
from lite_runner.errors import LiteError
from lite_runner.releases import release, settings

_AGAIN = "deploy to this board again"
#: Debian's packages by our names, for releases that bring none: 32-bit ARM has no wheels.
_SYSTEM = {"numpy": "python3-numpy", "cv2": "python3-opencv"}


@dataclass(frozen=True)
class Check:
    """Result of one check.

    Attributes:
        name: what was checked.
        ok: whether it works.
        detail: a version, a path or an error.
        hint: the command that fixes it, if not ``ok``.
        needed: whether nothing works without it.
    """

    name: str
    ok: bool
    detail: str
    hint: str = ""
    needed: bool = True


def board_checks(pack: Path) -> list[Check]:
    """Check all that reading needs: interpreter, packages, engine, pack, golden picture."""
    checks = [
        Check("machine", True, f"{platform.machine()}, {platform.platform(terse=True)}"),
        Check(
            "python", sys.version_info >= (3, 8), f"{platform.python_version()} {sys.executable}"
        ),
    ]
    checks += release_checks()
    for module in _SYSTEM:
        checks.append(attempt(module, partial(_version, module), hint(module)))
    checks.append(Check("pyclipper", True, _pyclipper()))
    checks.append(attempt("paddle-lite", _engine_version, _AGAIN))
    checks.append(attempt("pack", lambda: _pack(pack), _AGAIN))
    checks.append(attempt("golden picture", lambda: _golden(pack), _AGAIN))
    return checks


def release_checks() -> list[Check]:
    """Check the release in use, if this runner is installed as one."""
    home = settings.home()
    root = home.parents[1]
    if home.parent.name != "releases" or not (root / "current").is_symlink():
        return []
    return [attempt("release", lambda: _release(root, home.name), _AGAIN)]


def hint(module: str | None) -> str:
    """How to fix a package that cannot be imported."""
    brought = packs.of_this_release() is None or (settings.home() / "site").is_dir()
    return _AGAIN if brought or module not in _SYSTEM else f"sudo apt-get install {_SYSTEM[module]}"


def attempt(name: str, work: Callable[[], str], hint: str) -> Check:
    """A check that passes if ``work`` does; what it raises becomes the detail."""
    try:
        return Check(name, True, work())
    except (LiteError, ImportError, OSError) as error:
        return Check(name, False, str(error), hint)


def show(checks: Iterable[Check]) -> int:
    """Print checks, and what to do; the exit code is 1 if any failed that is needed."""
    rows = list(checks)
    width = max(len(check.name) for check in rows)
    for check in rows:
        _print(f"{'ok  ' if check.ok else 'MISS'}  {check.name:<{width}}  ", check.detail)
        if not check.ok:
            _print(f"      {'':<{width}}  -> ", check.hint)
    failed = [check for check in rows if not check.ok]
    needed = sum(check.needed for check in failed)
    if needed:
        print(f"{needed} to fix")
    elif failed:
        print(f"all is well here; of what some boards need, {len(failed)} missing")
    else:
        print("all is well")
    return 1 if needed else 0


def _print(start: str, text: str) -> None:
    """Text in the lines of the terminal, below each other; words, such as paths, stay whole."""
    columns = terminal.columns()
    if columns is None:
        print(start + text)
        return
    rest = " " * len(start)
    for line in textwrap.wrap(
        text, max(columns - len(start), 1), break_long_words=False, break_on_hyphens=False
    ):
        print(start + line)
        start = rest


def _release(root: Path, name: str) -> str:
    used = Path(os.readlink(root / "current")).name
    if not release.known(root, used)["intact"]:
        here = "" if used == name else f"; this is the one before, {name}"
        raise LiteError(f"{used} is damaged{here}")
    return f"{name}, whole" if used == name else f"{name}, not in use"


def _version(module: str) -> str:
    return str(importlib.import_module(module).__dict__.get("__version__", "present"))


def _pyclipper() -> str:
    try:
        return _version("pyclipper")
    except ImportError:
        return "none: only --polygons needs it (sudo apt-get install python3-pyclipper)"


def _engine_version() -> str:
    from lite_runner.predictor import engines

    return engines.of_this_release().version


def _pack(folder: Path) -> str:
    pack = packs.load(folder)
    return f"{pack.name} for Paddle-Lite {pack.lite_version} on {pack.arch}"


def _golden(folder: Path) -> str:
    from lite_runner.verification.verify import verify

    report = verify(folder)
    return f"reads {' / '.join(report['lines'])} in {report['seconds']['total']:.2f} s"
