"""Rows of ``catalog.toml`` and ``packs.toml``, files of our own, as they stand there."""

from __future__ import annotations

from typing import Mapping, TypedDict


class WheelRow(TypedDict, total=False):
    """A wheel that carries published files; ``files`` has paths inside and their sha256."""

    requirement: str
    sha256: str
    licence: str
    size: int
    files: Mapping[str, str]


class DictionaryRow(TypedDict, total=False):
    """A recogniser's characters: of a ``wheel``, or at a ``url``."""

    file: str
    lines: int
    sha256: str
    wheel: str
    url: str


class OnnxRow(TypedDict, total=False):
    """A published ONNX file."""

    url: str
    sha256: str


class NbRow(TypedDict, total=False):
    """A published ``.nb`` file, and the Paddle-Lite release it is for."""

    path: str
    lite: str


class ModelRow(TypedDict, total=False):
    """A published network."""

    task: str
    version: str
    about: str
    languages: list[str]
    slim: bool
    config: str
    size: str
    dictionary: str
    height: int
    direction: str
    wheels: Mapping[str, list[str]]
    inference: str
    inference_alternatives: list[str]
    trained: str
    trained_alternatives: list[str]
    pretrained: str
    pretrained_alternatives: list[str]
    onnx: list[OnnxRow]
    nb: list[NbRow]


class CatalogFile(TypedDict):
    """``catalog.toml``."""

    host: str
    wheels: Mapping[str, WheelRow]
    dictionaries: Mapping[str, DictionaryRow]
    models: Mapping[str, ModelRow]
    languages: Mapping[str, str]


class VerifiedRow(TypedDict, total=False):
    """Runtimes that published files were verified on, and the files' sha256 by stage."""

    runtimes: list[str]
    sha256: Mapping[str, str]
    note: str


class RecipeRow(TypedDict, total=False):
    """A named pack: its models by stage."""

    about: str
    det: str
    cls: str
    rec: str
    verified: VerifiedRow


class GoldenRow(TypedDict):
    """A picture for verification and its lines."""

    image: str
    lines: list[str]


class Fp16Row(TypedDict):
    """The stages that compute in half precision."""

    stages: list[str]


class PacksFile(TypedDict):
    """``packs.toml``; below a stage's settings lie tables of those for some of its networks."""

    packs: Mapping[str, RecipeRow]
    goldens: list[GoldenRow]
    settings: Mapping[str, Mapping[str, object]]
    fp16: Fp16Row
