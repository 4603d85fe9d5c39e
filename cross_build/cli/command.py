"""Functions as commands: failures in one line, exit codes, ``--debug`` and ``--help``."""

from __future__ import annotations

import functools
import inspect
import sys
from typing import Any, Callable

from invoke.context import Context
from invoke.tasks import task

from cross_build.cli.arguments import Command
from cross_build.cli.running import running
from lite_runner.cli import failures, output
from opt_models.command_name import IN_A_CLONE, command_name


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
            output.force_utf8_output()
            if "--help" in given.values():
                # invoke takes whatever follows a task with a positional argument for that argument.
                code = _help(options.get("name", function.__name__))
            else:
                code = failures.guard(
                    lambda: function(c, **given) or 0, command_name(), debug, _reinstall
                )
            if code:
                sys.exit(code)

        run.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*signature.parameters.values(), debug]
        )
        return task(**{"klass": Command, **options})(run)

    return decorate


def _help(name: str) -> int:
    """Print the help of the command that was typed, whose own name is the last part of it."""
    words = sys.argv[: sys.argv.index("--help")]
    typed = next((word for word in words if word.split(".")[-1] == name), name)
    running().run([command_name(), "--help", typed], exit=False)
    return 0


def _reinstall(module: str | None) -> str:
    """What to do about a package of the host's that cannot be imported."""
    if command_name() == IN_A_CLONE:
        return "run 'pip install -e .' again"
    return "install lite-ocr again, with 'pip install --force-reinstall' and its wheel"
