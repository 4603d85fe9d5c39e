"""Operators of a program of Paddle 3 as its JSON has them, see :mod:`opt_models.formats.pir`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Callable

from opt_models.errors import OptError
from opt_models.formats.damage import DamageError
from opt_models.formats.pir_json import array, entry, item, text, whole
from opt_models.formats.pir_program import Attribute, Operator, Tensor, Value
from opt_models.formats.topology import MAX_RANK

#: Numbers of dialects (schema.cc, DialectIdMap).
_DIALECTS = {"0": "builtin", "1": "pd_op"}
#: Dialects whose operators no converted network can have, and what they are.
_OTHERS = {
    "2": "a branch or loop",
    "3": "an operator of somebody's own",
    "4": "an operator for training on several machines",
}
#: Types of elements (paddle/pir/include/core/builtin_type.h), by what numpy calls them.
_DTYPES = {
    "0.t_bool": "bool",
    "0.t_bf16": "bfloat16",
    "0.t_f16": "float16",
    "0.t_f32": "float32",
    "0.t_f64": "float64",
    "0.t_i8": "int8",
    "0.t_ui8": "uint8",
    "0.t_i16": "int16",
    "0.t_i32": "int32",
    "0.t_i64": "int64",
}
#: What JSON has no numbers for (deserialize_utils.h, VOID_DATA).
_VOID = {"NAN": math.nan, "INF": math.inf, "-INF": -math.inf}


def read(path: Path, content: dict[str, object], index: int) -> Operator:
    """One operator.

    Args:
        path: of the file, for messages.
        content: of the JSON.
        index: its place in the block.

    Raises:
        OptError: it is of a dialect that cannot be converted, or holds blocks of its own.
        DamageError: it is not what the format says.
    """
    where = f"operator {index}"
    number, _, name = text(content.get("#"), f"the name of {where}").partition(".")
    if number in _OTHERS or "regions" in content:
        raise OptError(
            f"{path}: {where} ({name}) is {_OTHERS.get(number, _OTHERS['2'])}, which cannot be"
            " converted; export the model without it"
        )
    if number not in _DIALECTS or not name:
        raise OptError(
            f"{path}: {where} is {content['#']!r} of an unknown dialect, known are"
            f" {' and '.join(_DIALECTS.values())}; export the model with Paddle 3.0 to 3.3"
        )
    inputs = [whole(entry(row, "%", int, where), where) for row in array(content.get("I"), where)]
    return Operator(
        index=index,
        dialect=_DIALECTS[number],
        name=name,
        inputs=tuple(inputs),
        outputs=tuple(value(row, where) for row in array(content.get("O"), where)),
        attributes=_attributes(array(content.get("A"), where), where),
    )


def value(content: object, where: str) -> Value:
    """What an operator gives: a number and a type.

    Raises:
        DamageError: it is not what the format says.
    """
    number = whole(entry(content, "%", int, where), where)
    kind = entry(content, "TT", dict, where)
    name = text(kind.get("#"), where)
    if name == "0.t_vec":
        rows = array(kind.get("D"), where)
        return Value(number, tuple(_tensor(item(row, dict, where), where) for row in rows), True)
    return Value(number, (_tensor(kind, where),) if name == "0.t_dtensor" else ())


def _tensor(kind: dict[str, object], where: str) -> Tensor:
    """A dense tensor: type of elements, sizes, layout and what is of no use here."""
    row = array(kind.get("D"), where)
    if kind.get("#") != "0.t_dtensor" or len(row) < 2:
        raise DamageError(f"{where} has a type that is no tensor")
    # Paddle also multiplies the -1 that stands for any size: an instance norm gives [-6].
    shape = tuple(max(whole(size, where), -1) for size in array(row[1], where))
    if len(shape) > MAX_RANK:
        raise DamageError(f"{where} has a tensor of {len(shape)} axes")
    name = text(item(row[0], dict, where).get("#"), where)
    return Tensor(_DTYPES.get(name, "unknown"), shape)


def _attributes(rows: list[object], where: str) -> dict[str, Attribute]:
    attributes: dict[str, Attribute] = {}
    for row in rows:
        name = text(entry(row, "N", str, where), where)
        parsed = _attribute(entry(row, "AT", dict, where), f"{name!r} of {where}")
        if parsed is not None:
            attributes[name] = parsed
    return attributes


def _attribute(content: dict[str, object], where: str) -> Attribute | None:
    """A typed value; None for what does not matter here, such as the device it ran on."""
    kind = text(content.get("#"), where)
    reader = _READERS.get(kind)
    return reader(content, where) if reader else None


def _bool(content: dict[str, object], where: str) -> bool:
    return bool(entry(content, "D", bool, where))


def _int(content: dict[str, object], where: str) -> int:
    return whole(entry(content, "D", int, where), where)


def _float(content: dict[str, object], where: str) -> float:
    if "VD" in content:
        word = text(content["VD"], where)
        if word not in _VOID:
            raise DamageError(f"{where} is {word!r}, no number")
        return _VOID[word]
    number = content.get("D")
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise DamageError(f"{where} is no number")
    return float(number)


def _str(content: dict[str, object], where: str) -> str:
    return entry(content, "D", str, where)


def _array(content: dict[str, object], where: str) -> tuple[Attribute, ...] | None:
    rows = [_attribute(item(row, dict, where), where) for row in array(content.get("D"), where)]
    known = tuple(row for row in rows if row is not None)
    return known if len(known) == len(rows) else None


def _intarray(content: dict[str, object], where: str) -> tuple[int, ...]:
    return tuple(whole(number, where) for number in array(content.get("D"), where))


def _scalar(content: dict[str, object], where: str) -> Attribute:
    """A number with the name of its type before it."""
    row = array(content.get("D"), where)
    if len(row) != 2 or not isinstance(row[1], (bool, int, float)):
        raise DamageError(f"{where} is no number")
    return row[1]


_READERS: dict[str, Callable[[dict[str, object], str], Attribute | None]] = {
    "0.a_bool": _bool,
    "0.a_i32": _int,
    "0.a_i64": _int,
    "0.a_index": _int,
    "0.a_f32": _float,
    "0.a_f64": _float,
    "0.a_str": _str,
    "0.a_array": _array,
    "1.a_intarray": _intarray,
    "1.a_scalar": _scalar,
    "1.a_dtype": _str,
}
