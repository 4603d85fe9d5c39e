"""RapidOCR or RapidOCRLite in sessions of a benchmark: the program of a peer's bundle.

Usage: rapidocr.py turn, with a request on standard input; see :mod:`lite_runner.bench.session`.
Run on the board, so it needs Python 3.8, the standard library and the bundle's packages. Both
peers have the same interface. They read with all their defaults but models, threads and log level.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping

if TYPE_CHECKING:
    from lite_runner.bench.messages import About, Request

#: Says what is in a bundle; written by :mod:`cross_build.bench.peers.bundle`.
ABOUT = "peer.json"
#: What RapidOCRLite asks for the threads of its kernels.
_LITE_THREADS = "PPOCR_BENCH_THREADS"


class Clock:
    """A function that tells how long its last call took.

    Attributes:
        seconds: of the last call.
        result: of the last call.
    """

    def __init__(self, function: Any) -> None:
        self._function = function
        self.seconds = 0.0
        self.result: Any = None

    def __call__(self, *arguments: Any) -> Any:
        start = time.perf_counter()
        try:
            self.result = self._function(*arguments)
        finally:
            self.seconds = time.perf_counter() - start
        return self.result


class Reader:
    """A peer as :class:`lite_runner.bench.session.Reader`."""

    def __init__(self, request: Request) -> None:
        # Late: this file is run before the bundle's packages can be found.
        import cv2
        import numpy as np

        bundle = _bundle()
        peer = json.loads((bundle / ABOUT).read_text(encoding="utf-8"))
        threads = request["threads"] or 1
        # Without this OpenCV would take every core beside it.
        cv2.setNumThreads(threads)
        files = {name: str(bundle / path) for name, path in peer["files"].items()}
        self._reader = open_reader(peer["name"], files, threads)
        # Models are opened when they are first asked: a page for the detector, a line for the rest.
        for detect in (True, False):
            self._reader(np.full((64, 64, 3), 255, np.uint8), use_det=detect)
        self._reader.load_img = self._decode = Clock(self._reader.load_img)
        self._classify, self._recognise = Clock(self._reader.text_cls), Clock(self._reader.text_rec)
        if peer["stages"]:
            self._reader.text_cls, self._reader.text_rec = self._classify, self._recognise
        self.about: About = {
            "engine": peer["engine"],
            "engine_version": version(peer["engine_package"]),
            "reader": f"{peer['title']} {version(peer['name'])}",
            "pack": peer["weights"],
            "models": peer["models"],
            "threads": threads,
            "power": None,
            "workers": 1,
        }

    def read(self, path: str, detect: bool) -> tuple[dict[str, float], Any]:
        """See :class:`lite_runner.bench.session.Reader`."""
        from lite_runner.errors import ImageError

        self._decode.result = None
        self._classify.seconds = self._recognise.seconds = 0.0
        start = time.perf_counter()
        try:
            page = self._reader(path, use_det=detect)
        except Exception as error:
            if self._decode.result is not None:
                raise
            raise ImageError(str(error)) from error
        total = time.perf_counter() - start
        classify, recognise = self._classify.seconds, self._recognise.seconds
        times = {
            "decode": self._decode.seconds,
            # Straightening the lines belongs to it, as in our own reader; and all of a reader that
            # does not tell its stages apart.
            "detect": total - self._decode.seconds - classify - recognise,
            "classify": classify,
            "recognise": recognise,
            "total": total,
        }
        texts = lines(page)
        height, width = self._decode.result.shape[:2]
        whole = [[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]]
        quads = page.boxes if detect and texts else [whole] * len(texts)
        return times, (texts, [[[float(x), float(y)] for x, y in quad] for quad in quads])


def open_reader(name: str, files: Mapping[str, str], threads: int | None) -> Any:
    """A peer's reader.

    Args:
        name: of the peer.
        files: ``det``, ``cls`` and ``rec`` as ONNX, and ``dict``.
        threads: of each model; the peer's own number if None.
    """
    if threads and name == "rapidocrlite":
        os.environ[_LITE_THREADS] = str(threads)
        # Its workers for lines are as many as the machine has cores, whatever is asked for.
        keep_to(threads)
    # Late: the settings above are read when it loads.
    from rapidocr import RapidOCR

    parameters: dict[str, Any] = {
        "Det.model_path": files["det"],
        "Cls.model_path": files["cls"],
        "Rec.model_path": files["rec"],
        "Rec.rec_keys_path": files["dict"],
        "Global.log_level": "error",
    }
    if threads:
        parameters["EngineConfig.onnxruntime.intra_op_num_threads"] = threads
    return RapidOCR(params=parameters)


def lines(page: Any) -> list[str]:
    """The texts of what a peer's reader returns."""
    return [str(text) for text in page.txts or ()]


def keep_to(count: int) -> None:
    """Keep this process to as many cores, the fast ones first, where the system lets it."""
    from lite_runner.predictor import affinity

    fast = affinity.fast()
    # Systems put their own work on the first cores.
    chosen = [*sorted(os.sched_getaffinity(0) - fast), *sorted(fast)][-count:]
    with suppress(OSError):
        os.sched_setaffinity(0, chosen)


def _bundle() -> Path:
    """The bundle this file lies in."""
    return Path(__file__).resolve().parents[1]


def main() -> int:
    """Take a turn with the packages of the bundle this file lies in."""
    sys.path[:0] = [str(_bundle() / "app"), str(_bundle() / "site")]
    from lite_runner.bench import session

    return session.main(Reader)


if __name__ == "__main__":
    sys.exit(main())
