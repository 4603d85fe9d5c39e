"""RapidOCR on ONNX Runtime taking turns: the program of a peer's bundle, run on the board.

Usage: rapidocr.py turn, with a request on standard input; see :mod:`lite_runner.bench.turn`.
"""

from __future__ import annotations

import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Mapping


class Clock:
    """A part of RapidOCR that tells how long its last call took, in seconds."""

    def __init__(self, part: Any) -> None:
        self._part = part
        self.seconds = 0.0

    def __call__(self, *arguments: Any) -> Any:
        start = time.perf_counter()
        try:
            return self._part(*arguments)
        finally:
            self.seconds = time.perf_counter() - start


class Reader:
    """All of RapidOCR's defaults but the number of threads."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        # Late: this file is run before the bundle's packages can be found.
        import cv2
        from rapidocr_onnxruntime import RapidOCR

        threads = request["threads"] or 1
        # Without this OpenCV would take every core beside it.
        cv2.setNumThreads(threads)
        self._reader = RapidOCR(intra_op_num_threads=threads)
        self._reader.text_cls = self._classify = Clock(self._reader.text_cls)
        self._reader.text_rec = self._recognise = Clock(self._reader.text_rec)
        self.about: dict[str, Any] = {
            "engine": "ONNX Runtime",
            "engine_version": version("onnxruntime"),
            "reader": f"RapidOCR {version('rapidocr-onnxruntime')}",
            "pack": "PP-OCRv4 mobile, its own",
            "models": {},
            "threads": threads,
            "power": None,
            "workers": 1,
        }

    def read(self, path: str, detect: bool) -> tuple[dict[str, float], Any]:
        """See :class:`lite_runner.bench.turn.Reader`."""
        from lite_runner.errors import ImageError

        start = time.perf_counter()
        try:
            pixels = self._reader.load_img(path)
        except Exception as error:
            raise ImageError(str(error)) from error
        decoded = time.perf_counter()
        self._classify.seconds = self._recognise.seconds = 0.0
        rows, _ = self._reader(pixels, use_det=detect)
        end = time.perf_counter()
        # Rows are [box, text, score], without detection [text, score]; no rows are None.
        rows = rows or []
        height, width = pixels.shape[:2]
        whole = [[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]]
        boxes = [[[float(x), float(y)] for x, y in row[0]] if detect else whole for row in rows]
        classify, recognise = self._classify.seconds, self._recognise.seconds
        times = {
            "decode": decoded - start,
            # Straightening the lines belongs to it, as in our own reader.
            "detect": end - decoded - classify - recognise,
            "classify": classify,
            "recognise": recognise,
            "total": end - start,
        }
        return times, ([str(row[-2]) for row in rows], boxes)


def main() -> int:
    """Take a turn with the packages of the bundle this file lies in."""
    bundle = Path(__file__).resolve().parents[1]
    sys.path[:0] = [str(bundle / "app"), str(bundle / "site")]
    from lite_runner.bench import turn

    return turn.main(Reader)


if __name__ == "__main__":
    sys.exit(main())
