"""This project and RapidOCR, read in turn: what the comparisons of the two have in common.

This project runs as deployed to the board ``local``, which is done first, by its own program;
RapidOCR with its defaults, in an environment of its own in the cache. Each folder (default:
samples) holds pictures and a labels.json with their true lines. The sides read in turn, each in one
process that holds its models; a first pass over all pictures warms up and is not counted. Every
pass goes through all pictures, as reading a folder does: the time includes what a change of input
shape costs.

The numbers are of one noisy machine: what counts are ratios of one run, not seconds of two.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Iterator, Sequence

from benchmarks import rapidocr_env, side
from benchmarks.comparison import Match
from benchmarks.side import Reading, Side
from cross_build import deploy as deploys
from cross_build.board import Board
from cross_build.connection import connect
from cross_build.targets import target
from lite_runner.truth import Picture

NAMES = ("Paddle-Lite", "RapidOCR")
SAMPLES = Path(__file__).resolve().parents[1] / "samples"
#: Seconds before each reading: OpenMP's threads wait for more work in a busy loop for 0.2 s
#: (KMP_BLOCKTIME), on cores that the other side needs.
_PAUSE = 0.3


def deployed() -> tuple[Board, Path]:
    """The board ``local`` and the folder of the release that is deployed to it now."""
    board = connect(target("local"))
    return board, Path(board.path("releases", deploys.deploy(board).release))


@contextmanager
def sides(release: Path, threads: int) -> Iterator[list[Side]]:
    """Both sides' workers, in the order of :data:`NAMES`, for as long as the context lasts.

    Raises:
        SideError: one cannot be started or cannot load its models.
    """
    # The release's program sets what it needs, such as MKL's code for AMD.
    commands = (
        ([str(release / "ocr"), "python"], ["paddle-lite", str(threads), str(release)]),
        ([str(rapidocr_env.python()), "-I"], ["rapidocr", str(threads)]),
    )
    with ExitStack() as stack:
        yield [
            stack.enter_context(side.start(name, program, *arguments))
            for name, (program, arguments) in zip(NAMES, commands)
        ]


def measure(sides: Sequence[Side], pictures: Sequence[Picture], repeats: int) -> list[Match]:
    """Have both sides read all pictures ``repeats`` times after a warm-up, in turn."""
    readings: list[tuple[list[Reading], list[Reading]]] = [([], []) for _ in pictures]
    for turn in range(repeats + 1):
        title = f"pass {turn} of {repeats}" if turn else "warm-up"
        for number, picture in enumerate(pictures):
            found = _both(sides, picture, swap=(number + turn) % 2 == 1)
            times = "  ".join(f"{one.name} {it.seconds:.2f} s" for one, it in zip(sides, found))
            print(f"{title}  {picture.name}  {times}", file=sys.stderr, flush=True)
            if turn:
                for kept, reading in zip(readings[number], found):
                    kept.append(reading)
    return [Match(picture, pair) for picture, pair in zip(pictures, readings)]


def parser(program: str, description: str) -> argparse.ArgumentParser:
    """A command line of such a comparison."""
    made = argparse.ArgumentParser(prog=program, description=description)
    made.add_argument(
        "folders",
        nargs="*",
        type=Path,
        default=[SAMPLES],
        metavar="FOLDER",
        help="pictures and their labels.json (default: samples)",
    )
    made.add_argument(
        "--threads", type=_threads, default=1, metavar="N", help="of each side (default: 1)"
    )
    made.add_argument(
        "--repeats", type=_positive, default=3, metavar="R", help="counted passes (default: 3)"
    )
    made.add_argument("--debug", action="store_true", help="show where an error comes from")
    return made


def cpu() -> str:
    """What the processor calls itself."""
    try:
        facts = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    names = [line.partition(":")[2].strip() for line in facts if line.startswith("model name")]
    return names[0] if names else "unknown"


def _both(sides: Sequence[Side], picture: Picture, swap: bool) -> list[Reading]:
    """Each side's reading of a picture, the second side's taken first if ``swap``."""
    found = {}
    for one in reversed(sides) if swap else sides:
        time.sleep(_PAUSE)
        found[one.name] = one.read(picture)
    return [found[one.name] for one in sides]


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _threads(text: str) -> int:
    value, cores = _positive(text), os.cpu_count() or 1
    if value > cores:
        # RapidOCR would ignore it without a word and take every core.
        raise argparse.ArgumentTypeError(f"{value} is more than this computer's {cores} cores")
    return value
