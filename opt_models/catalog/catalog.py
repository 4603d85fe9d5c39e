"""The catalog: rows of ``catalog.toml`` and ``packs.toml`` as the objects of ``published``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Iterator, Mapping, cast

from lite_runner.pack import Golden
from opt_models.catalog.published import DIRECTIONS as DIRECTIONS
from opt_models.catalog.published import KINDS as KINDS
from opt_models.catalog.published import TASKS as TASKS
from opt_models.catalog.published import Dictionary as Dictionary
from opt_models.catalog.published import Download as Download
from opt_models.catalog.published import InWheel as InWheel
from opt_models.catalog.published import Model as Model
from opt_models.catalog.published import Recipe as Recipe
from opt_models.catalog.published import Verified as Verified
from opt_models.catalog.published import Wheel as Wheel
from opt_models.catalog.rows import (
    CatalogFile,
    DictionaryRow,
    ModelRow,
    PacksFile,
    RecipeRow,
    VerifiedRow,
    WheelRow,
)
from opt_models.catalog.suggestions import of_the_same_language
from opt_models.catalog.suggestions import similar as similar
from opt_models.command_name import command_name
from opt_models.errors import CatalogError
from opt_models.stage_settings import StageSettings
from opt_models.store.toml_file import read_toml

_HERE = Path(__file__).parent
GOLDEN = _HERE / "golden"


def host() -> str:
    """Base of the published files' addresses."""
    return _catalog()["host"]


@lru_cache(maxsize=1)
def models() -> Mapping[str, Model]:
    """Every model by name, in the order of PaddleOCR's lists."""
    data = _catalog()
    wheels = {name: _wheel(name, row, data) for name, row in data["wheels"].items()}
    dictionaries = {
        name: _dictionary(name, row, wheels) for name, row in data["dictionaries"].items()
    }
    return {name: _model(name, row, wheels, dictionaries) for name, row in data["models"].items()}


def languages() -> Mapping[str, str]:
    """English names of languages and scripts, by PaddleOCR's names of them."""
    return _catalog()["languages"]


def model(name: str) -> Model:
    """A model by name.

    Raises:
        CatalogError: there is none of that name; tells similar ones.
    """
    known = {known_name.casefold(): row for known_name, row in models().items()}
    if name in recipes():
        raise CatalogError(
            f"{name!r} is a pack of several models; '{command_name()} models.packs' lists them"
        )
    if name.casefold() not in known:
        raise CatalogError(
            f"there is no model {name!r};{similar(name, models())} '{command_name()} models' lists"
            " all"
        )
    return known[name.casefold()]


@lru_cache(maxsize=1)
def recipes() -> Mapping[str, Recipe]:
    """Every named pack by name."""
    rows = _packs()["packs"]
    return {name: _recipe(name, row) for name, row in rows.items()}


def recipe(name: str) -> Recipe:
    """A named pack.

    Raises:
        CatalogError: there is none of that name; tells those of the same language, or similar ones.
    """
    known = recipes()
    if name not in known:
        advice = of_the_same_language(name, known, languages()) or similar(name, known)
        raise CatalogError(
            f"there is no pack {name!r};{advice} '{command_name()} models.packs' lists all"
        )
    return known[name]


def goldens() -> tuple[Golden, ...]:
    """The pictures for verification, the one that asks most of a recogniser first."""
    rows = _packs()["goldens"]
    return tuple(Golden(GOLDEN / row["image"], tuple(row["lines"])) for row in rows)


def verified() -> Mapping[str, tuple[str, ...]]:
    """Runtimes that published ``.nb`` files were verified on, by the files' sha256."""
    rows = (recipe.verified for recipe in recipes().values())
    return {digest: row.runtimes for row in rows if row for digest in row.sha256.values()}


