"""Arguments of commands that invoke does not have: checked numbers, a name that may be left out."""

from __future__ import annotations

import math
from typing import Any

from invoke.exceptions import Exit
from invoke.parser.argument import Argument
from invoke.tasks import Task

from opt_models.command_name import command_name


class Command(Task[Any]):
    """A task whose options that are numbers say so in one line when given something else.

    Attributes:
        words: the option that words which are no option's value are of, any number of them; empty
            for none.
    """

    words = ""

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """The task's arguments, of which none has the short form ``-h``: that is help."""
        texts = dict(self.help)
        arguments = super().get_arguments(ignore_unknown_help)
        self.help = texts  # invoke takes each out as it uses it, but arguments are asked for twice
        for each in arguments:
            each.names = tuple(name for name in each.names if name != "h")
        return [_Number(each) if each.kind in (int, float) else each for each in arguments]


class OptionalName(Command):
    """A task that takes a name, or any of the flags ``instead`` and no name.

    invoke knows positional arguments that must be there, and none that may.
    """

    instead = ("det", "cls", "rec")

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """The task's arguments; the first one is the name."""
        name, *others = super().get_arguments(ignore_unknown_help)
        flags = [other for other in others if other.name in self.instead]
        return [_Name(name, flags), *others]


#: Options with a share of 1; every other number has no upper limit.
_SHARES = ("min_score",)


class _Number(Argument):
    """An option with a number: a whole one of at least 1, or another of at least 0.

    invoke's own ends in a traceback where it is no number at all.
    """

    def __init__(self, plain: Argument) -> None:
        super().__init__(
            names=plain.names,
            kind=plain.kind,
            default=plain.default,
            help=plain.help,
            attr_name=plain.attr_name,
        )

    def set_value(self, value: Any, cast: bool = True) -> None:
        """Take the option's text.

        Raises:
            Exit: it is no such number.
        """
        try:
            super().set_value(value, cast)
            fits = self._fits(float(value))
        except ValueError:
            fits = False
        if not fits:
            option = f"--{str(self.name).replace('_', '-')}"
            raise Exit(f"{command_name()}: {option} {value}: is not {self._expected}", 2)

    def _fits(self, number: float) -> bool:
        if self.kind is int:
            return number >= 1
        return 0 <= number <= (1 if self.name in _SHARES else math.inf) and number != math.inf

    @property
    def _expected(self) -> str:
        if self.kind is int:
            return "a whole number of at least 1"
        return "a number from 0 to 1" if self.name in _SHARES else "a number of at least 0"


class _Name(Argument):
    """A positional argument that is not missing once one of some flags is given."""

    def __init__(self, plain: Argument, flags: list[Argument]) -> None:
        super().__init__(name=plain.names[0], positional=True, help=plain.help)
        self._flags = flags

    @property
    def value(self) -> Any:
        """The name; empty if it is left out, None while it is missing."""
        if self._value is None and any(flag.got_value for flag in self._flags):
            return ""
        return self._value

    @value.setter
    def value(self, text: str) -> None:
        self.set_value(text)
