"""This project and its peers, read in turn: what the comparisons of them have in common.

This project runs as a release on the board ``local``, which is staged beside the one in use and
removed afterwards, by its own program; each peer in an environment of its own in the cache, with
its defaults but for models and threads. Each folder (default: samples) holds pictures and a
labels.json with their true lines. The readers read in turn, each in one process that holds its
models; a first pass over all pictures warms up and is not counted. Every pass goes through all
pictures, as reading a folder does: the time includes what a change of input shape costs.

Where a number of threads is given, each reader is also kept to as many cores: RapidOCRLite could
not be limited otherwise.

The numbers are of one noisy machine: what counts are ratios of one run, not seconds of two.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Sequence

from benchmarks import peer_env, side
from benchmarks.comparison import Match
from benchmarks.side import Reading, Side
from cross_build.bench import staging
from cross_build.bench.peers.peer import Peer
from cross_build.bench.peers.weights import Weights
from cross_build.boards.board import Board
from cross_build.boards.connect import connect
from cross_build.targets.targets import target
from lite_runner.pack import Pack, load
from lite_runner.scoring.ground_truth import Picture

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
#: In the place of a number of threads: the reader's own default.
OWN = "own"
#: Seconds before each reading: OpenMP's threads wait for more work in a busy loop for 0.2 s
#: (KMP_BLOCKTIME), on cores that another reader needs.
_PAUSE = 0.3


@dataclass(frozen=True)
class Release:
    """Our reader, ready to run.

    Attributes:
        board: where it lies.
        folder: of the release.
        pack: its pack.
    """

    board: Board
    folder: Path
    pack: Pack


@dataclass(frozen=True)
class Entrant:
    """A reader that takes turns.

    Attributes:
        name: for people.
        program: what runs a Python script for it.
        arguments: for the worker.
    """

    name: str
    program: tuple[str, ...]
    arguments: tuple[str, ...]


@contextmanager
def staged(pack: str) -> Iterator[Release]:
    """A pack as a release on the board ``local``, for as long as the context lasts.

    Args:
        pack: a name or a folder; the board's own if empty.

    Raises:
        LiteError: it cannot be made or brought there.
    """
    board = connect(target("local"))
    sweep = staging.Sweep(packs=[pack] if pack else [], tuned=False)
    with staging.staged(board, sweep, []) as stage:
        folder = Path(stage.programs[0][1]).parent
        yield Release(board, folder, load(folder / "pack"))


def ours(release: Release, threads: str) -> Entrant:
    """This project; ``threads`` a number or :data:`OWN`."""
    # The release's program sets what it needs, such as MKL's code for AMD.
    program = (str(release.folder / "ocr"), "python")
    arguments = ("paddle-lite", threads, str(release.folder))
    return Entrant(f"lite-ocr, {release.pack.name}", program, arguments)


def theirs(peer: Peer, weights: Weights, threads: str) -> Entrant:
    """A peer with the networks of a pack; ``threads`` a number or :data:`OWN`.

    Raises:
        FetchError: it cannot be installed.
    """
    program = (str(peer_env.python(peer)), "-I")
    files = json.dumps({name: str(path) for name, path in weights.files.items()})
    return Entrant(f"{peer.name}, {weights.name}", program, (peer.name, threads, files))


@contextmanager
def sides(entrants: Sequence[Entrant]) -> Iterator[list[Side]]:
    """The workers of some readers, for as long as the context lasts.

    Raises:
        SideError: one cannot be started or cannot load its models.
    """
    with ExitStack() as stack:
        yield [
            stack.enter_context(side.start(one.name, one.program, *one.arguments))
            for one in entrants
        ]


def measure(sides: Sequence[Side], pictures: Sequence[Picture], repeats: int) -> list[Match]:
    """Have all readers read all pictures ``repeats`` times after a warm-up, in turn."""
    readings: list[list[list[Reading]]] = [[[] for _ in sides] for _ in pictures]
    for turn in range(repeats + 1):
        title = f"pass {turn} of {repeats}" if turn else "warm-up"
        for number, picture in enumerate(pictures):
            found = _all(sides, picture, first=number + turn)
            times = "  ".join(f"{one.name} {it.seconds:.2f} s" for one, it in zip(sides, found))
            print(f"{title}  {picture.name}  {times}", file=sys.stderr, flush=True)
            if turn:
                for kept, reading in zip(readings[number], found):
                    kept.append(reading)
    return [Match(picture, tuple(all_of)) for picture, all_of in zip(pictures, readings)]


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
        "--pack", default="", help="a named pack or the folder of one (default: the computer's own)"
    )
    made.add_argument(
        "--repeats", type=_positive, default=3, metavar="R", help="counted passes (default: 3)"
    )
    made.add_argument("--debug", action="store_true", help="show where an error comes from")
    return made


def threads(text: str) -> str:
    """A number of threads on the command line, or :data:`OWN`."""
    cores = os.cpu_count() or 1
    if text != OWN and _positive(text) > cores:
        # RapidOCR would ignore it without a word and take every core.
        raise argparse.ArgumentTypeError(f"{text} is more than this computer's {cores} cores")
    return text


def cpu() -> str:
    """What the processor calls itself."""
    try:
        facts = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    names = [line.partition(":")[2].strip() for line in facts if line.startswith("model name")]
    return names[0] if names else "unknown"


def _all(sides: Sequence[Side], picture: Picture, first: int) -> list[Reading]:
    """Each reader's reading of a picture; who begins moves on with ``first``."""
    begin = first % len(sides)
    found = {}
    for number in (*range(begin, len(sides)), *range(begin)):
        time.sleep(_PAUSE)
        found[number] = sides[number].read(picture)
    return [found[number] for number in range(len(sides))]


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)
