"""ABIs: what a module for Android apps is built for, from ``abis.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cross_build.errors import TargetError
from opt_models.catalog.suggestions import similar
from opt_models.store.toml_file import read_toml


@dataclass(frozen=True)
class Abi:
    """One ABI of Android.

    Attributes:
        target: as given to ``--target``.
        name: Android's own, which folders of libraries are called by.
        processor: what packs are made for.
        runtime: processor of Paddle-Lite's archives.
        machine: what ``uname -m`` says there.
        triple: what the NDK calls its folder of libraries.
        compiler: what the names of the NDK's compilers begin with.
        page: bytes that LOAD segments must be aligned to.
    """

    target: str
    name: str
    processor: str
    runtime: str
    machine: str
    triple: str
    compiler: str
    page: int


@dataclass(frozen=True)
class Module:
    """What all modules have in common.

    Attributes:
        api: lowest level of Android's API, minSdk.
        release: of Paddle-Lite.
        pack: the pack by default.
        threads: of each model.
        power: one of :data:`lite_runner.releases.settings.POWER_MODES`.
        system: libraries that every Android has.
    """

    api: int
    release: str
    pack: str
    threads: int
    power: str
    system: tuple[str, ...]


def module() -> Module:
    """What all modules have in common."""
    data = _data()
    row = data["module"]
    return Module(
        api=row["api"],
        release=row["lite"],
        pack=row["pack"],
        threads=row["threads"],
        power=row["power"],
        system=tuple(data["system"]["libraries"]),
    )


def every() -> list[Abi]:
    """All ABIs there are modules for."""
    return abis(",".join(_data()["abis"]))


def abis(names: str) -> list[Abi]:
    """ABIs by their targets' names, with commas between.

    Raises:
        TargetError: there is none of that name, or one is given twice.
    """
    rows = _data()["abis"]
    targets = [name for name in names.split(",") if name]
    for name in targets:
        if name not in rows:
            raise TargetError(
                f"--app: there is no module for {name!r};{similar(name, rows)} there is one for"
                f" {', '.join(rows)}, also both: --target {','.join(rows)}"
            )
        if targets.count(name) > 1:
            raise TargetError(f"--target {names}: names {name} twice; name it once")
    if not targets:
        raise TargetError(f"--app: name a --target: {', '.join(rows)}, or both with a comma")
    return [Abi(target=name, name=rows[name]["abi"], **_fields(rows[name])) for name in targets]


def _fields(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "abi"}


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return read_toml(Path(__file__).with_name("abis.toml"))
