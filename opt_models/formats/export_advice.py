"""What to do about files that are no inference model: how they become one.

The commands are those of PaddleOCR's own documents: doc/doc_en/inference_en.md of its releases 1.1
(static graphs, ``Global.checkpoints``) and 2.0 and later (``Global.pretrained_model``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from opt_models.command_name import command_name
from opt_models.errors import OptError
from opt_models.formats import nb, params, program

_EXPECTED = (
    "inference.json or inference.pdmodel with inference.pdiparams, model and params, or an .onnx"
    " file"
)
_ARCHIVES = (".tar", ".gz", ".tgz", ".zip")
_CHECKPOINTS = (".pdparams", ".pdopt")


def of_file(path: Path) -> str:
    """What a file is that was given in place of a folder, and what to give instead."""
    if _is_pir(path) or program.is_program(path) or params.is_params(path):
        return f"is half of an inference model; give its folder, {path.resolve().parent}"
    advice = _known([path])
    return advice or f"is no model; expected an .nb or .onnx file, or a folder with {_EXPECTED}"


def of_files(files: Sequence[Path]) -> str:
    """What files are among which there is no inference model, and what to do with them."""
    if not files:
        return f"is empty; expected {_EXPECTED}"
    return _known(files) or _half(files) or _unknown(files)


def _known(files: Sequence[Path]) -> str | None:
    """Advice on formats that have to be converted by other tools, or not at all."""
    for file in files:
        if file.suffix in _CHECKPOINTS:
            return _checkpoint(file, files)
    for file in files:
        if _is_nb(file):
            return (
                f"{file.name} is optimised for Paddle-Lite already, so opt has nothing to do; see"
                f" what it runs on with: {command_name()} models.inspect {file}"
            )
    for file in files:
        if file.suffix in _ARCHIVES:
            return f"{file.name} is an archive; unpack it and give the folder it makes"
    return None


def _checkpoint(file: Path, files: Sequence[Path]) -> str:
    # Only static graphs save a program beside the weights; those were trained with V1.x.
    static = file.with_suffix(".pdmodel") in files or file.with_suffix(".pdmodel").is_file()
    option = "checkpoints" if static else "pretrained_model"
    return (
        f"{file.name} is a checkpoint of training; make an inference model of it, in PaddleOCR's"
        f" folder: python3 tools/export_model.py -c CONFIG.yml -o Global.{option}="
        f"{file.with_suffix('')} Global.save_inference_dir=DIR"
    )


def _half(files: Sequence[Path]) -> str | None:
    """Advice on a program without its weights, or weights without their program."""
    for candidate in files:
        if _is_pir(candidate):
            weights = candidate.with_suffix(".pdiparams").name
            return f"has the program {candidate.name} but not its weights, {weights} beside it"
    for candidate in files:
        # One that is cut off is a program by its name.
        whole = program.is_program(candidate)
        if (
            not whole
            and candidate.suffix != ".pdmodel"
            and candidate.name not in ("model", "__model__")
        ):
            continue
        declared = program.topology(program.parse(candidate)).weights if whole else {}
        apart = len(
            declared.keys() & {file.name for file in files if file.parent == candidate.parent}
        )
        if apart:
            return (
                f"has {apart} weights in files of their own; save the model again with all in"
                " one: save_inference_model(..., model_filename='model', params_filename='params')"
            )
        return f"has the program {candidate.name} but not its weights; expected {_EXPECTED}"
    for candidate in files:
        named = candidate.suffix == ".pdiparams" or candidate.name in ("params", "__params__")
        if named or params.is_params(candidate):
            return f"has the weights {candidate.name} but not their program; expected {_EXPECTED}"
    return None


def _unknown(files: Sequence[Path]) -> str:
    names = ", ".join(file.name for file in files[:5])
    more = f" and {len(files) - 5} more" if len(files) > 5 else ""
    return f"holds no network, only {names}{more}; expected {_EXPECTED}"


def _is_pir(path: Path) -> bool:
    """Whether a file begins as all such programs do: ``{"base_code":{"magic":"pir"``."""
    if path.suffix != ".json":
        return False
    with path.open("rb") as file:
        return b'"magic":"pir"' in b"".join(file.read(200).split())


def _is_nb(path: Path) -> bool:
    if path.suffix != ".nb":
        return False
    try:
        nb.read_header(path)
    except OptError:
        return False
    return True
