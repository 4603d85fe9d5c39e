"""A session: one process that loads a reader, warms up, and reads all pictures some times.

It reads a request as JSON from standard input and prints one JSON object a line: ``ready`` when it
can read, ``pass`` for each pass that counts, ``done`` in the end. Readers of other projects follow
the same protocol (``cross_build/bench/peers``).
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import IO, Callable, Protocol, Sequence, Union

import cv2

from lite_runner import __version__, pack
from lite_runner.bench.messages import About, Done, Pass, PictureFile, Ready, Request, Text, Times
from lite_runner.errors import ImageError
from lite_runner.ocr.options import Options
from lite_runner.ocr.page import Page
from lite_runner.ocr.pipeline import Ocr
from lite_runner.pictures import image
from lite_runner.predictor import engines
from lite_runner.releases import settings
from lite_runner.releases.release import sha256

#: One of :class:`Ready`, a pass, :class:`Done`.
Answer = Union[Ready, Pass, Done]


class Reader(Protocol):
    """A reader that a session measures."""

    @property
    def about(self) -> About:
        """Names and versions, for the record."""

    def read(self, path: str, detect: bool) -> tuple[Times, Text]:
        """Read a picture, as a page or as one line; raises ImageError if it cannot be read."""


class LiteReader:
    """This project's reader, with one open engine for pages and, when asked, one for lines."""

    def __init__(self, request: Request) -> None:
        files = pack.load(request["pack"] or _own_pack())
        engine = engines.of_this_release(request["threads"], request["power"])
        freedom = request.get("freedom")
        if freedom:
            engine = engine.with_capabilities(engines.from_data(files.folder, freedom))
        self._files, self._engine = files, engine
        self._options = Options(
            classify=request.get("classify", True),
            recognise=request.get("recognise", True),
            workers=request["workers"],
            bucket=request["bucket"],
            max_side=request["max_side"],
        )
        self._open: dict[bool, Ocr] = {}
        # OpenCV would take every core, whatever number is measured.
        cv2.setNumThreads(int(engine.arguments.get("threads") or 1))
        self._reader(detect=True).warm()

    @property
    def about(self) -> About:
        files, chosen = self._files, self._open[True].options
        arguments = self._engine.arguments
        return {
            "engine": "Paddle-Lite",
            "engine_version": self._engine.version,
            "reader": f"lite-ocr {__version__}",
            "pack": files.name,
            "models": {
                stage: {
                    "sha256": sha256(network.path),
                    "source": network.source,
                    "precision": network.precision,
                }
                for stage, network in files.networks.items()
            },
            "threads": arguments.get("threads") or 1,
            "power": arguments.get("power"),
            "workers": chosen.workers or 1,
            "bucket": chosen.bucket,
            "max_side": chosen.max_side or files.detector.max_side,
        }

    def read(self, path: str, detect: bool) -> tuple[Times, Text]:
        reader = self._reader(detect)
        start = time.perf_counter()
        pixels = image.load(path)
        decoded = time.perf_counter() - start
        page = reader.read(pixels)
        seconds = page.seconds
        times = {
            "decode": decoded,
            "detect": seconds.detect,
            "classify": seconds.classify,
            "recognise": seconds.recognise,
            "total": decoded + seconds.total,
        }
        return times, _text(page)

    def _reader(self, detect: bool) -> Ocr:
        if detect not in self._open:
            options = replace(self._options, detect=detect)
            self._open[detect] = Ocr(self._files, self._engine, options)
        return self._open[detect]


def main(make: Callable[[Request], Reader] = LiteReader) -> int:
    """Run one session by the request on standard input; returns the exit code."""
    # The libraries' native code prints to descriptor 1, which is for answers only.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
    os.dup2(2, 1)
    take(json.load(sys.stdin), answers, make)
    return 0


def take(request: Request, answers: IO[str], make: Callable[[Request], Reader]) -> None:
    """Run one session.

    Args:
        request: how to run, and what to read.
        answers: gets the JSON lines.
        make: loads the reader.
    """

    def say(kind: str, value: Answer) -> None:
        print(json.dumps({kind: value}, ensure_ascii=False), file=answers, flush=True)

    start = time.perf_counter()
    reader = make(request)
    say("ready", {**reader.about, "load": time.perf_counter() - start})
    first: list[Text | None] | None = None
    steady = True
    for number in range(request["warmup"] + request["passes"]):
        times, texts = _pass(reader, request["pictures"])
        if first is None:
            first = texts
        steady = steady and texts == first
        if number >= request["warmup"]:
            say("pass", times)
    done: Done = {"peak_rss": peak_rss(), "read": first or [], "steady": steady}
    say("done", done)


def peak_rss(status: Path = Path("/proc/self/status")) -> int | None:
    """Most memory this process has held so far, in bytes; None where it is not known.

    Not ``getrusage``: a child inherits its parent's peak there.
    """
    try:
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def _pass(
    reader: Reader, pictures: Sequence[PictureFile]
) -> tuple[list[Times | None], list[Text | None]]:
    times: list[Times | None] = []
    texts: list[Text | None] = []
    for picture in pictures:
        try:
            seconds, text = reader.read(picture["path"], picture["detect"])
        except ImageError:
            times.append(None)
            texts.append(None)
        else:
            times.append(seconds)
            texts.append(text)
    return times, texts


def _text(page: Page) -> Text:
    boxes = [[[round(float(x), 1), round(float(y), 1)] for x, y in line.box] for line in page]
    return [str(line.text) for line in page], boxes


def _own_pack() -> Path:
    return settings.home() / "pack"
