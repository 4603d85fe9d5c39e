"""What reading costs beside the networks: this project's own part, and RapidOCR's, in one run.

Usage: python -m benchmarks.own_part [FOLDER ...] [--pack P] [--threads N] [--repeats R] [--debug]

A reader's own part is all but its engine: decoding files, scaling, normalising, finding boxes in
the detector's map, cutting out lines, decoding text, copying in and out. The engine is
Paddle-Lite's ``run()``, opening and closing models, or ONNX Runtime's ``run()``. How they are
measured stands in ``turns.py``; the figures are processor time, which other work on the machine is
not part of.
"""

from __future__ import annotations

import argparse
import os
import sys
from statistics import median
from typing import NamedTuple, Sequence

from benchmarks import turns
from benchmarks.comparison import Match
from benchmarks.side import Reading, SideError
from benchmarks.turns import OWN, Release
from cross_build.bench.peers import peer as peers
from cross_build.bench.peers import weights
from cross_build.deploys.deploy import last_words
from lite_runner.cli.failures import guard
from lite_runner.ocr import report
from lite_runner.scoring import ground_truth

#: All that ``ocr read`` imports before it reads its first picture.
_IMPORTS = """
import sys
sys.path[:0] = sys.argv[1:]
from lite_runner.cli import draw, main, output
from lite_runner.ocr import report
from lite_runner.ocr.pipeline import Ocr
from lite_runner.pictures import image, inputs
from lite_runner.predictor import engines
engines.of_this_release(1)
"""

#: How the readers stand in the table's head.
_MARKS = ("L", "R")


class Cost(NamedTuple):
    """Processor time of one picture, or of all, in milliseconds: median of the readings."""

    total: float
    engine: float

    @property
    def own(self) -> float:
        return self.total - self.engine


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = turns.parser("own_part", "What reading costs beside the networks.")
    parser.add_argument(
        "--threads",
        type=turns.threads,
        default="1",
        metavar="N",
        help=f"of each reader, or '{OWN}' for each one's own number (default: 1)",
    )
    options = parser.parse_args(arguments)
    return guard(lambda: _run(options), "own_part", options.debug)


def table(matches: Sequence[Match]) -> str:
    """A row for each picture and one for all, with the readers next to each other."""
    left, right = _MARKS
    head = [f"{what} {left}" for what in ("total", "engine", "own", "own %")]
    head += [f"{what} {right}" for what in ("total", "own")]
    costs = [(_cost(match.readings[0]), _cost(match.readings[1])) for match in matches]
    rows: list[Sequence[str]] = [("picture", *head, f"own {left}/{right}")]
    rows += [_row(match.picture.name, *pair) for match, pair in zip(matches, costs)]
    ours, theirs = zip(*costs)
    rows.append(_row(f"{len(matches)} pictures", _sum(ours), _sum(theirs)))
    return report.table(rows)


def import_seconds(release: Release) -> float:
    """How long the imports of ``ocr read`` take in a release.

    Raises:
        SideError: they fail; with the last words.
    """
    board, folder = release.board, release.folder
    command = [str(board.python), "-I", "-X", "importtime", "-c", _IMPORTS]
    run = board.transport.run([*command, str(folder / "app"), str(folder / "site")])
    if run.code != 0:
        raise SideError(f"{folder}: cannot be imported: {last_words(run)}")
    # "import time: SELF | CUMULATIVE | NAME" a module, in microseconds; Python's own start ends
    # with the module `site`.
    rows = [line.split("|") for line in run.stderr.splitlines() if line.startswith("import time:")]
    names = [row[-1].strip() for row in rows]
    return sum(int(row[0].split(":")[1]) for row in rows[names.index("site") + 1 :]) / 1e6


def _run(options: argparse.Namespace) -> int:
    pictures = [picture for folder in options.folders for picture in ground_truth.pictures(folder)]
    with turns.staged(options.pack) as release:
        imports = [import_seconds(release) for _ in range(options.repeats)]
        given = weights.of_pack(release.pack)
        theirs = turns.theirs(peers.PEERS["rapidocr"], given, options.threads)
        with turns.sides([turns.ours(release, options.threads), theirs]) as sides:
            matches = turns.measure(sides, pictures, options.repeats)
    for mark, one in zip(_MARKS, sides):
        print(f"{mark}: {one.name} ({', '.join(f'{key} {it}' for key, it in one.about.items())})")
    print(
        f"Threads {options.threads}, repeats {options.repeats}, CPU {turns.cpu()}"
        f" ({os.cpu_count()} cores). Milliseconds of processor time: median.\n"
    )
    print(table(matches), end="\n\n")
    print(f"Imports of ocr read: {median(imports):.2f} s.")
    peaks = [
        max(reading.peak for match in matches for reading in match.readings[n]) for n in (0, 1)
    ]
    told = ", ".join(f"{one.name} {peak / 1e6:.0f} MB" for one, peak in zip(sides, peaks))
    print(f"Peak of resident memory: {told}.")
    return 0


def _cost(readings: Sequence[Reading]) -> Cost:
    return Cost(
        1000 * median(reading.cpu for reading in readings),
        1000 * median(reading.engine or 0.0 for reading in readings),
    )


def _sum(costs: Sequence[Cost]) -> Cost:
    return Cost(sum(cost.total for cost in costs), sum(cost.engine for cost in costs))


def _row(name: str, ours: Cost, theirs: Cost) -> list[str]:
    figures = (ours.total, ours.engine, ours.own)
    return [
        name,
        *(f"{figure:.1f}" for figure in figures),
        f"{100 * ours.own / ours.total:.1f} %",
        f"{theirs.total:.1f}",
        f"{theirs.own:.1f}",
        f"{ours.own / theirs.own:.2f}",
    ]


if __name__ == "__main__":
    sys.exit(main())
