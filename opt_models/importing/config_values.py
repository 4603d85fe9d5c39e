"""Values of ``inference.yml``: texts, as the file has them, taken for what they must be.

Each function takes a value and what it is called in the file, and raises ValueError where it is
something else.
"""

from __future__ import annotations

from math import isfinite
from typing import Callable, Mapping, Sequence, Tuple, TypeVar

T = TypeVar("T")
Triple = Tuple[float, float, float]

#: What YAML has for nothing.
_NOTHING = ("", "~", "null", "Null", "NULL")


def mapping(value: object, name: str) -> Mapping[str, object]:
    """A part of the file; nothing in it if it is left out."""
    if _is_nothing(value):
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{name} is {_shown(value)}, expected values with names")
    return value


def optional(
    convert: Callable[[object, str], T], part: Mapping[str, object], name: str
) -> T | None:
    """What a part of the file has under a name; None if it is left out."""
    value = part.get(name)
    return None if _is_nothing(value) else convert(value, name)


def text(value: object, name: str) -> str:
    """A text."""
    if not isinstance(value, str):
        raise ValueError(f"{name} is {_shown(value)}, expected a text")
    return value


def texts(value: object, name: str) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list) or not value:
        raise ValueError(f"{name} is {_shown(value)}, expected a list")
    return tuple(text(row, f"an entry of {name}") for row in value)


def sizes(value: object, name: str) -> Sequence[int]:
    """Whole numbers above 0."""
    rows = value if isinstance(value, list) else [value]
    numbers = [int(row) if isinstance(row, str) and row.isdecimal() else 0 for row in rows]
    if not numbers or min(numbers) < 1:
        raise ValueError(f"{name} is {_shown(value)}, expected sizes")
    return numbers


def number(value: object, name: str) -> float:
    """A finite number."""
    try:
        parsed = float(text(value, name))
    except ValueError:
        parsed = float("nan")
    if not isfinite(parsed):
        raise ValueError(f"{name} is {_shown(value)}, expected a number")
    return parsed


def positive(value: object, name: str) -> float:
    """A number above 0."""
    parsed = number(value, name)
    if parsed <= 0:
        raise ValueError(f"{name} is {_shown(value)}, expected a number above 0")
    return parsed


def fraction(value: object, name: str) -> float:
    """A number between 0 and 1."""
    parsed = number(value, name)
    if not 0 < parsed < 1:
        raise ValueError(f"{name} is {_shown(value)}, expected a number between 0 and 1")
    return parsed


def quotient(value: object, name: str) -> float:
    """A number above 0, perhaps written as a quotient: ``1./255.``."""
    above, line, below = text(value, name).partition("/")
    return positive(above, name) / (positive(below, name) if line else 1)


def triple(value: object, name: str) -> Triple:
    """A number for each channel."""
    if not isinstance(value, list) or len(value) != 3:
        raise ValueError(f"{name} is {_shown(value)}, expected a number for each channel")
    first, second, third = (number(row, name) for row in value)
    return first, second, third


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and value in _NOTHING)


def _shown(value: object) -> str:
    """A value as messages have it: on one line, and not all of a long one."""
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}..."
