"""The command ``ocr read``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Callable, Sequence

from lite_runner import pack as packs
from lite_runner.cli import results
from lite_runner.ocr.results import Result
from lite_runner.pictures import inputs


def read(options: argparse.Namespace) -> int:
    """Run the command; returns its exit code."""
    destinations = results.Destinations(
        json=options.json or "",
        text=options.text or "",
        csv=options.csv or "",
        hocr=options.hocr or "",
        json_lines=options.json_lines,
        words=options.words,
    )
    known: list[Result] = []

    def show(result: Result) -> None:
        known.append(result)
        destinations.show(result)

    def work() -> None:
        read_files(inputs.expand(options.images), options.pack, options, show)

    return results.keeping(known, work, destinations)


def read_files(
    pictures: Sequence[inputs.Source],
    pack: Path,
    options: argparse.Namespace,
    show: Callable[[Result], None],
) -> None:
    """Read pictures one after the other; errors become results of their own.

    Args:
        pictures: what to read.
        pack: pack folder.
        options: of the command ``read``.
        show: called with each result as soon as there is one.
    """
    # Late: OpenCV and the engine take a second to load, which `--help` should not.
    import cv2

    from lite_runner.capabilities import note
    from lite_runner.cli.picture_reader import PictureReader
    from lite_runner.ocr.options import Options
    from lite_runner.ocr.pipeline import Ocr, check_runtime
    from lite_runner.predictor import engines

    settings = Options(
        detect=not options.no_detect,
        classify=not options.no_classify,
        recognise=not options.no_recognise,
        min_score=options.min_score,
        batch=options.batch,
        words=options.words or bool(options.hocr),
        polygons=options.polygons,
        max_side=options.max_side,
        memory=options.memory and 1_000_000 * options.memory,
    )
    engine = engines.of_this_release(options.threads)
    files = packs.load(pack)
    check_runtime(files, engine)
    engine = note.tried(engine, files)
    # Like the models: OpenCV would take every core.
    cv2.setNumThreads(int(engine.arguments.get("threads") or 1))
    with Ocr(files, engine, settings) as ocr:
        reader = PictureReader(ocr, options.pages, options.draw)
        for number, source in enumerate(pictures, 1):
            for result in reader.read(source, last=number == len(pictures)):
                show(result)
