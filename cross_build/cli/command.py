"""Functions as commands: failures in one line, exit codes and ``--debug``."""

from __future__ import annotations

import functools
import inspect
import sys
from typing import Any, Callable, Mapping

from invoke.context import Context
from invoke.tasks import task

from cross_build.cli.arguments import Command
from lite_runner.cli import failures, output
from opt_models.command_name import IN_A_CLONE, command_name


def command(
    words: str = "", help: Mapping[str, str] | None = None, **options: Any
) -> Callable[[Callable[..., int | None]], Any]:
    """A task whose failures are one line and an exit code; ``--debug`` shows their origin.

    The decorated function takes the context and the options, and returns the exit code, None for 0.

    Args:
        words: the parameter that gets all words which are no option's value; of none if empty.
        help: of each option and positional argument.
        options: further ones as :func:`invoke.tasks.task` takes them.
    """
    options["help"] = {**(help or {}), "debug": "show where an error comes from"}
    if words:
        options["iterable"] = [*options.get("iterable", ()), words]

    def decorate(function: Callable[..., int | None]) -> Any:
        signature = inspect.signature(function)
        debug = inspect.Parameter("debug", inspect.Parameter.KEYWORD_ONLY, default=False)

        @functools.wraps(function)
        def run(c: Context, debug: bool = False, **given: Any) -> None:
            output.force_utf8_output()
            code = failures.guard(
                lambda: function(c, **given) or 0, command_name(), debug, _reinstall
            )
            if code:
                sys.exit(code)

        run.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*signature.parameters.values(), debug]
        )
        made = task(**{"klass": Command, **options})(run)
        made.words = words
        return made

    return decorate


def _reinstall(module: str | None) -> str:
    """What to do about a package of the host's that cannot be imported."""
    if command_name() == IN_A_CLONE:
        return "run 'pip install -e .' again"
    return "install lite-ocr again, with 'pip install --force-reinstall' and its wheel"
