"""Compare this project with other readers on the same networks, pictures and threads.

Usage: python -m benchmarks.compare_peers [FOLDER ...] [--pack P] [--peer NAME] [--weights PACK]
    [--threads N|own] [--repeats R] [--each] [--json FILE] [--debug]

``--peer``, ``--weights`` and ``--threads`` may be given more than once; if they are not, all peers
are measured with the pack's own networks, first with one thread each, then each with its own
number. How they are measured stands in ``turns.py``. This is no test, nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any, Sequence

from benchmarks import comparison, turns
from benchmarks.turns import OWN, Release
from cross_build.bench.peers import peer as peers
from cross_build.bench.peers import weights
from cross_build.bench.peers.peer import Peer
from cross_build.bench.peers.weights import Weights
from lite_runner.cli import output
from lite_runner.cli.failures import guard
from lite_runner.scoring import ground_truth
from lite_runner.scoring.ground_truth import Picture


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; returns the exit code."""
    options = _parser().parse_args(arguments)
    return guard(lambda: _compare(options), "compare_peers", options.debug)


def _parser() -> argparse.ArgumentParser:
    made = turns.parser("compare_peers", "Compare this project with other readers.")
    made.add_argument(
        "--peer", action="append", metavar="NAME", help=f"one of {', '.join(peers.PEERS)}"
    )
    made.add_argument(
        "--weights", action="append", metavar="PACK", help="pack whose networks the peers run"
    )
    made.add_argument(
        "--threads",
        action="append",
        type=turns.threads,
        metavar="N",
        help=f"of each reader, or '{OWN}' for each one's own number (default: both 1 and own)",
    )
    made.add_argument("--each", action="store_true", help="show every picture, too")
    made.add_argument("--json", type=Path, metavar="FILE", help="write all numbers there")
    return made


def _compare(options: argparse.Namespace) -> int:
    pictures = [picture for folder in options.folders for picture in ground_truth.pictures(folder)]
    chosen = list(dict.fromkeys(map(peers.find, options.peer or peers.PEERS)))
    print(
        f"Pictures {len(pictures)}, repeats {options.repeats}, CPU {turns.cpu()} ({os.cpu_count()}"
        " cores). Wrong: edit distance of the page's text in reading order to the true one.\n"
        "Seconds: the sum of the pictures' medians. Ours/it: our time to that reader's; below 1"
        " ours is less.",
        flush=True,
    )
    with turns.staged(options.pack) as release:
        given = [weights.named(name) for name in options.weights or ()]
        given = given or [weights.of_pack(release.pack)]
        runs = [
            _run(release, chosen, given, threads, pictures, options)
            for threads in dict.fromkeys(options.threads or ("1", OWN))
        ]
    if options.json is not None:
        setting = {"repeats": options.repeats, "cpu": turns.cpu(), "cores": os.cpu_count()}
        output.write_atomically(options.json, output.as_json({**setting, "runs": runs}).encode())
    return 0


def _run(
    release: Release,
    chosen: Sequence[Peer],
    given: Sequence[Weights],
    threads: str,
    pictures: Sequence[Picture],
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Measure all readers with one number of threads, and show it; gives all numbers."""
    entrants = [turns.ours(release, threads)]
    entrants += [turns.theirs(peer, one, threads) for one in given for peer in chosen]
    names = [entrant.name for entrant in entrants]
    with turns.sides(entrants) as sides:
        matches = turns.measure(sides, pictures, options.repeats)
    print(f"\nThreads: {'each its own number' if threads == OWN else f'{threads} each'}\n")
    if options.each:
        print(comparison.each(matches, names), end="\n\n")
    print(comparison.summary(matches, names), end="\n\n")
    for one in sides:
        print(f"{one.name}: {', '.join(f'{key} {value}' for key, value in one.about.items())}")
    unsteady = comparison.unsteady(matches)
    if unsteady:
        print(f"Not read alike every time, scored by the first: {', '.join(unsteady)}.")
    sys.stdout.flush()
    about = {one.name: one.about for one in sides}
    return {"threads": threads, "readers": about, **comparison.as_dict(matches, names)}


if __name__ == "__main__":
    sys.exit(main())
