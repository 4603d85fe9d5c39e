"""ONNX models as Paddle's inference models."""

from __future__ import annotations

from pathlib import Path

from opt_models.errors import OptError
from opt_models.formats.inference_model import ModelFiles
from opt_models.importing import onnx_file, onnx_network, onnx_program

#: Key of the metadata under which recognisers carry their dictionary.
_DICTIONARY = "character"


def import_onnx(path: Path, target: ModelFiles) -> None:
    """Write the program and weights of an ONNX model.

    Args:
        path: of the model.
        target: files to write.

    Raises:
        OptError: it is none, or has something Paddle-Lite cannot run; names file and node.
    """
    model = onnx_file.load(path)
    try:
        writer = onnx_program.translate(onnx_network.read(model))
    except onnx_program.NodeError as error:
        raise OptError(f"{path}: {error}") from None
    except (ValueError, KeyError, IndexError, TypeError, OverflowError) as error:
        # What a damaged file may hold is without end; exporters write none of it.
        raise OptError(
            f"{path}: is damaged ({type(error).__name__}: {error}); copy or export it again"
        ) from error
    writer.write(target.program, target.params)


def characters(path: Path) -> tuple[str, ...] | None:
    """The dictionary a recogniser carries in its metadata, a line a character.

    Returns:
        None if there is none. Lines are not stripped: characters may be spaces.

    Raises:
        OptError: the file is no ONNX model.
    """
    for entry in onnx_file.parse(path).metadata_props:
        if entry.key == _DICTIONARY:
            return tuple(entry.value.split("\n"))
    return None
