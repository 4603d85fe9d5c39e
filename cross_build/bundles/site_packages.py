"""Packages for a board: wheels chosen for its Python and C library, unpacked on the host."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from cross_build.targets.facts import Facts
from opt_models.store import cache, wheels
from opt_models.store.content_key import content_key


@dataclass(frozen=True)
class Wheels:
    """Unpacked packages.

    Attributes:
        site: folder to put on the import path.
        names: file names of the wheels, which tell their versions.
    """

    site: Path
    names: tuple[str, ...]


def resolve(requirements: tuple[str, ...], facts: Facts) -> Wheels:
    """Packages for a board, downloaded on first use; from then on the same ones.

    Dependencies are not followed: pip would judge their conditions by the host's Python.

    Args:
        requirements: as pip takes them; with ``--hash`` for all that boards read with.
        facts: of the board.

    Raises:
        FetchError: there is no wheel for this board, or the index cannot be reached.
    """
    if not requirements:
        return Wheels(cache.folder("wheels/none/site", lambda folder: None), ())
    key = content_key(*requirements, length=8)
    libc = f"glibc{facts.glibc[0]}.{facts.glibc[1]}"
    name = f"wheels/cp{facts.python.replace('.', '')}-{facts.machine}-{libc}-{key}"

    def make(folder: Path) -> None:
        names = ", ".join(line.split(" --hash")[0] for line in requirements)
        print(f"fetching {names} for Python {facts.python}", file=sys.stderr)
        tags = wheels.platforms(facts.machine, facts.glibc)
        files = wheels.download(requirements, folder, facts.python, tags)
        for wheel in files:
            wheels.unpack(wheel, folder / "site")
            wheel.unlink()
        (folder / "wheels.txt").write_text("\n".join(wheel.name for wheel in files))

    folder = cache.folder(name, make)
    return Wheels(folder / "site", tuple((folder / "wheels.txt").read_text().split("\n")))
