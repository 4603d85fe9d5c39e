"""The ``ocr`` program: read pictures, verify the deployment, say what is missing."""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path
from typing import Callable, Mapping, Sequence

from lite_runner import pack as packs
from lite_runner import terminal
from lite_runner.cli import output
from lite_runner.cli.arguments import parser
from lite_runner.cli.failures import guard
from lite_runner.cli.read import read


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, 1 for a failure, 2 for wrong usage.

    Args:
        arguments: the command line without the program; ``sys.argv`` if None.
    """
    output.force_utf8_output()
    options = parser().parse_args(arguments)
    command = _COMMANDS[options.command]
    return guard(lambda: command(options), "ocr", debug=options.debug)


def _verify(options: argparse.Namespace) -> int:
    from lite_runner.predictor import engines
    from lite_runner.verification.verify import verify

    report = verify(options.pack, options.threads)
    if options.pack == packs.of_this_release():
        engines.remember(report)
    if options.json:
        output.print_json(report)
    else:
        print(f"verified: read {' / '.join(report['lines'])} in {report['seconds']['total']:.2f} s")
    return 0


def _bench(options: argparse.Namespace) -> int:
    from lite_runner.cli import bench

    if options.job:
        return bench.run_job(sys.stdin, terminal.raw(sys.stdout))
    return bench.bench(options)


def _session(options: argparse.Namespace) -> int:
    from lite_runner.bench import session

    return session.main()


def _python(options: argparse.Namespace) -> int:
    terminal.release()  # what a script prints is its own
    sys.argv = [options.script, *options.arguments]
    sys.dont_write_bytecode = False  # its modules lie in no release
    sys.path.insert(0, str(Path(options.script).resolve().parent))
    runpy.run_path(options.script, run_name="__main__")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from lite_runner.cli.doctor import board_checks, show

    return show(board_checks(options.pack))


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "bench": _bench,
    "doctor": _doctor,
    "python": _python,
    "read": read,
    "turn": _session,
    "verify": _verify,
}
