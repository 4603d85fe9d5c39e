"""Targets: the kinds of boards of ``targets.toml``, as frozen objects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cross_build.errors import TargetError
from opt_models import text_table
from opt_models.catalog.suggestions import similar
from opt_models.runtime import Runtime
from opt_models.store.toml_file import read_toml


@dataclass(frozen=True)
class System:
    """An operating system people run on a board.

    Attributes:
        name: as given to ``--system``.
        about: for people.
        python: version of its interpreter, ``"3.11"``.
        glibc: version of its C library.
        glibcxx: newest version of its C++ library's symbols, N of ``GLIBCXX_3.4.N``.
        portable_python: Debian's release that C library and Python are taken from, to go along in
            the bundle; empty where the board has its own.
    """

    name: str
    about: str
    python: str
    glibc: tuple[int, int]
    glibcxx: int
    portable_python: str = ""


@dataclass(frozen=True)
class Cores:
    """Cores of one kind."""

    name: str
    count: int


@dataclass(frozen=True)
class Target:
    """A kind of board.

    Attributes:
        name: as given to ``--target``.
        about: for people.
        transport: how it is reached: ``local``, ``ssh`` or ``adb``.
        model: what its device tree calls it, in part; empty where it is any.
        machine: what ``uname -m`` says of its programs.
        runtime: the Paddle-Lite library it gets, which packs are made for.
        pack: the pack it gets by default.
        wheels: requirements of the packages a bundle for it carries, besides Paddle-Lite.
        features: of its processor, as ``/proc/cpuinfo`` calls them.
        cores: fastest first.
        threads: of each model, by default.
        power: Paddle-Lite's power mode.
        systems: the usual ones, the commonest first.
    """

    name: str
    about: str
    transport: str
    model: str
    machine: str
    runtime: Runtime
    pack: str
    wheels: tuple[str, ...]
    features: tuple[str, ...]
    cores: tuple[Cores, ...]
    threads: int
    power: str
    systems: tuple[System, ...]

    def system(self, name: str = "") -> System:
        """One of its systems, the commonest if no name is given.

        Raises:
            TargetError: there is none of that name; lists those there are.
        """
        known = {system.name: system for system in self.systems}
        if not known:
            raise TargetError(f"{self.name}: bundles are not built for it, only deployed")
        if name and name not in known:
            raise TargetError(
                f"{self.name}: there is no system {name!r};{similar(name, known)} known systems:"
                f" {', '.join(known)}"
            )
        return known[name] if name else self.systems[0]


def targets() -> dict[str, Target]:
    """Every target by name."""
    data = read_toml(Path(__file__).with_name("targets.toml"))
    systems = {name: _system(name, row) for name, row in data["systems"].items()}
    return {
        name: Target(
            name=name,
            about=row["about"],
            transport=row.get("transport", "ssh"),
            model=row.get("model", ""),
            machine=row["machine"],
            runtime=Runtime(row["lite"], row["processor"]),
            pack=row["pack"],
            wheels=tuple(data["wheels"][row["processor"]]),
            features=tuple(row.get("features", ())),
            cores=tuple(Cores(cores["name"], cores["count"]) for cores in row.get("cores", ())),
            threads=row.get("threads", 1),
            power=row.get("power", "unbound"),
            systems=tuple(systems[system] for system in row.get("systems", ())),
        )
        for name, row in data["targets"].items()
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


def table(width: int | None = None) -> str:
    """Every target, one a line, for a terminal of so many columns."""
    rows = [
        (target.name, target.about, target.pack, " ".join(system.name for system in target.systems))
        for target in targets().values()
    ]
    return text_table.table(("TARGET", "BOARD", "PACK", "SYSTEMS"), rows, width=width, rule=False)


def _system(name: str, row: dict[str, Any]) -> System:
    major, minor = row["glibc"].split(".")
    glibc = (int(major), int(minor))
    portable = row.get("portable_python", "")
    return System(name, row["about"], row["python"], glibc, row["glibcxx"], portable)
