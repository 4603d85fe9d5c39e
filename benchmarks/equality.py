"""Whether networks compute what they did before: imported and folded ones beside ONNX Runtime.

    python3 -m benchmarks.equality [FOLDER ...] [--network NAME] [--on arm] [--inputs N]

On noise of several sizes, and on what the networks are fed when the labelled pictures of folders
(default: samples) are read. Lines are what ONNX Runtime finds there with PP-OCRv6's tiny detector.
On an emulated ARM core (with PADDLE_LITE_RUNTIME_ARMV8 set) a page takes a minute: take a few.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Callable, Iterable, Iterator, Sequence

import numpy as np

from benchmarks import network_process, networks, real_inputs
from benchmarks.emulated import arm
from benchmarks.networks import Builder, Measured
from benchmarks.turns import SAMPLES
from lite_runner.arrays import AnyArray, Floats
from lite_runner.errors import LiteError
from opt_models.importing import onnx_run
from opt_models.paddlelite import equality
from opt_models.paddlelite.equality import Outputs

#: Batch, height and width; a height or width of 0 is the network's own.
_NOISE = {
    "det": ((1, 160, 128), (1, 96, 224), (1, 320, 320), (2, 224, 96)),
    "cls": ((1, 0, 0), (2, 0, 0), (3, 0, 0)),
    "rec": ((1, 0, 320), (2, 0, 168), (1, 0, 48), (1, 0, 640)),
}
#: Inputs compared at once: a recogniser puts out some megabytes for each.
_AT_ONCE = 8

#: Gives a model's outputs for each input.
Run = Callable[[Path, Sequence[Floats], Path], Sequence[Outputs]]


@dataclass(frozen=True)
class Row:
    """One side of one network beside ONNX Runtime.

    Attributes:
        network: its name in the catalog.
        side: what ran.
        fed: ``noise`` or ``pictures``.
        inputs: how many.
        largest: difference of any value: a probability.
        changed: pixels of masks at the detector's threshold, or best classes of steps and lines,
            that differ.
        decisions: of how many.
    """

    network: str
    side: str
    fed: str
    inputs: int = 0
    largest: float = 0.0
    changed: int = 0
    decisions: int = 0

    def with_outputs(self, expected: Floats, actual: AnyArray, threshold: float | None) -> Row:
        """The row after one more input."""
        if expected.shape != actual.shape:
            return replace(self, inputs=self.inputs + 1, largest=float("inf"))
        differ = _decisions(expected, threshold) != _decisions(actual, threshold)
        return replace(
            self,
            inputs=self.inputs + 1,
            largest=max(self.largest, equality.largest(expected, actual)),
            changed=self.changed + int(differ.sum()),
            decisions=self.decisions + differ.size,
        )


def noise(network: Measured) -> Iterator[Floats]:
    """Noise of several sizes, float32 NCHW."""
    generator = np.random.default_rng(0)
    for batch, height, width in _NOISE[network.stage]:
        shape = (batch, 3, height or network.x86[2], width or network.x86[3])
        yield generator.uniform(-1, 1, shape).astype(np.float32)


def compare(
    network: Measured, fed: dict[str, Iterable[Floats]], arch: str, only: str = ""
) -> Iterator[Row]:
    """Rows of all sides of one network.

    Args:
        network: to compare.
        fed: inputs by where they come from.
        arch: ``x86`` or ``arm``, which is emulated.
        only: the one side to compare, instead of all.

    Raises:
        OptError: the network cannot be imported, converted or run.
        FetchError: it cannot be had.
        InstructionsError: something to emulate with is missing.
    """
    original, threshold = networks.onnx(network), real_inputs.threshold(network)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        run = equality.run if arch == "x86" else _emulator(work)
        built = Builder(arch, work).sides(network)
        sides = {side: model for side, model in built.items() if only in ("", side)}
        for source, inputs in fed.items():
            rows = {side: Row(network.name, side, source) for side in sides}
            for chunk in _chunks(inputs):
                expected = onnx_run.run(original, chunk)
                for side, model in sides.items():
                    for left, right in zip(expected, run(model, chunk, work)):
                        rows[side] = rows[side].with_outputs(left[0], right[0], threshold)
            yield from rows.values()


def _emulator(work: Path) -> Run:
    library = arm.runtime()
    core = arm.Core(work)
    program = core.compile(library)

    def run(model: Path, inputs: Sequence[Floats], folder: Path) -> Sequence[Outputs]:
        return [[core.output(program, model, batch)] for batch in inputs]

    return run


def _decisions(output: AnyArray, threshold: float | None) -> AnyArray:
    return output.argmax(axis=-1) if threshold is None else output > threshold


def _chunks(inputs: Iterable[Floats]) -> Iterator[list[Floats]]:
    left = iter(inputs)
    while chunk := list(islice(left, _AT_ONCE)):
        yield chunk


def _few(inputs: Sequence[Floats], most: int) -> Sequence[Floats]:
    """At most so many, of all parts."""
    if not 0 < most < len(inputs):
        return inputs
    return [inputs[place] for place in np.linspace(0, len(inputs) - 1, most).round().astype(int)]


def show(rows: Iterable[Row]) -> list[Row]:
    """Print a table as its rows come; gives all rows."""
    head = f"{'network':28}{'side':12}{'fed':10}{'inputs':>7}{'off by':>9}"
    print(f"{head}{'decisions that differ':>26}")
    found: list[Row] = []
    for row in rows:
        figures = f"{row.inputs:>7}{row.largest:>9.1e}{f'{row.changed} of {row.decisions}':>26}"
        print(f"{row.network:28}{row.side:12}{row.fed:10}{figures}", flush=True)
        found.append(row)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The program; its exit code."""
    chosen = _parse(arguments)
    # As the board ``local`` runs networks: MKL's code for SSE2 would be another one.
    os.environ.update(network_process.mkl_variables())
    asked = networks.chosen(chosen.network)
    try:
        pictures = real_inputs.pictures(chosen.folders)
        lines = real_inputs.lines(pictures)
        print(f"{len(pictures)} pictures, {len(lines)} lines; beside {onnx_run.engine()}")

        def rows() -> Iterator[Row]:
            for network in asked:
                real = list(real_inputs.batches(network, pictures, lines))
                fed = {"noise": noise(network), "pictures": _few(real, chosen.inputs)}
                yield from compare(network, fed, chosen.on, chosen.side)

        found = show(rows())
        if chosen.json:
            data = [asdict(row) for row in found]
            chosen.json.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    except LiteError as error:
        print(f"equality: {error}", file=sys.stderr)
        return 2
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.equality", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, default=[SAMPLES], metavar="FOLDER")
    networks.add_option(parser)
    parser.add_argument("--on", choices=("x86", "arm"), default="x86", help="default: x86")
    parser.add_argument("--side", choices=networks.SIDES, default="", help="instead of both")
    parser.add_argument("--inputs", type=int, default=0, help="of pictures, at most for a network")
    parser.add_argument("--json", type=Path, help="file for all figures")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
