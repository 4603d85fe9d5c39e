"""Locks of the packages that bundles carry: by version and sha256, a file for a Python.

    # Packages for Python 3.11 on aarch64, C library 2.36 or newer; made by 'invoke lock'
    numpy==2.4.6 --hash=sha256:<sha256>

They lie in ``locks/aarch64-cp311.txt``, as pip takes them, and are made from the open requirements
of ``targets.toml``. Boards of every system with that Python get the same bytes.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable

from cross_build.targets.facts import Facts
from cross_build.targets.targets import targets
from lite_runner.releases import durable
from opt_models.errors import FetchError
from opt_models.store import process, wheels
from opt_models.store.toml_file import read_toml

FOLDER = Path(__file__).with_name("locks")
_TABLE = Path(__file__).parents[1] / "targets/targets.toml"


@dataclass(frozen=True)
class Platform:
    """What wheels are chosen for.

    Attributes:
        machine: as ``uname -m``.
        python: version of the interpreter, ``"3.11"``.
        glibc: the oldest C library they shall run on.
        requirements: open ones, of the packages.
    """

    machine: str
    python: str
    glibc: tuple[int, int]
    requirements: tuple[str, ...]


def pinned(facts: Facts) -> tuple[str, ...]:
    """The locked packages for a board, as pip's requirements with hashes.

    Raises:
        FetchError: none are locked for its Python; says how to lock some.
    """
    try:
        text = _file(facts.machine, facts.python).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise FetchError(
            f"no packages are locked for Python {facts.python} on {facts.machine}; add it to"
            f" 'locked' in a clone's cross_build/{_TABLE.name} and run 'invoke lock' there"
        ) from error
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


def platforms() -> list[Platform]:
    """All that packages are locked for: the systems of ``targets.toml`` and its ``locked``."""
    oldest: dict[tuple[str, str], tuple[int, int]] = {}
    requirements: dict[str, tuple[str, ...]] = {}
    for target in targets().values():
        if target.wheels:
            requirements[target.machine] = target.wheels
        for system in target.systems if target.wheels else ():
            key = target.machine, system.python
            oldest[key] = min(oldest.get(key, system.glibc), system.glibc)
    for machine, pythons in read_toml(_TABLE)["locked"].items():
        for python, glibc in pythons.items():
            major, minor = glibc.split(".")
            oldest.setdefault((machine, python), (int(major), int(minor)))
    return [
        Platform(machine, python, glibc, requirements[machine])
        for (machine, python), glibc in sorted(oldest.items())
    ]


def renew(platform: Platform) -> Path:
    """Lock the newest packages for a platform that the index has; returns the file.

    Raises:
        FetchError: there is no wheel for it, or the index cannot be reached; with pip's words.
    """
    libc = ".".join(map(str, platform.glibc))
    lines = [
        f"# Packages for Python {platform.python} on {platform.machine}, C library {libc}"
        " or newer; made by 'invoke lock'",
        *_resolved(platform),
    ]
    file = _file(platform.machine, platform.python)
    file.parent.mkdir(exist_ok=True)
    durable.write(file, "".join(f"{line}\n" for line in lines).encode())
    return file


def _file(machine: str, python: str) -> Path:
    return FOLDER / f"{machine}-cp{python.replace('.', '')}.txt"


def _resolved(platform: Platform) -> list[str]:
    """Requirements with hashes, from what pip would install; nothing is installed."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--quiet"]
    command += ["--ignore-installed", "--only-binary=:all:", "--disable-pip-version-check"]
    command += ["--target", "unused", "--report", "-"]
    command += wheels.interpreter(platform.python)
    for tag in wheels.platforms(platform.machine, platform.glibc):
        command += ["--platform", tag]
    outcome = process.run([*command, *platform.requirements])
    if outcome.code != 0:
        raise FetchError(
            f"cannot lock packages for Python {platform.python} on {platform.machine}:"
            f" {wheels.reason(outcome.stderr)}",
            "check the network and pip's settings ('python3 -m pip config list')",
        )
    return _lines(json.loads(outcome.stdout)["install"])


def _lines(installs: Iterable[dict[str, Any]]) -> list[str]:
    """Lines of a lock from pip's report (Installation Report in pip's reference, version 1)."""
    lines = []
    for install in installs:
        metadata, archive = install["metadata"], install["download_info"]["archive_info"]
        sha256 = archive["hashes"]["sha256"]
        lines.append(f"{metadata['name']}=={metadata['version']} --hash=sha256:{sha256}")
    return sorted(lines)
