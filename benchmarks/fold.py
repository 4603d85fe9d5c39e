"""What folding gains: networks as they were published or imported, folded, and in ONNX Runtime.

    python3 -m benchmarks.fold [--network NAME] [--without PASS] [--rounds 30] [--json FILE]

On x86 all sides run in turn, each in a process of its own with one thread; on an emulated ARM core
(with PADDLE_LITE_RUNTIME_ARMV8 set) instructions are counted, which are no time but repeat exactly.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Iterable, Mapping, Sequence

import numpy as np

from benchmarks import network_process, networks
from benchmarks.emulated import arm, onnx
from benchmarks.network_process import NetworkProcess
from benchmarks.networks import NOT_FOLDED, Builder, Measured
from cross_build.errors import InstructionsError
from lite_runner.arrays import Floats
from lite_runner.errors import LiteError
from opt_models.folding import fold

_WARM_UP = 3
_ONNX_RUNTIME = "ONNX Runtime"


@dataclass(frozen=True)
class Row:
    """One side of one network.

    Attributes:
        network: its name in the catalog, height and width of its input.
        side: what ran.
        amount: median milliseconds of processor time, or million instructions.
        low, high: tenth and ninetieth percentile.
        gain: how many times less than the network that is not folded.
        to_onnx: the same as part of what ONNX Runtime takes; below 1 is less.
        difference: largest one of the output to ONNX Runtime's.
    """

    network: str
    side: str
    amount: float
    low: float
    high: float
    gain: float
    to_onnx: float
    difference: float


@dataclass(frozen=True)
class _Measurement:
    """What one side took, of each run, and its output, flat."""

    amounts: Sequence[float]
    output: Floats


def x86(network: Measured, rounds: int, left_out: Sequence[str]) -> list[Row]:
    """Milliseconds of processor time of all sides on this computer."""
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        processes: dict[str, NetworkProcess] = {}
        for side, model in Builder("x86", work).sides(network, left_out).items():
            process = network_process.of_lite(model, network.x86, model.with_suffix(".npy"))
            processes[side] = stack.enter_context(process)
        model = networks.onnx(network)
        process = network_process.of_onnx_runtime(model, network.x86, work / "onnx.npy")
        processes[_ONNX_RUNTIME] = stack.enter_context(process)
        taken: dict[str, list[float]] = {side: [] for side in processes}
        for number in range(_WARM_UP + rounds):
            _tell(f"{network.name}: round {number + 1} of {_WARM_UP + rounds}")
            for side, process in processes.items():
                taken[side].append(process.run() * 1000)
        _tell("")
        measured = {
            side: _Measurement(taken[side][_WARM_UP:], process.output.ravel())
            for side, process in processes.items()
        }
    return _rows(network, network.x86, measured)


def emulated(network: Measured, left_out: Sequence[str]) -> list[Row]:
    """Million instructions of all sides on an emulated ARM core.

    Raises:
        InstructionsError: something to emulate with is missing.
    """
    library = arm.runtime()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        core = arm.Core(work)
        program = core.compile(library)
        batch = np.random.default_rng(0).uniform(-1, 1, network.arm).astype(np.float32)
        counts = {
            side: core.lite(program, model, batch)
            for side, model in Builder("arm", work).sides(network, left_out).items()
        }
        counts[_ONNX_RUNTIME] = onnx.count(core, networks.onnx(network), batch, work)
    measured = {
        side: _Measurement([count.instructions / 1e6], count.output)
        for side, count in counts.items()
    }
    return _rows(network, network.arm, measured)


def _rows(
    network: Measured, shape: Sequence[int], measured: Mapping[str, _Measurement]
) -> list[Row]:
    base, peer = (float(np.median(measured[side].amounts)) for side in (NOT_FOLDED, _ONNX_RUNTIME))
    rows = []
    for side, measurement in measured.items():
        low, middle, high = map(float, np.percentile(measurement.amounts, [10, 50, 90]))
        off = float(np.abs(measurement.output - measured[_ONNX_RUNTIME].output).max())
        name = f"{network.name} {shape[2]}x{shape[3]}"
        rows.append(Row(name, side, middle, low, high, base / middle, middle / peer, off))
    return rows


def _tell(text: str) -> None:
    """Show how far it is, to people."""
    if sys.stderr.isatty():
        print(f"\r{text:60}\r", end="", file=sys.stderr, flush=True)


def show(groups: Iterable[Sequence[Row]], unit: str) -> list[Row]:
    """Print a table of networks as they are measured; gives all rows."""
    head = f"{'network':36}{'side':34}{unit:>8}{'10 % .. 90 %':>18}"
    print(f"{head}{'gain':>7}{'to ONNX':>9}{'off by':>9}")
    found: list[Row] = []
    for rows in groups:
        for place, row in enumerate(rows):
            spread = "" if row.low == row.high else f"{row.low:.2f} .. {row.high:.2f}"
            name = row.network if place == 0 else ""
            figures = f"{row.amount:>8.2f}{spread:>18}{row.gain:>7.2f}{row.to_onnx:>9.2f}"
            print(f"{name:36}{row.side:34}{figures}{row.difference:>9.0e}", flush=True)
        found += rows
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The program; its exit code."""
    chosen = _parse(arguments)
    asked = networks.chosen(chosen.network)
    rows: dict[str, list[Row]] = {}
    try:
        if chosen.on != "arm":
            print("x86-64, one thread, milliseconds of processor time an inference")
            measured = (x86(network, chosen.rounds, chosen.without) for network in asked)
            rows["x86"] = show(measured, "ms")
        if chosen.on != "x86":
            print("\nemulated Cortex-A72, one thread, million instructions an inference (no time)")
            try:
                counted = (emulated(network, chosen.without) for network in asked)
                rows["armv8"] = show(counted, "million")
            except InstructionsError as error:
                print(f"not measured: {error}")
        if chosen.json:
            data = {key: [asdict(row) for row in found] for key, found in rows.items()}
            chosen.json.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    except LiteError as error:
        print(f"fold: {error}", file=sys.stderr)
        return 2
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.fold", description=__doc__)
    networks.add_option(parser)
    parser.add_argument(
        "--without",
        action="append",
        choices=sorted(fold.NAMES),
        default=[],
        help="a pass that one side more does without",
    )
    parser.add_argument("--rounds", type=int, default=30, help="of each side, in turn")
    parser.add_argument("--on", choices=("x86", "arm"), help="instead of both")
    parser.add_argument("--json", type=Path, help="file for all figures")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
