"""JSON as frozen dataclasses, by cattrs: nothing is coerced, and an error knows where it arose.

cattrs walks the types; what is here says how strict it is, since damaged JSON must not become a
value by luck: ``true`` is no number, ``"12"`` is none either, and a text is no list of letters.
"""

from __future__ import annotations

import dataclasses
import math
from datetime import datetime, timezone
from typing import Any, Callable, Mapping, TypeVar, get_args, get_origin

from cattrs import Converter
from cattrs.cols import is_mapping, mapping_structure_factory
from cattrs.errors import (
    AttributeValidationNote,
    BaseValidationError,
    IterableValidationNote,
)
from cattrs.gen import make_dict_structure_fn, override

T = TypeVar("T")
#: Metadata of a field: its key in JSON, where that is not its name.
_KEY = "key"
_OBJECT, _LIST = "an object", "a list"
_MOMENT = "a date and time as in ISO 8601"
#: What a missing member should have been.
_EXPECTED = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}


class MismatchError(ValueError):
    """A value is not what its type says.

    Attributes:
        path: where it stands, such as ``turns[2].startup``; empty for the whole.
        expected: what should stand there.
        value: what does; None where nothing does, too.
    """

    def __init__(self, expected: str, value: object, path: str = "") -> None:
        super().__init__(expected, value, path)
        self.expected, self.value, self.path = expected, value, path


def called(key: str) -> Mapping[str, str]:
    """Metadata of a dataclass's field: its key in JSON; empty if JSON does not have it."""
    return {_KEY: key}


def structure(value: object, kind: type[T]) -> T:
    """JSON as an object of a frozen dataclass.

    Members the dataclass does not know are left alone; null is the same as no member.

    Args:
        value: as :func:`json.loads` gives it.
        kind: a dataclass of texts, numbers, moments, mappings, tuples and dataclasses.

    Raises:
        MismatchError: something is missing or of another kind; the first such place.
    """
    try:
        return _CONVERTER.structure(value, kind)
    except (BaseValidationError, MismatchError) as error:
        raise _first(error) from None


def _first(error: BaseException) -> MismatchError:
    """The first mismatch below an error of cattrs, with its path."""
    path = ""
    expected = ""
    while isinstance(error, BaseValidationError):
        kind = error.cl
        error = error.exceptions[0]
        for note in getattr(error, "__notes__", ()):
            if isinstance(note, AttributeValidationNote):
                path += f".{_keys(kind)[note.name]}"
                expected = _expected(note.type)
            elif isinstance(note, IterableValidationNote):
                path += f".{note.index}" if isinstance(note.index, str) else f"[{note.index}]"
    path = path.lstrip(".")
    if isinstance(error, MismatchError):
        return MismatchError(error.expected, error.value, path)
    if isinstance(error, KeyError):
        return MismatchError(expected, None, path)
    raise error


def _expected(kind: Any) -> str:
    if dataclasses.is_dataclass(kind) or is_mapping(kind):
        return _OBJECT
    return _LIST if get_origin(kind) is tuple else _EXPECTED.get(kind, _MOMENT)


def _keys(kind: Any) -> dict[str, str]:
    """Each field's key in JSON."""
    return {field.name: field.metadata.get(_KEY, field.name) for field in dataclasses.fields(kind)}


def _exactly(kind: type) -> Callable[[object, object], object]:
    def check(value: object, _: object) -> object:
        if not isinstance(value, kind):
            raise MismatchError(_EXPECTED[kind], value)
        return value

    return check


def _number(value: object, _: object) -> float:
    """A finite number."""
    # To Python true is a number, and json reads NaN and numbers without end.
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            if math.isfinite(value):
                return float(value)
        except OverflowError:
            pass
    raise MismatchError("a number", value)


def _whole(value: object, _: object) -> int:
    if not _number(value, _).is_integer():
        raise MismatchError("a whole number", value)
    return int(value)  # type: ignore[call-overload,no-any-return]


def _moment(value: object, _: object) -> datetime:
    """A moment, in UTC; that of a text without a zone, too."""
    try:
        # Before Python 3.11 fromisoformat knows no Z.
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return zoned.astimezone(timezone.utc)
    except (ValueError, OverflowError) as error:
        raise MismatchError(_MOMENT, value) from error


def _of(kind: type, expected: str, make: Callable[[Any, Converter], Any]) -> Callable[[Any], Any]:
    """A factory of hooks that take only one kind of JSON's containers."""

    def factory(cls: Any) -> Callable[[object, object], object]:
        inner = make(cls, _CONVERTER)

        def check(value: object, cls: object) -> object:
            if not isinstance(value, kind):
                raise MismatchError(expected, value)
            return inner(value, cls)

        return check

    return factory


def _dataclass(cls: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    renamed: Mapping[str, Any] = {
        name: override(rename=key or None, omit=not key) for name, key in _keys(cls).items()
    }
    inner = make_dict_structure_fn(cls, converter, **renamed)
    return lambda value, cls: inner(
        {name: member for name, member in value.items() if member is not None}, cls
    )


def _tuple(cls: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    kind = list[get_args(cls)[0]]  # type: ignore[valid-type,misc]
    inner = converter.get_structure_hook(kind)
    return lambda value, _: tuple(inner(value, kind))


def _is_tuple(cls: Any) -> bool:
    return get_origin(cls) is tuple


_CONVERTER = Converter()
_CONVERTER.register_structure_hook(str, _exactly(str))
_CONVERTER.register_structure_hook(bool, _exactly(bool))
_CONVERTER.register_structure_hook(float, _number)
_CONVERTER.register_structure_hook(int, _whole)
_CONVERTER.register_structure_hook(datetime, _moment)
_CONVERTER.register_structure_hook_factory(_is_tuple, _of(list, _LIST, _tuple))
_CONVERTER.register_structure_hook_factory(
    is_mapping, _of(dict, _OBJECT, mapping_structure_factory)
)
_CONVERTER.register_structure_hook_factory(dataclasses.is_dataclass, _of(dict, _OBJECT, _dataclass))
