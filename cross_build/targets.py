"""Targets: the kinds of boards of ``targets.toml``, as frozen objects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cross_build.errors import TargetError
from opt_models.catalog import read_toml, similar
from opt_models.runtime import Runtime


@dataclass(frozen=True)
class Target:
    """A kind of board.

    Attributes:
        name: as given to ``--target``.
        about: for people.
        transport: how it is reached: ``local``; None where only packs can be made for it.
        machine: what ``uname -m`` says there.
        runtime: the Paddle-Lite library it gets, which packs are made for.
        pack: the pack it gets by default.
        wheels: requirements of the packages a bundle for it carries, besides Paddle-Lite.
    """

    name: str
    about: str
    transport: str | None
    machine: str
    runtime: Runtime
    pack: str
    wheels: tuple[str, ...]


def targets() -> dict[str, Target]:
    """Every target by name."""
    data = read_toml(Path(__file__).with_name("targets.toml"))
    return {
        name: Target(
            name=name,
            about=row["about"],
            transport=row.get("transport"),
            machine=row["machine"],
            runtime=Runtime(row["lite"], row["processor"]),
            pack=row["pack"],
            wheels=tuple(row.get("wheels", ())),
        )
        for name, row in data.items()
    }


def target(name: str) -> Target:
    """A target by name.

    Raises:
        TargetError: there is none of that name; lists those there are.
    """
    known = targets()
    if name not in known:
        raise TargetError(
            f"there is no target {name!r};{similar(name, known)} known targets: {', '.join(known)}"
        )
    return known[name]
