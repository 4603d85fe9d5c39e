"""Read thousands of pictures of mixed sizes in one process, and see whether it comes to hold more.

Usage: python -m benchmarks.long_run [FOLDER ...] [--pack P] [--reads N] [--from M] [--max-side S]
    [--memory MB] [--debug]

Parts of the pictures, of sides between 48 and 640 pixels and one in fifty between 1200 and 2000,
are read by a release of this computer; the same parts in each run. What it holds is its resident
set between two pages, of which the most counts: it goes up and down. The exit code is 1 if that is
over 5 % more during the last M reads than during the first M.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Iterator, Sequence

from benchmarks import turns
from benchmarks.side import SideError
from lite_runner.cli.failures import guard
from lite_runner.ocr import report
from lite_runner.scoring import ground_truth

#: Share by which memory may have grown.
LIMIT = 0.05
_READER = Path(__file__).with_name("long_reader.py")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="long_run", description="Whether a process that reads for long comes to hold more."
    )
    add = parser.add_argument
    add("folders", nargs="*", type=Path, default=[turns.SAMPLES], metavar="FOLDER", help="pictures")
    add("--pack", default="", help="a named pack or the folder of one (default: the computer's)")
    add("--reads", type=int, default=10_000, metavar="N", help="pictures (default: 10000)")
    add("--from", type=int, default=1000, dest="first", metavar="M", help="compared with the last")
    add("--max-side", type=int, metavar="S", help="of the detector's input (default: the pack's)")
    add("--memory", type=int, metavar="MB", help="that the reader may hold between pages")
    add("--debug", action="store_true", help="show where an error comes from")
    options = parser.parse_args(arguments)
    if not 0 < options.first < options.reads:
        parser.error("--from must be at least 1 and less than --reads")
    return guard(lambda: _run(options), "long_run", options.debug)


def growth(held: dict[int, int], first: int) -> float:
    """Share by which more is held after the last read than after the ``first``.

    Args:
        held: most bytes between pages, until so many reads.
        first: one of these numbers.
    """
    return held[max(held)] / held[first] - 1


def _run(options: argparse.Namespace) -> int:
    given = {"max_side": options.max_side, "memory": options.memory and 1_000_000 * options.memory}
    pictures = [one.path for folder in options.folders for one in ground_truth.pictures(folder)]
    held: dict[int, int] = {}
    with turns.staged(options.pack) as release:
        arguments = [str(options.reads), str(options.first), json.dumps(given), *map(str, pictures)]
        for line in _answers(release.folder, arguments):
            answer = json.loads(line)
            held[answer["reads"]] = answer["held"]
            print(f"{answer['reads']} reads  {answer['held'] / 1e6:.0f} MB", file=sys.stderr)
    more = growth(held, options.first)
    print(report.table([("reads", "MB"), *((str(n), f"{b / 1e6:.0f}") for n, b in held.items())]))
    print(f"\n{100 * more:+.1f} % from {options.first} to {options.reads} reads; {turns.cpu()}")
    return 1 if more > LIMIT else 0


def _answers(release: Path, arguments: Sequence[str]) -> Iterator[str]:
    """Lines that the reader prints; raises SideError if it ends early."""
    command = [str(release / "ocr"), "python", str(_READER), str(release / "pack"), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as reader:
        yield from (line for line in reader.stdout or () if line.startswith("{"))
    if reader.returncode != 0:
        raise SideError(f"{release}: reading ended with code {reader.returncode}")


if __name__ == "__main__":
    sys.exit(main())
