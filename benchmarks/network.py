"""One network in an interpreter of its own: ``network.py ENGINE MODEL N,C,H,W OUTPUT.npy``.

ENGINE is ``lite`` (Paddle-Lite's wheel, as the reader runs it) or ``onnx`` (ONNX Runtime), both
with one thread. Runs once for each line it reads and answers with the seconds of processor time
that took, which other work on the machine is not part of; OUTPUT.npy gets the first output of the
first run.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any, Callable

import numpy as np


def main(engine: str, model: str, shape: str, target: str) -> None:
    size = tuple(map(int, shape.split(",")))
    batch = np.random.default_rng(0).uniform(-1, 1, size).astype(np.float32)
    run = {"lite": _lite, "onnx": _onnx}[engine](model, batch)
    np.save(target, run())
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.process_time()
        run()
        print(time.process_time() - start, flush=True)


def _lite(model: str, batch: Any) -> Callable[[], Any]:
    # Not at the top: the other engine's interpreter has neither the wheel nor the reader.
    wheel = import_module("lite_runner.predictor.wheel")
    predictor = wheel.WheelEngine(1).open(Path(model))

    def run() -> Any:
        predictor.input(batch.shape)[:] = batch
        return np.array(predictor.run()[0].data)

    return run


def _onnx(model: str, batch: Any) -> Callable[[], Any]:
    onnxruntime = import_module("onnxruntime")

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: batch})[0]


if __name__ == "__main__":
    main(*sys.argv[1:])
