"""One network in an interpreter of its own: ``network.py ENGINE MODEL N,C,H,W OUTPUT.npy``.

ENGINE is ``lite`` (Paddle-Lite's wheel) or ``onnx`` (ONNX Runtime), both with one thread. Runs once
for each line it reads and answers with the seconds that took; OUTPUT.npy gets the first output of
the first run.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from typing import Any, Callable

import numpy as np


def main(engine: str, model: str, shape: str, target: str) -> None:
    size = tuple(map(int, shape.split(",")))
    batch = np.random.default_rng(0).uniform(-1, 1, size).astype(np.float32)
    run = {"lite": _lite, "onnx": _onnx}[engine](model, batch)
    np.save(target, run())
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        run()
        print(time.perf_counter() - start, flush=True)


def _lite(model: str, batch: Any) -> Callable[[], Any]:
    lite = import_module("paddlelite.lite")

    config = lite.MobileConfig()
    config.set_model_from_file(model)
    predictor = lite.create_paddle_predictor(config)

    def run() -> Any:
        predictor.get_input(0).from_numpy(batch)
        predictor.run()
        return np.array(predictor.get_output(0).numpy())

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
