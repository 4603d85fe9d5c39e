"""One reader of a comparison in a process of its own: loads its models once, reads on request.

Usage: RELEASE/ocr python worker.py paddle-lite THREADS RELEASE, or:
    python -I worker.py PEER THREADS FILES

THREADS is a number, or ``own`` for the reader's own default; FILES is a JSON object with the paths
of the peer's networks and dictionary. Run as a file by that reader's own interpreter, so it needs
Python 3.8, the standard library and the packages of its reader. Each request is a JSON line
``{"image": path, "detect": bool}`` on standard input, each answer a JSON line ``{"lines": [text,
...], "seconds": wall, "cpu": seconds, "engine": seconds of these or null, "peak": bytes}`` on
standard output. Before the first request one line tells what was loaded.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Callable, Dict, List, TextIO

#: Reads the picture of a path, with detection or as a single line; gives the lines' texts.
Reader = Callable[[str, bool], List[str]]
#: Versions and names for people.
About = Dict[str, str]


class Watch:
    """Processor time spent in some functions.

    Attributes:
        seconds: so far; None while no function is watched.
    """

    def __init__(self) -> None:
        self.seconds: float | None = None

    def over(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, watched."""
        self.seconds = 0.0

        def watched(*arguments: Any, **options: Any) -> Any:
            start = time.process_time()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds = (self.seconds or 0.0) + time.process_time() - start

        return watched

    def restart(self) -> None:
        """Count from 0 again."""
        if self.seconds is not None:
            self.seconds = 0.0


def paddle_lite(watch: Watch, threads: int | None, release: Path) -> tuple[Reader, About]:
    """This project as it is deployed: the runner, packages and pack of a release."""
    import cv2
    import paddlelite.lite as lite

    from lite_runner.ocr.options import Options
    from lite_runner.ocr.pipeline import Ocr
    from lite_runner.pack import load
    from lite_runner.predictor import engines, wheel

    lite.LightPredictor.run = watch.over(lite.LightPredictor.run)
    lite.create_paddle_predictor = watch.over(lite.create_paddle_predictor)
    model: Any = wheel._WheelPredictor
    model.close = watch.over(model.close)
    pack, engine = load(release / "pack"), engines.of_this_release(threads)
    # As `ocr read` does it.
    cv2.setNumThreads(int(engine.arguments.get("threads") or 1))
    pages, lines = Ocr(pack, engine), Ocr(pack, engine, Options(detect=False))

    def read(path: str, detect: bool) -> list[str]:
        return [str(line.text) for line in (pages if detect else lines).read(path)]

    return read, {"Paddle-Lite": engine.version, "release": release.name}


def peer(watch: Watch, name: str, threads: int | None, files: str) -> tuple[Reader, About]:
    """Another project's reader, with its defaults but for models and threads."""
    from cross_build.bench.peers import rapidocr

    packages = [name]
    if name == "rapidocr":
        import cv2
        import onnxruntime

        packages.append("onnxruntime")
        onnxruntime.InferenceSession.run = watch.over(onnxruntime.InferenceSession.run)
        if threads:
            # It does not limit OpenCV, which takes every core for scaling and straightening.
            cv2.setNumThreads(threads)
    reader = rapidocr.open_reader(name, json.loads(files), threads)

    def read(path: str, detect: bool) -> list[str]:
        return rapidocr.lines(reader(path, use_det=detect))

    return read, {package: version(package) for package in packages}


def serve(read: Reader, watch: Watch, requests: TextIO, answers: TextIO) -> None:
    """Answer requests until there are no more."""
    for line in requests:
        request = json.loads(line)
        watch.restart()
        wall, cpu = time.perf_counter(), time.process_time()
        lines = read(request["image"], request["detect"])
        seconds = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        answer = {"lines": lines, **seconds, "engine": watch.seconds, "peak": _peak()}
        print(json.dumps(answer), file=answers, flush=True)


def _peak() -> int:
    """Most bytes this process has held; ``getrusage`` would begin with its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    (kibibytes,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return 1024 * int(kibibytes)


def _load(watch: Watch, name: str, threads: int | None, given: str) -> tuple[Reader, About]:
    # Read by OpenCV when it loads: its warnings would stand where a dying worker's last words do.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    # Last: a release brings its own runner.
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    from cross_build.bench.peers.rapidocr import keep_to

    if threads:
        # The same for all: one of the peers could not be limited otherwise.
        keep_to(threads)
    if name == "paddle-lite":
        read, about = paddle_lite(watch, threads, Path(given))
    else:
        read, about = peer(watch, name, threads, given)
    return read, {**about, "Python": platform.python_version()}


def main(name: str, threads: str, given: str) -> None:
    """Load one reader's models, say so, then serve."""
    # The libraries' native code prints to descriptor 1: what it says belongs to stderr here.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    watch = Watch()
    read, about = _load(watch, name, None if threads == "own" else int(threads), given)
    print(json.dumps(about), file=answers, flush=True)
    with open(0, encoding="utf-8", closefd=False) as requests:
        serve(read, watch, requests, answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
