"""The project's tasks: ``invoke --list``. Thin: parse, call, print."""

from __future__ import annotations

import functools
import inspect
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any, Callable

from invoke.context import Context
from invoke.tasks import task

from cross_build import deploy as deploys
from cross_build import doctor as host
from cross_build import reading
from cross_build.board import Board, connect
from cross_build.targets import target as find_target
from lite_runner import accuracy, cli, output, report, sources
from lite_runner import doctor as checks

_SAMPLES = Path(__file__).parent / "samples"


def command(function: Callable[..., int | None]) -> Any:
    """A task whose failures are one line and an exit code; ``--debug`` shows their origin."""
    signature = inspect.signature(function)
    debug = inspect.Parameter("debug", inspect.Parameter.KEYWORD_ONLY, default=False)

    @functools.wraps(function)
    def run(c: Context, *args: Any, debug: bool = False, **options: Any) -> None:
        code = cli.guard(lambda: function(c, *args, **options) or 0, "invoke", debug)
        if code:
            sys.exit(code)

    run.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), debug]
    )
    return task(run)


@command
def demo(c: Context, out: str = "out/demo") -> int:
    """Deploy to this computer and read the pictures in samples/; drawings go to --out."""
    board = _board("local")
    print(deploys.summary(board, deploys.deploy(board)), flush=True)
    print()
    samples = os.path.relpath(_SAMPLES)
    results = reading.read(
        board, sources.expand([samples]), [], Path(out), lambda result: output.tell(result, None)
    )
    code = output.finish(results, None)
    print(f"\ncompared with {samples}/labels.json: {_errors(results)}")
    print(f"annotated pictures: {out}")
    return code


@command
def deploy(c: Context, target: str = "local", pack: str = "") -> None:
    """Put a verified text reader on a board; does nothing if it is there already."""
    board = _board(target)
    print(deploys.summary(board, deploys.deploy(board, pack or None)))


@command
def rollback(c: Context, target: str = "local") -> None:
    """Return to the release that was in use before."""
    print(f"{target}: release {deploys.rollback(_board(target))} is in use again")


@command
def read(
    c: Context,
    images: str,
    target: str = "local",
    json: str = "",
    draw: str = "",
    detect: bool = True,
    classify: bool = True,
    recognise: bool = True,
    batch: int = 1,
    min_score: float = 0.5,
    threads: int = 0,
) -> int:
    """Read IMAGES, a file, folder or 'pattern' in quotes, on a board."""
    options = [f"--batch={batch}", f"--min-score={min_score}"]
    options += [f"--threads={threads}"] if threads else []
    stages = {"detect": detect, "classify": classify, "recognise": recognise}
    options += [f"--no-{stage}" for stage, wanted in stages.items() if not wanted]
    results = reading.read(
        _board(target),
        sources.expand([images]),
        options,
        Path(draw) if draw else None,
        lambda result: output.tell(result, json or None),
    )
    return output.finish(results, json or None)


@command
def doctor(c: Context) -> int:
    """Say what is installed, what is missing, and the command that mends it."""
    return checks.show(host.host_checks())


@command
def test(c: Context, k: str = "") -> int:
    """Run the test suite; -k picks tests."""
    return _run(c, "pytest", *(["-k", k] if k else []))


@command
def lint(c: Context) -> int:
    """Check style and types."""
    codes = [
        _run(c, "ruff", "check", "."),
        _run(c, "ruff", "format", "--check", "."),
        _run(c, "mypy"),
    ]
    return max(codes)


def _board(name: str) -> Board:
    return connect(find_target(name))


def _errors(results: list[report.Result]) -> str:
    labels = json.loads((_SAMPLES / "labels.json").read_text(encoding="utf-8"))
    found = [
        accuracy.compare(
            labels[Path(result["image"]).name], [line["text"] for line in result["lines"]]
        )
        for result in results
        if "error" not in result
    ]
    wrong = sum(one.errors for one in found)
    return f"{wrong} of {sum(one.characters for one in found)} characters wrong"


def _run(c: Context, module: str, *arguments: str) -> int:
    """Run one of the development tools of this interpreter's environment."""
    line = shlex.join([sys.executable, "-m", module, *arguments])
    result = c.run(line, warn=True, pty=sys.stdout.isatty())
    return int(result.exited) if result is not None else 1
