"""An answer: JSON of a board whose every value is asked for by its place and kind."""

from __future__ import annotations

import json
import math
import reprlib
from dataclasses import dataclass
from typing import Any, Callable, NoReturn

from cross_build.errors import BoardError

#: Larger ones stand for nothing a board counts, and Python takes quadratic time for their digits.
_DIGITS = 18
_SHOWN = reprlib.Repr()
_SHOWN.maxstring = _SHOWN.maxother = 60


@dataclass(frozen=True)
class Answer:
    """A value of a board's answer.

    Attributes:
        source: which board and what was asked, for errors.
        value: as JSON gives it.
        path: where in the answer it stands; empty for the whole.
    """

    source: str
    value: Any
    path: str = ""

    def __getitem__(self, key: str) -> Answer:
        """A member of an object.

        Raises:
            BoardError: this is no object, or has no such member.
        """
        path = f"{self.path}.{key}" if self.path else key
        if not isinstance(self.value, dict):
            self.fail("an object")
        if key not in self.value:
            raise BoardError(f"{self.source}: {path} is missing in its answer")
        return Answer(self.source, self.value[key], path)

    def has(self, key: str) -> bool:
        """Whether this is an object with such a member."""
        return isinstance(self.value, dict) and key in self.value

    def items(self, count: int | None = None) -> list[Answer]:
        """The items of a list; of so many, if ``count`` is given."""
        if not isinstance(self.value, list) or count not in (None, len(self.value)):
            self.fail("a list" if count is None else f"a list of {count}")
        return [
            Answer(self.source, value, f"{self.path}[{number}]")
            for number, value in enumerate(self.value)
        ]

    def text(self) -> str:
        """A string."""
        text: str = self._of(lambda value: isinstance(value, str), "a text")
        return text

    def boolean(self) -> bool:
        """True or false."""
        truth: bool = self._of(lambda value: isinstance(value, bool), "true or false")
        return truth

    def whole(self, least: int = 0) -> int:
        """A whole number of at least ``least``."""
        number: int = self._of(
            lambda value: type(value) is int and value >= least,
            f"a whole number of at least {least}",
        )
        return number

    def number(self, low: float = -math.inf, high: float = math.inf) -> float:
        """A number from ``low`` to ``high``."""
        limits = [
            f" {word} {limit:g}"
            for word, limit in (("from", low), ("to", high))
            if math.isfinite(limit)
        ]
        return float(
            self._of(
                lambda value: type(value) in (int, float) and low <= value <= high,
                f"a number{''.join(limits)}",
            )
        )

    def among(self, *values: object) -> Any:
        """One of some values."""
        return self._of(
            lambda value: any(type(value) is type(choice) and value == choice for choice in values),
            " or ".join(map(repr, values)),
        )

    def fail(self, expected: str) -> NoReturn:
        """Refuse the value.

        Raises:
            BoardError: which board, where, what was expected and what it is.
        """
        raise BoardError(
            f"{self.source}: {self.path or 'its answer'} is {_SHOWN.repr(self.value)},"
            f" expected {expected}"
        )

    def _of(self, fits: Callable[[Any], bool], expected: str) -> Any:
        if not fits(self.value):
            self.fail(expected)
        return self.value


def parse(text: str, source: str) -> Answer:
    """Read JSON strictly: one value, finite numbers, as deep as Python reads it.

    Args:
        text: what the board wrote.
        source: which board and what was asked, for errors.

    Raises:
        BoardError: it is no JSON; says where that ends.
    """
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite, parse_int=_whole)
    except RecursionError:
        raise BoardError(f"{source}: its answer is nested too deeply") from None
    except ValueError as error:
        raise BoardError(
            f"{source}: its answer is no JSON ({error}): {_SHOWN.repr(text)}"
        ) from error
    return Answer(source, value)


def texts(answer: Answer) -> tuple[str, ...]:
    """The strings of a list."""
    return tuple(item.text() for item in answer.items())


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{_SHOWN.repr(digits)} is too large")
    return value


def _whole(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError(f"{_SHOWN.repr(digits)} is too large")
    return int(digits)
