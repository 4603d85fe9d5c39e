"""Compare this project with RapidOCR on ONNX Runtime: same networks, pictures and thread count.

Usage: python -m benchmarks.compare_rapidocr [FOLDER ...] [--threads N] [--repeats R] [--json FILE]
    [--debug]

How they are measured stands in ``turns.py``. This is no test, nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Sequence

from benchmarks import comparison, turns
from lite_runner import cli, output, truth


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; returns the exit code."""
    parser = turns.parser("compare_rapidocr", "Compare this project with RapidOCR on ONNX Runtime.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers there")
    options = parser.parse_args(arguments)
    return cli.guard(lambda: _compare(options), "compare_rapidocr", options.debug)


def _compare(options: argparse.Namespace) -> int:
    pictures = [picture for folder in options.folders for picture in truth.pictures(folder)]
    _, release = turns.deployed()
    with turns.sides(release, options.threads) as sides:
        matches = turns.measure(sides, pictures, options.repeats)
    abouts = [one.about for one in sides]
    for mark, name, about in zip(comparison.MARKS, turns.NAMES, abouts):
        print(f"{mark}: {name} ({', '.join(f'{key} {value}' for key, value in about.items())})")
    print(
        f"Threads {options.threads}, repeats {options.repeats}, CPU {turns.cpu()}"
        f" ({os.cpu_count()} cores). Seconds: median. Errors: edit distance of the page's text in"
        " reading order, without white space.\n"
    )
    print(comparison.table(matches), end="\n\n")
    print("\n".join(comparison.sentences(matches, turns.NAMES)))
    if options.json is not None:
        setting = {"threads": options.threads, "repeats": options.repeats, "cpu": turns.cpu()}
        data = {**setting, "sides": dict(zip(turns.NAMES, abouts))}
        text = output.as_json({**data, **comparison.as_dict(matches, turns.NAMES)})
        output.write_atomically(options.json, text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
