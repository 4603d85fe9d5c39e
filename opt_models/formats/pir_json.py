"""Parts of a JSON document of which one thing is expected only."""

from __future__ import annotations

from typing import TypeVar

from opt_models.formats.damage import DamageError

T = TypeVar("T")


def entry(content: object, key: str, kind: type[T], where: str) -> T:
    """What an object has under a key.

    Raises:
        DamageError: it is no object, has no such key, or something of another kind there.
    """
    row = item(content, dict, where)
    if key not in row:
        raise DamageError(f"{where} has no {key!r}")
    return item(row[key], kind, f"{key!r} of {where}")


def item(content: object, kind: type[T], where: str) -> T:
    """A part of the document, if it is of a kind."""
    if not isinstance(content, kind):
        raise DamageError(f"{where} is no {_KINDS.get(kind, kind.__name__)}")
    return content


def array(content: object, where: str) -> list[object]:
    """An array."""
    return item(content, list, where)


def text(content: object, where: str) -> str:
    """A text that is not empty."""
    if not item(content, str, where):
        raise DamageError(f"{where} is empty")
    return str(content)


def whole(content: object, where: str) -> int:
    """A whole number of 64 bits."""
    # True is an int for Python.
    number = item(content, int, where)
    if isinstance(number, bool) or abs(number) >= 1 << 63:
        raise DamageError(f"{where} is no whole number")
    return number


_KINDS: dict[type, str] = {dict: "object", list: "array", str: "text", int: "whole number"}
