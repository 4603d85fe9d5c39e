"""The tasks of a clone, ``invoke --list``: the commands of ``lite-ocr``, and what develops it."""

from __future__ import annotations

import os
import shlex
import sys

from invoke.context import Context
from invoke.main import program

from cross_build.cli import command_line
from cross_build.cli.command import command
from cross_build.cli.program import commands
from lite_runner import terminal

#: Locked: this project's own dependencies, those of its tests among them; and what builds it.
_DEVELOPMENT = ".ci/requirements.txt"
_BUILD_TOOLS = ".ci/build.in"
#: All tests, by four processes, of which two wait for emulated boards most of the time. Groups of
#: tests are taken in the order tests/conftest.py gives them, not by their size.
_TOGETHER = ["-n", "4", "--dist", "loadgroup", "--no-loadscope-reorder"]


@command(help={"k": "only tests whose names match, as pytest's -k"})
def test(c: Context, k: str = "") -> int:
    """Run the test suite; -k picks tests."""
    # A few tests would wait longer for several processes than they take.
    return _run(c, "pytest", *(["-k", k] if k else _TOGETHER))


@command(
    help={
        "boards": "--no-boards leaves the packages that go to boards as they are",
        "development": "--no-development leaves this project's own dependencies as they are",
    }
)
def lock(c: Context, boards: bool = True, development: bool = True) -> int:
    """Renew the locks: the newest packages the index has, by version and sha256."""
    from cross_build.bundles import wheel_lock

    for platform in wheel_lock.platforms() if boards else ():
        print(os.path.relpath(wheel_lock.renew(platform)), flush=True)
    if not development:
        return 0
    extras = ("--extra", "test", "--extra", "samples")
    options = ("--universal", "--python-version", "3.10", "--generate-hashes", "--upgrade")
    code = _run(
        *(c, "uv", "pip", "compile", "pyproject.toml", _BUILD_TOOLS, *extras, *options),
        *("--quiet", "--custom-compile-command", "invoke lock", "--output-file", _DEVELOPMENT),
    )
    if code == 0:
        print(_DEVELOPMENT)
    return code


@command()
def lint(c: Context) -> int:
    """Check style and types."""
    codes = [
        _run(c, "ruff", "check", "."),
        _run(c, "ruff", "format", "--check", "."),
        _run(c, "mypy"),
    ]
    return max(codes)


def _run(c: Context, module: str, *arguments: str) -> int:
    """Run one of the development tools of this interpreter's environment."""
    line = shlex.join([sys.executable, "-m", module, *arguments])
    own = terminal.raw(sys.stdout)  # its colours
    result = c.run(line, warn=True, pty=own.isatty(), out_stream=own)
    return int(result.exited) if result is not None else 1


namespace = commands(test, lint, lock)
# invoke loads this file between its own options and those of commands.
if hasattr(program, "core"):
    command_line.prepare(program, namespace)
