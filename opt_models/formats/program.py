"""Paddle's inference programs: ``inference.pdmodel``, ``model`` or ``__model__``."""

from __future__ import annotations

from pathlib import Path

from google.protobuf.message import DecodeError

from opt_models.errors import OptError
from opt_models.formats.program_schema import SINGLE, STRING, Message, ProgramDesc
from opt_models.formats.summary import Summary, summarise
from opt_models.formats.topology import TENSOR, Attribute, Operator, Topology, Variable, dtype

#: The largest published ones have 2 MB; what is far beyond is something else, and not read at all.
_MAX_BYTES = 256 << 20


def summary(path: Path) -> Summary:
    """Inputs, outputs, operators and precision of an inference program.

    Raises:
        OptError: the file is no inference program, or not all of it.
    """
    return summarise(topology(parse(path)))


def parse(path: Path) -> Message:
    """The program as a ``ProgramDesc`` message; what its schema leaves out is kept in it.

    Raises:
        OptError: the file is no inference program, or not all of it.
    """
    if path.stat().st_size > _MAX_BYTES:
        raise OptError(f"{path}: is too large for a Paddle program; give the one opt shall convert")
    program = ProgramDesc()
    try:
        program.ParseFromString(path.read_bytes())
    except (DecodeError, UnicodeDecodeError):
        raise _foreign(path, "it cannot be decoded, or ends too early") from None
    # The format marks nothing as its own, so that other data may well decode to something.
    if not program.IsInitialized() or not program.blocks:
        raise _foreign(path, "it holds no block of operators")
    operators = program.blocks[0].ops
    if not operators or not all(_is_name(operator.type) for operator in operators):
        raise _foreign(path, "its first block holds no operators")
    kinds = {operator.type for operator in operators}
    if not {"feed", "fetch"} <= kinds:
        raise OptError(
            f"{path}: is a program without inputs and outputs, as training saves it; expected one"
            " that PaddleOCR's tools/export_model.py wrote"
        )
    return program


def is_program(path: Path) -> bool:
    """Whether a file of unknown name is an inference program."""
    with path.open("rb") as file:
        # A program is read whole to know it; this spares most others: its first field is a block.
        if file.read(1) != b"\x0a":
            return False
    try:
        parse(path)
    except OptError:
        return False
    return True


def topology(program: Message) -> Topology:
    """Operators and variables of a parsed program."""
    variables: dict[str, Variable] = {}
    for block in program.blocks:
        for row in block.vars:
            tensor = row.type.lod_tensor.tensor
            known = row.type.type == TENSOR and row.type.HasField("lod_tensor")
            name = _text(row.name)
            variable = Variable(
                name=name,
                kind=row.type.type,
                dtype=dtype(tensor.data_type) if known else "unknown",
                shape=tuple(tensor.dims),
                persistable=row.persistable,
            )
            variables.setdefault(name, variable)
    operators = tuple(_operator(operator) for block in program.blocks for operator in block.ops)
    return Topology(operators, variables, len(program.blocks))


def _operator(operator: Message) -> Operator:
    attributes: dict[str, Attribute] = {}
    for attr in operator.attrs:
        if attr.type in SINGLE:
            value = getattr(attr, SINGLE[attr.type])
            attributes[_text(attr.name)] = _text(value) if attr.type == STRING else value
    return Operator(
        _text(operator.type), _sides(operator.inputs), _sides(operator.outputs), attributes
    )


def _sides(rows: Message) -> dict[str, tuple[str, ...]]:
    return {_text(row.parameter): tuple(map(_text, row.arguments)) for row in rows}


def _text(value: str | bytes) -> str:
    """A text of a message, which comes as bytes where it is not UTF-8, as paths in it may be."""
    return value if isinstance(value, str) else value.decode(errors="replace")


def _is_name(text: str | bytes) -> bool:
    return isinstance(text, str) and text.isascii() and text.isidentifier()


def _foreign(path: Path, reason: str) -> OptError:
    return OptError(
        f"{path}: is not a Paddle inference program, or not all of one: {reason};"
        " copy or export it again"
    )
