"""Run models with Paddle-Lite's wheel: arguments ``OUTPUT.npz MODEL.nb INPUT.npy ...``.

A program of its own, for the interpreter the wheel needs, and because Paddle-Lite ends the process
where it cannot run a model. Stores output ``j`` of input ``i`` as ``i.j``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from lite_runner.predictor.protocol import run
from lite_runner.predictor.wheel import WheelEngine


def main(target: str, model: str, *inputs: str) -> None:
    """Run a model on each input, with a new predictor: this engine's keep one input shape."""
    engine = WheelEngine()
    outputs: dict[str, Any] = {}
    for i, name in enumerate(inputs):
        for j, output in enumerate(run(engine.open(Path(model)), np.load(name))):
            outputs[f"{i}.{j}"] = output.data
    np.savez(target, **outputs)


if __name__ == "__main__":
    main(*sys.argv[1:])
