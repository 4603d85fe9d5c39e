"""Compare this project with RapidOCR on ONNX Runtime: same networks, pictures and thread count.

Usage: python -m benchmarks.compare_rapidocr [FOLDER ...] [--threads N] [--repeats R] [--json FILE]
    [--debug]

This project runs as deployed to the board ``local``, which is done first; RapidOCR with its
defaults, in an environment of its own in the cache. Each FOLDER (default: samples) holds pictures
and a labels.json with their true lines. The sides read in turn, each in one process that holds its
models; a first pass over all pictures warms up and is not counted. Every pass goes through all
pictures, as reading a folder does: the time includes what a change of input shape costs.

The numbers are of one noisy machine: what counts are ratios of one run, not seconds of two. This
is no test, nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Sequence

from benchmarks import comparison, rapidocr_env, side
from benchmarks.comparison import Match
from benchmarks.side import Reading, Side
from cross_build import deploy as deploys
from cross_build.board import connect
from cross_build.targets import target
from lite_runner import cli, output, truth
from lite_runner.truth import Picture

NAMES = ("Paddle-Lite", "RapidOCR")
SAMPLES = Path(__file__).resolve().parents[1] / "samples"
#: Seconds before each reading: OpenMP's threads wait for more work in a busy loop for 0.2 s
#: (KMP_BLOCKTIME), on cores that the other side needs.
_PAUSE = 0.3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; returns the exit code."""
    options = _parse(arguments)
    return cli.guard(lambda: _compare(options), "compare_rapidocr", options.debug)


def measure(sides: Sequence[Side], pictures: Sequence[Picture], repeats: int) -> list[Match]:
    """Have both sides read all pictures ``repeats`` times after a warm-up, in turn."""
    readings: list[tuple[list[Reading], list[Reading]]] = [([], []) for _ in pictures]
    for turn in range(repeats + 1):
        title = f"pass {turn} of {repeats}" if turn else "warm-up"
        for number, picture in enumerate(pictures):
            found = _both(sides, picture, swap=(number + turn) % 2 == 1)
            times = "  ".join(f"{one.name} {it.seconds:.2f} s" for one, it in zip(sides, found))
            _say(f"{title}  {picture.name}  {times}")
            if turn:
                for kept, reading in zip(readings[number], found):
                    kept.append(reading)
    return [Match(picture, pair) for picture, pair in zip(pictures, readings)]


def _both(sides: Sequence[Side], picture: Picture, swap: bool) -> list[Reading]:
    """Each side's reading of a picture, the second side's taken first if ``swap``."""
    found = {}
    for one in reversed(sides) if swap else sides:
        time.sleep(_PAUSE)
        found[one.name] = one.read(picture)
    return [found[one.name] for one in sides]


def _compare(options: argparse.Namespace) -> int:
    pictures = [picture for folder in options.folders for picture in truth.pictures(folder)]
    board = connect(target("local"))
    release = board.path("releases", deploys.deploy(board).release)
    threads = str(options.threads)
    with ExitStack() as stack:
        commands = (
            (str(board.python), "paddle-lite", threads, release),
            (str(rapidocr_env.python()), "rapidocr", threads),
        )
        sides = [
            stack.enter_context(side.start(name, *command))
            for name, command in zip(NAMES, commands)
        ]
        matches = measure(sides, pictures, options.repeats)
    abouts = [one.about for one in sides]
    for mark, name, about in zip(comparison.MARKS, NAMES, abouts):
        print(f"{mark}: {name} ({', '.join(f'{key} {value}' for key, value in about.items())})")
    print(
        f"Threads {threads}, repeats {options.repeats}, CPU {_cpu()} ({os.cpu_count()} cores)."
        " Seconds: median. Errors: edit distance of the page's text in reading order, without"
        " white space.\n"
    )
    print(comparison.table(matches), end="\n\n")
    print("\n".join(comparison.sentences(matches, NAMES)))
    if options.json is not None:
        setting = {"threads": options.threads, "repeats": options.repeats, "cpu": _cpu()}
        data = {**setting, "sides": dict(zip(NAMES, abouts))}
        text = output.as_json({**data, **comparison.as_dict(matches, NAMES)})
        output.write_atomically(options.json, text.encode())
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="compare_rapidocr", description="Compare this project with RapidOCR on ONNX Runtime."
    )
    parser.add_argument(
        "folders",
        nargs="*",
        type=Path,
        default=[SAMPLES],
        metavar="FOLDER",
        help="pictures and their labels.json (default: samples)",
    )
    parser.add_argument(
        "--threads", type=_threads, default=1, metavar="N", help="of each side (default: 1)"
    )
    parser.add_argument(
        "--repeats", type=_positive, default=3, metavar="R", help="counted passes (default: 3)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers there")
    parser.add_argument("--debug", action="store_true", help="show where an error comes from")
    return parser.parse_args(arguments)


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


def _cpu() -> str:
    """What the processor calls itself."""
    try:
        facts = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    names = [line.partition(":")[2].strip() for line in facts if line.startswith("model name")]
    return names[0] if names else "unknown"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