def stage_settings(stage: str, *kinds: str) -> StageSettings:
    """How a stage's networks are fed and read, as ``pack.json`` holds it.

    Args:
        stage: ``det``, ``cls`` or ``rec``.
        kinds: of network, from the general to the special, such as a model's version and its name:
            what ``packs.toml`` has of them (``[settings.det.v6]``) goes before what holds for all.
    """
    rows = _packs()["settings"][stage]
    merged = {key: value for key, value in rows.items() if not isinstance(value, dict)}
    for kind in kinds:
        merged.update(cast("Mapping[str, object]", rows.get(kind, {})))
    return cast("StageSettings", merged)


def fp16_stages() -> tuple[str, ...]:
    """The stages that a pack in fp16 computes in half precision."""
    return tuple(_packs()["fp16"]["stages"])


@lru_cache(maxsize=1)
def _catalog() -> CatalogFile:
    return cast("CatalogFile", read_toml(_HERE / "catalog.toml"))


@lru_cache(maxsize=1)
def _packs() -> PacksFile:
    return cast("PacksFile", read_toml(_HERE / "packs.toml"))


def _wheel(name: str, row: WheelRow, data: CatalogFile) -> Wheel:
    """A wheel, with what is taken out of it: what its own row names, and dictionaries."""
    files = dict(row.get("files", {}))
    for dictionary in data["dictionaries"].values():
        if dictionary.get("wheel") == name:
            files[dictionary["file"]] = dictionary["sha256"]
    return Wheel(
        requirement=row["requirement"],
        sha256=row["sha256"],
        licence=row["licence"],
        size=row["size"],
        files=tuple(files.items()),
    )


def _dictionary(name: str, row: DictionaryRow, wheels: Mapping[str, Wheel]) -> Dictionary:
    digest = row["sha256"]
    download = Download("dictionary", row["url"], sha256=digest) if "url" in row else None
    return Dictionary(
        name=name,
        file=Path(download.path).name if download else row["file"],
        lines=row["lines"],
        sha256=digest,
        wheel=None if download else wheels[row["wheel"]],
        download=download,
    )


def _model(
    name: str,
    row: ModelRow,
    wheels: Mapping[str, Wheel],
    dictionaries: Mapping[str, Dictionary],
) -> Model:
    return Model(
        name=name,
        task=row["task"],
        version=row["version"],
        about=row["about"],
        languages=tuple(row["languages"]),
        slim=row.get("slim", False),
        config=row.get("config"),
        size=row.get("size"),
        downloads=tuple(_downloads(row)),
        dictionary=dictionaries[row["dictionary"]] if "dictionary" in row else None,
        height=row.get("height"),
        direction=row.get("direction", DIRECTIONS[0]),
        wheels=tuple(
            InWheel(wheels[wheel], tuple(files)) for wheel, files in row.get("wheels", {}).items()
        ),
    )


def _downloads(row: ModelRow) -> Iterator[Download]:
    """The published files of a model's row; as a key, ``slim`` tells what the model is."""
    archives = {
        "inference": (row.get("inference"), *row.get("inference_alternatives", ())),
        "trained": (row.get("trained"), *row.get("trained_alternatives", ())),
        "pretrained": (row.get("pretrained"), *row.get("pretrained_alternatives", ())),
    }
    for kind, addresses in archives.items():
        yield from (Download(kind, _url(address)) for address in addresses if address)
    for file in row.get("onnx", ()):
        yield Download("onnx", _url(file["url"]), sha256=file.get("sha256"))
    for published in row.get("nb", ()):
        yield Download("slim", _url(published["path"]), published.get("lite"))


def _url(address: str) -> str:
    """A whole address; those that are paths are below the host."""
    return host() + address if address.startswith("/") else address


def _recipe(name: str, row: RecipeRow) -> Recipe:
    known = models()
    names = {"det": row.get("det"), "cls": row.get("cls"), "rec": row.get("rec")}
    return Recipe(
        name=name,
        about=row["about"],
        models={stage: known[model] for stage, model in names.items() if model},
        verified=_verified(row["verified"]) if "verified" in row else None,
    )


def _verified(row: VerifiedRow) -> Verified:
    return Verified(tuple(row["runtimes"]), row["sha256"], row.get("note", ""))
