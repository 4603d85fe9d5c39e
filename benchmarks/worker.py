"""One side of the comparison, in a process of its own: loads its models once, reads on request.

Usage: RELEASE/ocr python worker.py paddle-lite THREADS RELEASE, or:
    python -I worker.py rapidocr THREADS

Run as a file by that side's own interpreter, so it needs Python 3.8, the standard library and the
packages of its side. Each request is a JSON line ``{"image": path, "detect": bool}`` on standard
input, each answer a JSON line ``{"lines": [text, ...], "seconds": wall, "cpu": seconds, "engine":
seconds of these, "peak": bytes}`` on standard output. Before the first request one line tells what
was loaded.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, TextIO

#: Reads the picture of a path, with detection or as a single line; gives the lines' texts.
Reader = Callable[[str, bool], List[str]]
#: Versions and names for people.
About = Dict[str, str]


class Watch:
    """Processor time spent in some functions.

    Attributes:
        seconds: so far.
    """

    def __init__(self) -> None:
        self.seconds = 0.0

    def over(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, watched."""

        def watched(*arguments: Any, **options: Any) -> Any:
            start = time.process_time()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds += time.process_time() - start

        return watched


def paddle_lite(watch: Watch, threads: int, release: Path) -> tuple[Reader, About]:
    """This project as it is deployed: the runner, packages and pack of a release."""
    import paddlelite.lite as lite

    from lite_runner import engines
    from lite_runner.pack import load
    from lite_runner.pipeline import Ocr, Options
    from lite_runner.predictor import wheel

    lite.LightPredictor.run = watch.over(lite.LightPredictor.run)
    lite.create_paddle_predictor = watch.over(lite.create_paddle_predictor)
    model: Any = wheel._WheelPredictor
    model.close = watch.over(model.close)
    pack, engine = load(release / "pack"), engines.own(threads)
    pages, lines = Ocr(pack, engine), Ocr(pack, engine, Options(detect=False))

    def read(path: str, detect: bool) -> list[str]:
        return [str(line.text) for line in (pages if detect else lines).read(path)]

    return read, {"Paddle-Lite": engine.version, "pack": pack.name, "release": release.name}


def rapidocr(watch: Watch, threads: int) -> tuple[Reader, About]:
    """RapidOCR with all its defaults but the number of threads."""
    from importlib.metadata import version

    import onnxruntime
    from rapidocr_onnxruntime import RapidOCR

    onnxruntime.InferenceSession.run = watch.over(onnxruntime.InferenceSession.run)
    reader = RapidOCR(intra_op_num_threads=threads)

    def read(path: str, detect: bool) -> list[str]:
        found, _ = reader(path, use_det=detect)
        # Rows are [box, text, score], without detection [text, score]; no rows are None.
        return [str(row[-2]) for row in found or ()]

    packages = ("rapidocr-onnxruntime", "onnxruntime")
    return read, {package: version(package) for package in packages}


def serve(read: Reader, watch: Watch, requests: TextIO, answers: TextIO) -> None:
    """Answer requests until there are no more."""
    for line in requests:
        request = json.loads(line)
        watch.seconds = 0.0
        wall, cpu = time.perf_counter(), time.process_time()
        lines = read(request["image"], request["detect"])
        seconds = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        # Linux counts it in KiB.
        peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answer = {"lines": lines, **seconds, "engine": watch.seconds, "peak": peak}
        print(json.dumps(answer), file=answers, flush=True)


def _load(watch: Watch, side: str, threads: int, *rest: str) -> tuple[Reader, About]:
    # Read by OpenCV when it loads: its warnings would stand where a dying worker's last words do.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    if side == "rapidocr":
        read, about = rapidocr(watch, threads)
    else:
        read, about = paddle_lite(watch, threads, Path(rest[0]))
    import cv2

    # Neither side limits OpenCV, which takes every core for scaling and straightening.
    cv2.setNumThreads(threads)
    return read, {**about, "OpenCV": cv2.__version__, "Python": platform.python_version()}


def main(side: str, threads: str, *rest: str) -> None:
    """Load one side's models, say so, then serve."""
    # The libraries' native code prints to descriptor 1: what it says belongs to stderr here.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    watch = Watch()
    read, about = _load(watch, side, int(threads), *rest)
    print(json.dumps(about), file=answers, flush=True)
    with open(0, encoding="utf-8", closefd=False) as requests:
        serve(read, watch, requests, answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
