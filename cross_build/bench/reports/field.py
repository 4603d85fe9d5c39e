"""A value inside a JSON document that knows where it stands, for errors that name the key."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Callable, TypeVar

from cross_build.errors import ReportError

T = TypeVar("T")


@dataclass(frozen=True)
class Field:
    """A value of a JSON document.

    Attributes:
        value: as :mod:`json` gives it.
        key: where it stands: ``candidates[0].turns[2].startup``.
        file: the document's name, for errors.
    """

    value: Any
    key: str
    file: str

    def __getitem__(self, name: str) -> Field:
        """A member of this object; null where it is not there, so that what is new stays optional.

        Raises:
            ReportError: this is no object.
        """
        members = self._of(dict, "an object")
        return Field(members.get(name), f"{self.key}.{name}" if self.key else name, self.file)

    def items(self) -> list[Field]:
        """The items of this list."""
        found = self._of(list, "a list")
        return [Field(one, f"{self.key}[{at}]", self.file) for at, one in enumerate(found)]

    def members(self) -> dict[str, Field]:
        """The members of this object."""
        return {name: self[name] for name in self._of(dict, "an object")}

    def text(self) -> str:
        return str(self._of(str, "a text"))

    def flag(self) -> bool:
        return bool(self._of(bool, "true or false"))

    def number(self) -> float:
        """A finite number."""
        # To Python true is a number, and json reads NaN and numbers without end.
        if isinstance(self.value, (int, float)) and not isinstance(self.value, bool):
            try:
                found = float(self.value)
            except OverflowError:
                found = math.inf
            if math.isfinite(found):
                return found
        raise self.damage("a number")

    def whole(self) -> int:
        """A whole number."""
        found = self.number()
        if found != int(found):
            raise self.damage("a whole number")
        return int(found)

    def texts(self) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(one.text() for one in self.items())

    def maybe(self, read: Callable[[Field], T]) -> T | None:
        """What ``read`` makes of it, or None for null."""
        return None if self.value is None else read(self)

    def damage(self, expected: str) -> ReportError:
        """The error of a value that is not what it should be."""
        shown = "nothing" if self.value is None else repr(self.value)
        if len(shown) > 60:
            shown = f"{shown[:57]}..."
        return ReportError(
            f"{self.file}: damaged at {self.key or 'its start'}: expected {expected}, found"
            f" {shown}; take the file from where it was written, or run the benchmark again"
        )

    def _of(self, kind: type, expected: str) -> Any:
        if not isinstance(self.value, kind):
            raise self.damage(expected)
        return self.value
