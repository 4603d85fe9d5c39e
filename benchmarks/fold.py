"""What folding gains: published networks and folded ones, in turn, beside ONNX Runtime.

    python3 -m benchmarks.fold [--rounds 30] [--json FILE]

On x86 all sides run in turn, each in a process of its own with one thread; on an emulated ARM core
(with PADDLE_LITE_RUNTIME_ARMV8 set) instructions are counted, which are no time but repeat exactly.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Iterator, Mapping, Sequence

import numpy as np

from benchmarks import peer_env
from benchmarks.emulated import arm, onnx
from cross_build.bench.peers import peer as peers
from cross_build.bench.peers import weights
from cross_build.errors import InstructionsError
from cross_build.targets import target
from lite_runner.errors import LiteError
from lite_runner.pack import Network, Pack
from opt_models import build_pack, catalog, ingredients, lite_env

_WORKER = Path(__file__).with_name("network.py")
_PACK = "v4-mobile"
#: NCHW of each network's input.
_X86_SHAPES = {"det": (1, 3, 640, 640), "cls": (1, 3, 48, 192), "rec": (1, 3, 48, 320)}
_ARM_SHAPES = {**_X86_SHAPES, "det": (1, 3, 320, 320)}
_WARM_UP = 3
#: What the program of the board ``local`` sets on AMD.
_AVX2 = {"MKL_DEBUG_CPU_TYPE": "5"}


@dataclass(frozen=True)
class Row:
    """One side of one network.

    Attributes:
        network: ``det``, ``cls`` or ``rec`` and its input.
        side: what ran.
        amount: median milliseconds, or million instructions.
        low, high: tenth and ninetieth percentile.
        gain: how many times less than the published network as it comes.
        to_onnx: the same as part of what ONNX Runtime takes; below 1 is less.
        difference: largest one of the output to the published network's.
    """

    network: str
    side: str
    amount: float
    low: float
    high: float
    gain: float
    to_onnx: float
    difference: float


class Side:
    """A process that runs one network on request."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], output: Path) -> None:
        self._name = " ".join(command)
        self._output = output
        self._child = subprocess.Popen(
            command,
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._answer()

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *_: object) -> None:
        # It keeps nothing that an orderly end would save.
        self._child.kill()
        self._child.communicate()

    @property
    def output(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        """Of its first run."""
        result: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = np.load(self._output)
        return result

    def run(self) -> float:
        """Run once; gives seconds."""
        print(file=_pipe(self._child.stdin), flush=True)
        return float(self._answer())

    def _answer(self) -> str:
        line = _pipe(self._child.stdout).readline()
        if not line:
            raise LiteError(f"{self._name}: ended with {self._child.wait()}, run it by hand")
        return line


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise ValueError("a child without pipes")
    return stream


def packs(name: str) -> dict[str, Pack]:
    """The pack for a target, published and folded."""
    runtime = target(name).runtime
    parts = ingredients.from_recipe(catalog.recipe(_PACK), runtime)
    return {
        "published": build_pack.build(parts, runtime, fold=False),
        "folded": build_pack.build(parts, runtime),
    }


def x86(rounds: int) -> Iterator[Row]:
    """Milliseconds of all sides on this computer."""
    env = lite_env.find()
    site = os.pathsep.join([str(env.site), str(lite_env.numpy_for(env))])
    made, models = packs("local"), weights.named(_PACK).files
    steps: dict[str, Mapping[str, str]] = {"": {"MKL_DEBUG_CPU_TYPE": ""}}
    if "AuthenticAMD" in Path("/proc/cpuinfo").read_text(encoding="utf-8"):
        steps[", MKL told to use AVX2"] = _AVX2
    for stage, shape in _X86_SHAPES.items():
        size = ",".join(map(str, shape))
        with ExitStack() as stack:
            work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            sides: dict[str, Side] = {}
            for more, variables in steps.items():
                for kind, pack in made.items():
                    output = work / f"{len(sides)}.npy"
                    model = str(networks(pack)[stage].path)
                    command = [str(env.python), "-s", str(_WORKER), "lite", model, size]
                    path = {"PYTHONPATH": site, **variables}
                    side = Side([*command, str(output)], path, output)
                    sides[kind + more] = stack.enter_context(side)
            output = work / "onnx.npy"
            python = str(peer_env.python(peers.PEERS["rapidocr"]))
            command = [python, str(_WORKER), "onnx", str(models[stage]), size, str(output)]
            sides["ONNX Runtime"] = stack.enter_context(Side(command, {}, output))
            taken: dict[str, list[float]] = {name: [] for name in sides}
            for number in range(_WARM_UP + rounds):
                _tell(f"{stage}: round {number + 1} of {_WARM_UP + rounds}")
                for name, side in sides.items():
                    seconds = side.run()
                    if number >= _WARM_UP:
                        taken[name].append(seconds * 1000)
            _tell("")
            first = next(iter(sides))
            base = float(np.median(taken[first]))
            peer = float(np.median(taken["ONNX Runtime"]))
            for name, side in sides.items():
                low, middle, high = map(float, np.percentile(taken[name], [10, 50, 90]))
                off = float(np.abs(side.output - sides[first].output).max())
                ratios = base / middle, middle / peer
                yield Row(f"{stage} {size}", name, middle, low, high, *ratios, off)


def _tell(text: str) -> None:
    """Show how far it is, to people."""
    if sys.stderr.isatty():
        print(f"\r{text:40}\r", end="", file=sys.stderr, flush=True)


def networks(pack: Pack) -> dict[str, Network]:
    """The networks of a pack by stage."""
    found = {"det": pack.detector.network, "rec": pack.recogniser.network}
    if pack.classifier is not None:
        found["cls"] = pack.classifier.network
    return found


def emulated() -> Iterator[Row]:
    """Million instructions of all sides on an emulated ARM core.

    Raises:
        InstructionsError: something to emulate with is missing.
    """
    library = arm.runtime()
    made, models = packs("armv8"), weights.named(_PACK).files
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        core = arm.Core(work)
        program = core.compile(library)
        for stage, shape in _ARM_SHAPES.items():
            batch = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
            counts = {
                kind: core.lite(program, networks(pack)[stage].path, batch)
                for kind, pack in made.items()
            }
            peer = onnx.count(core, models[stage], batch, work)
            counts["ONNX Runtime 1.20.1"] = peer
            first = counts["published"]
            for kind, one in counts.items():
                amount = one.instructions / 1e6
                gain = first.instructions / one.instructions
                to_onnx = one.instructions / peer.instructions
                off = float(np.abs(one.output - first.output).max())
                size = ",".join(map(str, shape))
                yield Row(f"{stage} {size}", kind, amount, amount, amount, gain, to_onnx, off)


def show(rows: Sequence[Row], unit: str) -> None:
    """Print rows as a table."""
    head = f"{'network':18}{'side':33}{unit:>8}{'10 % .. 90 %':>17}"
    print(f"{head}{'gain':>6}{'to ONNX':>9}{'off by':>9}")
    before = ""
    for row in rows:
        spread = "" if row.low == row.high else f"{row.low:.2f} .. {row.high:.2f}"
        name = "" if row.network == before else row.network
        before = row.network
        figures = f"{row.amount:>8.2f}{spread:>17}{row.gain:>6.2f}{row.to_onnx:>9.2f}"
        print(f"{name:18}{row.side:33}{figures}{row.difference:>9.0e}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The program; its exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.fold", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30, help="of each side, in turn")
    parser.add_argument("--json", type=Path, help="file for all figures")
    chosen = parser.parse_args(arguments)
    try:
        timed = list(x86(chosen.rounds))
        print("x86-64, one thread, milliseconds an inference")
        show(timed, "ms")
        print("\nemulated Cortex-A72, one thread, million instructions an inference (no time)")
        counted: list[Row] = []
        try:
            counted = list(emulated())
            show(counted, "million")
        except InstructionsError as error:
            print(f"not measured: {error}")
        if chosen.json:
            rows = {"x86": timed, "armv8": counted}
            data = {key: [asdict(row) for row in found] for key, found in rows.items()}
            chosen.json.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    except LiteError as error:
        print(f"fold: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
