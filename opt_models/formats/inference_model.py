"""Exported networks: folders as PaddleOCR exports them and as its archives unpack, ONNX files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Sequence, Union

from opt_models.errors import OptError
from opt_models.formats import export_advice, params, program

#: Of the exports of PaddleOCR from 2.0 on, of V1.x, and of Paddle itself.
_NAMES = (
    ("inference.pdmodel", "inference.pdiparams"),
    ("model", "params"),
    ("__model__", "__params__"),
    ("__model__", "params"),
)


#: Of Paddle 3's exports beside the network: how it is fed, thresholds, dictionary.
CONFIG = "inference.yml"


@dataclass(frozen=True)
class ModelFiles:
    """The two files of an inference model in the format that ``opt`` reads."""

    program: Path
    params: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files."""
        return (self.program, self.params)


@dataclass(frozen=True)
class PirFiles:
    """An inference model of Paddle 3 (PIR), with its ``inference.yml`` if there is one."""

    program: Path
    params: Path
    config: Path | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files."""
        return (self.program, self.params, *((self.config,) if self.config else ()))


@dataclass(frozen=True)
class OnnxFile:
    """A network in ONNX, with its ``inference.yml`` if there is one."""

    path: Path
    config: Path | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files."""
        return (self.path, *((self.config,) if self.config else ()))


#: A network as something else than ``opt`` wrote it.
Exported = Union[ModelFiles, PirFiles, OnnxFile]


def find(path: Path, compare: bool = True) -> Exported:
    """The network in an ONNX file, or in a folder or one folder deeper, whatever its files' names.

    Args:
        place: an ``.onnx`` file or a folder.
        compare: whether the files of an inference model are read, to see that the weights are all
            there and belong to the program. Published archives need not be: their checksum is
            known, and only opt can say whether it takes what old releases of Paddle wrote.

    Raises:
        OptError: there is none, or more than one, or it is not whole; says what there is instead
            and how it becomes an inference model.
    """
    if path.is_file() and path.suffix == ".onnx":
        return _onnx(path)
    if path.is_file():
        raise OptError(f"{path}: {export_advice.of_file(path)}")
    if not path.is_dir():
        raise OptError(
            f"{path}: there is no such file or folder; give an .onnx file, or a folder with an"
            " inference model"
        )
    own, deeper = _files(path), [_files(entry) for entry in _visible(path) if entry.is_dir()]
    models = _models(own) or [model for files in deeper for model in _models(files)]
    if len(models) > 1:
        names = ", ".join(str(model.paths[0].relative_to(path)) for model in models)
        raise OptError(
            f"{path}: holds {len(models)} models: {names}; give a folder with only one of them"
        )
    if not models:
        files = [*own, *(file for files in deeper for file in files)]
        raise OptError(f"{path}: {export_advice.of_files(files)}")
    (model,) = models
    if compare and isinstance(model, ModelFiles):
        params.check(model.program, model.params)
    return model


def _visible(folder: Path) -> list[Path]:
    """Entries, but for those that macOS adds to archives and what else is hidden."""
    hidden = (".", "__MACOSX")
    return [entry for entry in sorted(folder.iterdir()) if not entry.name.startswith(hidden)]


def _files(folder: Path) -> list[Path]:
    return [entry for entry in _visible(folder) if entry.is_file()]


def _models(files: Sequence[Path]) -> list[Exported]:
    """The networks among the files of one folder: by name, else by content, else in ONNX."""
    models: list[Exported] = list(_by_name(files))
    models = models or list(_by_content(files))
    return models or [_onnx(file) for file in files if file.suffix == ".onnx"]


def _onnx(file: Path) -> OnnxFile:
    return OnnxFile(file, _config(file))


def _config(network: Path) -> Path | None:
    """The ``inference.yml`` beside a network."""
    config = network.parent / CONFIG
    return config if config.is_file() else None


def _by_name(files: Sequence[Path]) -> Iterator[Exported]:
    by_name = {file.name: file for file in files}
    seen = set()
    pairs = [*_NAMES, *((f"{file.stem}.pdmodel", f"{file.stem}.pdiparams") for file in files)]
    for name, weights in pairs:
        if name in by_name and weights in by_name and name not in seen:
            seen.add(name)
            yield ModelFiles(by_name[name], by_name[weights])
    for file in files:
        weights = f"{file.stem}.pdiparams"
        if file.suffix == ".json" and weights in by_name:
            yield PirFiles(file, by_name[weights], _config(file))


def _by_content(files: Sequence[Path]) -> list[ModelFiles]:
    programs = [file for file in files if program.is_program(file)]
    weights = [file for file in files if params.is_params(file)]
    models = [ModelFiles(program_file, other) for program_file in programs for other in weights]
    if len(models) > 1:
        return [model for model in models if _fit(model)]
    return models


def _fit(model: ModelFiles) -> bool:
    try:
        params.check(model.program, model.params)
    except OptError:
        return False
    return True
