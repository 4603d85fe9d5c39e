"""Tasks of invoke as commands: failures in one line, exit codes, a name that may be left out."""

from __future__ import annotations

import functools
import inspect
import shlex
import sys
from typing import Any, Callable

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.parser.argument import Argument
from invoke.tasks import Task, task

from lite_runner import cli, output


def command(**options: Any) -> Callable[[Callable[..., int | None]], Any]:
    """A task whose failures are one line and an exit code; ``--debug`` shows their origin.

    The decorated function takes the context and the options, and returns the exit code, None for 0.

    Args:
        options: as :func:`invoke.tasks.task` takes them.
    """

    def decorate(function: Callable[..., int | None]) -> Any:
        signature = inspect.signature(function)
        debug = inspect.Parameter("debug", inspect.Parameter.KEYWORD_ONLY, default=False)

        @functools.wraps(function)
        def run(c: Context, debug: bool = False, **given: Any) -> None:
            output.speak_utf8()
            if "--help" in given.values():
                # invoke takes whatever follows a task with a positional argument for that argument.
                own = options.get("name", function.__name__)
                words = sys.argv[: sys.argv.index("--help")]
                name = next((word for word in words if word.split(".")[-1] == own), own)
                call = shlex.join([sys.executable, "-m", "invoke", "--help", name])
                done = c.run(call, warn=True)
                code = done.exited if done is not None else 1
            else:
                code = cli.guard(lambda: function(c, **given) or 0, "invoke", debug)
            if code:
                sys.exit(code)

        run.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*signature.parameters.values(), debug]
        )
        return task(**{"klass": Command, **options})(run)

    return decorate


class Command(Task[Any]):
    """A task whose options that are numbers say so in one line when given something else."""

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """The task's arguments."""
        found = super().get_arguments(ignore_unknown_help)
        return [_Number(one) if one.kind in (int, float) else one for one in found]


class _Number(Argument):
    """An option with a number; invoke's own ends in a traceback at anything else."""

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
        except ValueError:
            what = "a whole number" if self.kind is int else "a number"
            option = f"--{str(self.name).replace('_', '-')}"
            raise Exit(f"invoke: {option} {value}: is not {what}", 2) from None


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
