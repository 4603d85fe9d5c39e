"""Folders with an inference model, as PaddleOCR exports it and as its archives unpack."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Sequence

from opt_models import export_advice
from opt_models.errors import OptError
from opt_models.formats import params, program

#: Of the exports of PaddleOCR from 2.0 on, of V1.x, and of Paddle itself.
_NAMES = (
    ("inference.pdmodel", "inference.pdiparams"),
    ("model", "params"),
    ("__model__", "__params__"),
    ("__model__", "params"),
)


@dataclass(frozen=True)
class ModelFiles:
    """The two files of an inference model."""

    program: Path
    params: Path


def find(folder: Path, compare: bool = True) -> ModelFiles:
    """The inference model in a folder or one folder deeper, whatever its files are called.

    Args:
        folder: to look in.
        compare: whether both files are read, to see that the weights are all there and belong to
            the program. Published archives need not be: their checksum is known, and only opt can
            say whether it takes what old releases of Paddle wrote.

    Raises:
        OptError: there is none, or more than one, or it is not whole; says what there is instead
            and how it becomes an inference model.
    """
    if folder.is_file():
        raise OptError(f"{folder}: {export_advice.of_file(folder)}")
    if not folder.is_dir():
        raise OptError(f"{folder}: there is no such folder; give one with an inference model")
    own, deeper = _files(folder), [_files(one) for one in _visible(folder) if one.is_dir()]
    models = _models(own) or [model for files in deeper for model in _models(files)]
    if len(models) > 1:
        names = ", ".join(str(one.program.relative_to(folder)) for one in models)
        raise OptError(
            f"{folder}: holds {len(models)} models: {names}; give a folder with only one of them"
        )
    if not models:
        files = [*own, *(file for files in deeper for file in files)]
        raise OptError(f"{folder}: {export_advice.of_files(files)}")
    if compare:
        params.check(models[0].program, models[0].params)
    return models[0]


def _visible(folder: Path) -> list[Path]:
    """Entries, but for those that macOS adds to archives and what else is hidden."""
    hidden = (".", "__MACOSX")
    return [one for one in sorted(folder.iterdir()) if not one.name.startswith(hidden)]


def _files(folder: Path) -> list[Path]:
    return [one for one in _visible(folder) if one.is_file()]


def _models(files: Sequence[Path]) -> list[ModelFiles]:
    """The models among the files of one folder: by name, else by content."""
    return list(_by_name(files)) or _by_content(files)


def _by_name(files: Sequence[Path]) -> Iterator[ModelFiles]:
    by_name = {one.name: one for one in files}
    seen = set()
    pairs = [*_NAMES, *((f"{one.stem}.pdmodel", f"{one.stem}.pdiparams") for one in files)]
    for name, weights in pairs:
        if name in by_name and weights in by_name and name not in seen:
            seen.add(name)
            yield ModelFiles(by_name[name], by_name[weights])


def _by_content(files: Sequence[Path]) -> list[ModelFiles]:
    programs = [one for one in files if program.is_program(one)]
    weights = [one for one in files if params.is_params(one)]
    models = [ModelFiles(one, other) for one in programs for other in weights]
    if len(models) > 1:
        return [model for model in models if _fit(model)]
    return models


def _fit(model: ModelFiles) -> bool:
    try:
        params.check(model.program, model.params)
    except OptError:
        return False
    return True
