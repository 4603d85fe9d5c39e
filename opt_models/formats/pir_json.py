"""Parts of a JSON document of which one thing is expected only."""

from __future__ import annotations

from typing import Any, TypeVar

from opt_models.formats.damage import DamageError

T = TypeVar("T")


def entry(content: Any, key: str, kind: type[T], where: str) -> T:
    """What an object has under a key.

    Raises:
        DamageError: it is no object, has no such key, or something of another kind there.
    """
    row = item(content, dict, where)
    if key not in row:
        raise DamageError(f"{where} has no {key!r}")
    return item(row[key], kind, f"{key!r} of {where}")


def item(content: Any, kind: type[T], where: str) -> T:
    """A part of the document, if it is of a kind."""
    if not isinstance(content, kind):
        raise DamageError(f"{where} is no {_KINDS.get(kind, kind.__name__)}")
    return content


def array(content: Any, where: str) -> list[Any]:
    """An array."""
    return item(content, list, where)


def text(content: Any, where: str) -> str:
    """A text that is not empty."""
    if not item(content, str, where):
        raise DamageError(f"{where} is empty")
    return str(content)


def whole(content: Any, where: str) -> int:
    """A whole number of 64 bits."""
    # True is an int for Python.
    if isinstance(content, bool) or abs(item(content, int, where)) >= 1 << 63:
        raise DamageError(f"{where} is no whole number")
    return int(content)


_KINDS: dict[type, str] = {dict: "object", list: "array", str: "text", int: "whole number"}
