"""Weights: the networks of a pack as the ONNX files that peers run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Mapping, Sequence

from lite_runner.pack import Pack
from opt_models.catalog import catalog, fetch, supply
from opt_models.catalog.catalog import InWheel, Model, Wheel
from opt_models.errors import CatalogError
from opt_models.formats.inference_model import Exported
from opt_models.importing import export_config
from opt_models.store import cache
from opt_models.store.content_key import content_key

#: Both peers turn lines by default, with this classifier, whether or not a pack has one.
_CLASSIFIER = "ch_ppocr_mobile_v2.0_cls"
#: PP-OCRv4's networks in ONNX by the catalog's names; packs are made of the original exports.
_V4 = {
    "ch_PP-OCRv4_det": "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx",
    "ch_PP-OCRv4_rec": "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
    _CLASSIFIER: "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx",
}
#: Carries them; nothing of it is installed or run.
_V4_WHEEL = Wheel(
    "rapidocr-onnxruntime==1.4.4",
    "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf",
    "Apache-2.0",
    14915192,
    (
        (
            _V4["ch_PP-OCRv4_det"],
            "d2a7720d45a54257208b1e13e36a8479894cb74155a5efe29462512d42f49da9",
        ),
        (
            _V4["ch_PP-OCRv4_rec"],
            "48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b",
        ),
        (_V4[_CLASSIFIER], "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c"),
    ),
)


@dataclass(frozen=True)
class Weights:
    """What a peer is given to run.

    Attributes:
        name: of the pack.
        models: by stage (``det``, ``cls``, ``rec``) the catalog's name of the network.
        files: by stage the ONNX file, and as ``dict`` the recogniser's characters, one a line.
    """

    name: str
    models: Mapping[str, str]
    files: Mapping[str, Path]


def of_pack(pack: Pack) -> Weights:
    """The ONNX files of the networks that a pack was made from; fetched on first use.

    Raises:
        CatalogError: the catalog has none of them; names the networks.
        FetchError: they cannot be had.
    """
    return _weights(pack.name, {stage: network.source for stage, network in pack.networks.items()})


def named(name: str) -> Weights:
    """The ONNX files of a named pack; fetched on first use.

    Raises:
        CatalogError: there is no such pack, or the catalog has no ONNX files of it.
        FetchError: they cannot be had.
    """
    models = catalog.recipe(name).models
    return _weights(name, {stage: model.name for stage, model in models.items()})


def network(name: str) -> Path:
    """The ONNX file of one network of the catalog; fetched on first use.

    Raises:
        CatalogError: there is no such network.
        FetchError: it is not published as ONNX, or cannot be had.
    """
    return fetch.onnx(_published(name) or catalog.model(name)).path


def _weights(name: str, sources: Mapping[str, str]) -> Weights:
    chosen = {"det": sources["det"], "cls": _CLASSIFIER, "rec": sources["rec"]}
    models = {stage: _published(source) for stage, source in chosen.items()}
    missing = [chosen[stage] for stage, model in models.items() if not model or not model.in_onnx]
    if missing:
        raise CatalogError(f"pack {name}: there is no ONNX file of {', '.join(missing)} for peers")
    files = {stage: fetch.onnx(model) for stage, model in models.items() if model is not None}
    paths = {stage: file.path for stage, file in files.items()}
    characters = _exported(files["rec"]) or _characters(chosen["rec"])
    return Weights(name, chosen, {**paths, "dict": _dictionary(characters)})


def _published(name: str) -> Model | None:
    """A row of the catalog, with the wheel that has its ONNX file; None if there is none."""
    model = catalog.models().get(name)
    if model is not None and name in _V4:
        return replace(model, wheels=(InWheel(_V4_WHEEL, (_V4[name],)),))
    return model


def _exported(files: Exported) -> tuple[str, ...] | None:
    """The characters that a recogniser's export brings."""
    return export_config.characters(files, export_config.read(files))


def _characters(recogniser: str) -> tuple[str, ...]:
    """Of a recogniser whose ONNX file brings none: of another export, or the catalog's."""
    model = catalog.model(recogniser)
    row = model.dictionary
    if row is None or row.wheel is None:
        wheel = supply.wheels({"rec": model}).get("rec")
        characters = _exported(fetch.exported(model, wheel))
        if characters is not None:
            return characters
    if row is None:
        raise CatalogError(f"{recogniser}: no file of it says which characters it knows")
    return tuple(fetch.dictionary(row).read_text(encoding="utf-8").split("\n"))


def _dictionary(characters: Sequence[str]) -> Path:
    """A file with characters, one a line, in the cache."""
    text = "\n".join(characters)
    key = content_key(text)
    return cache.folder(f"peers/dictionary-{key}", partial(_write, text)) / "dict.txt"


def _write(text: str, folder: Path) -> None:
    (folder / "dict.txt").write_bytes(text.encode())
