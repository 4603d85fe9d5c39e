"""Programs of Paddle 3: ``inference.json``, its intermediate representation (PIR) as JSON.

The format is that of Paddle's own serialiser (paddle/fluid/pir/serialize_deserialize, schema.h and
deserialize_utils.h): one region with one block of operators in static single assignment form, each
value with a number of its own, 0 standing for none. Names are shortened: dialects to numbers, keys
to letters. Weights are not in it, but in ``inference.pdiparams`` beside it, sorted by name.
"""

from __future__ import annotations

import json
from pathlib import Path

from opt_models.errors import OptError
from opt_models.formats import pir_operator
from opt_models.formats.damage import DamageError
from opt_models.formats.pir_json import array, entry, item, text, whole
from opt_models.formats.pir_program import Operator, Parameter, PirProgram

#: What Paddle's releases 3.0 to 3.3 write, in this order (3.0 with patch 1 and so on); 0 is written
#: by builds between releases. Between them only widths of numbers changed that are read alike here
#: (patch/2.yaml to patch/4.yaml beside the serialiser).
VERSIONS = range(5)

#: The server models of PP-OCRv5 have some hundred kilobytes; what is far beyond is something else.
_MAX_BYTES = 64 << 20
_PARAMETER = "p"


def is_program(path: Path) -> bool:
    """Whether a file begins as all such programs do: ``{"base_code":{"magic":"pir"``."""
    if path.suffix != ".json":
        return False
    with path.open("rb") as file:
        return b'"magic":"pir"' in b"".join(file.read(200).split())


def read(path: Path) -> PirProgram:
    """Read a program.

    Raises:
        OptError: the file is no such program, or not all of it; is of an unknown version; or has
            branches or loops.
    """
    if path.stat().st_size > _MAX_BYTES:
        raise OptError(f"{path}: is too large for a program of Paddle 3; give an inference.json")
    try:
        return _program(path, json.loads(path.read_bytes()))
    except DamageError as error:
        raise _foreign(path, str(error)) from None
    except (ValueError, RecursionError):
        raise _foreign(path, "it is not JSON, or ends too early") from None


def _program(path: Path, content: object) -> PirProgram:
    base = entry(content, "base_code", dict, "the file")
    if base.get("magic") != "pir":
        raise DamageError("its base_code does not say 'pir'")
    version = whole(base.get("version"), "its version")
    if version not in VERSIONS:
        raise OptError(
            f"{path}: is written in version {version} of Paddle's format, known are"
            f" {VERSIONS[0]} to {VERSIONS[-1]}; export the model with Paddle 3.0 to 3.3, or take"
            " its ONNX export"
        )
    return _checked(version, _operators(path, _block(path, content)))


def _block(path: Path, content: object) -> dict[str, object]:
    regions = entry(entry(content, "program", dict, "the file"), "regions", list, "the program")
    blocks = entry(_only(path, regions, "region"), "blocks", list, "the region")
    block = _only(path, blocks, "block")
    if block.get("args") or block.get("kwargs"):
        raise DamageError("its block takes arguments, as that of a branch does")
    return block


def _only(path: Path, rows: list[object], name: str) -> dict[str, object]:
    if len(rows) > 1:
        raise OptError(
            f"{path}: has {len(rows)} {name}s of operators, expected 1: branches and loops cannot"
            " be converted; export the model without them"
        )
    if not rows:
        raise DamageError(f"it has no {name} of operators")
    return item(rows[0], dict, f"its {name}")


def _operators(path: Path, block: dict[str, object]) -> list[Parameter | Operator]:
    rows = entry(block, "ops", list, "the block")
    if not rows:
        raise DamageError("its block holds no operators")
    parsed: list[Parameter | Operator] = []
    for index, row in enumerate(rows):
        where = f"operator {index}"
        content = item(row, dict, where)
        if content.get("#") == _PARAMETER:
            parsed.append(_parameter(content, where))
        else:
            parsed.append(pir_operator.read(path, content, index))
    return parsed


def _parameter(content: dict[str, object], where: str) -> Parameter:
    """A weight: ``A`` holds three marks for training and its name."""
    result = pir_operator.value(entry(content, "O", dict, where), where)
    marks = array(content.get("A"), where)
    if len(marks) != 4 or len(result.tensors) != 1:
        raise DamageError(f"{where}, a parameter, has no name or type")
    return Parameter(text(marks[3], where), result.id, result.tensors[0])


def _checked(version: int, rows: list[Parameter | Operator]) -> PirProgram:
    """The program, if each value is made once and before it is used."""
    made = {0}
    for row in rows:
        if isinstance(row, Operator):
            for number in row.inputs:
                if number not in made:
                    raise DamageError(
                        f"{row.location} takes the value {number}, which nothing made"
                    )
        given = [row.id] if isinstance(row, Parameter) else [value.id for value in row.outputs]
        for number in given:
            if number in made:
                raise DamageError(f"it makes the value {number} twice")
            made.add(number)
    return PirProgram(
        version=version,
        parameters=tuple(row for row in rows if isinstance(row, Parameter)),
        operators=tuple(row for row in rows if isinstance(row, Operator)),
    )


def _foreign(path: Path, reason: str) -> OptError:
    return OptError(
        f"{path}: is not a program of Paddle 3 (PIR), or not all of one: {reason};"
        " copy or export it again"
    )
