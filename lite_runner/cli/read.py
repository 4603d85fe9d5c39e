"""The command ``ocr read``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Callable, Sequence

from lite_runner import interruption, terminal
from lite_runner import pack as packs
from lite_runner.cli import output
from lite_runner.errors import ImageError
from lite_runner.ocr import report
from lite_runner.pictures import inputs


def read(options: argparse.Namespace) -> int:
    """Run the command; returns its exit code."""

    def show(result: report.Result) -> None:
        results.append(result)
        if options.json_lines:
            print(json.dumps(result, ensure_ascii=False), file=terminal.raw(sys.stdout), flush=True)
        else:
            output.tell(result, options.json)

    def work() -> None:
        read_files(inputs.expand(options.images), options.pack, options, show)

    results: list[report.Result] = []
    if options.json_lines:
        with interruption.raised():
            work()
        return output.exit_code(results)
    return output.keeping(results, work, options.json)


def read_files(
    pictures: Sequence[inputs.Source],
    pack: Path,
    options: argparse.Namespace,
    show: Callable[[report.Result], None],
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
    from lite_runner.cli import draw
    from lite_runner.ocr.options import Options
    from lite_runner.ocr.pipeline import Ocr, check_runtime
    from lite_runner.pictures import image
    from lite_runner.predictor import engines

    settings = Options(
        detect=not options.no_detect,
        classify=not options.no_classify,
        recognise=not options.no_recognise,
        min_score=options.min_score,
        batch=options.batch,
        max_side=options.max_side,
        memory=options.memory and 1_000_000 * options.memory,
    )
    names: set[str] = set()
    engine = engines.of_this_release(options.threads)
    files = packs.load(pack)
    check_runtime(files, engine)
    engine = note.tried(engine, files)
    # Like the models: OpenCV would take every core.
    cv2.setNumThreads(int(engine.arguments.get("threads") or 1))
    with Ocr(files, engine, settings) as ocr:
        for number, (name, path, error) in enumerate(pictures, 1):
            try:
                if error is not None:
                    raise ImageError(error)
                pixels = image.load(path)
                page = ocr.read(pixels, last=number == len(pictures))
                result: report.Result = report.page_result(name, page)
                if options.draw is not None:
                    target = options.draw / inputs.drawing_name(path, names)
                    output.write_picture(target, draw.annotate(pixels, page))
            except ImageError as problem:
                result = report.error_result(name, str(problem))
            except MemoryError:
                result = report.error_result(name, "does not fit into memory; scale it down")
            show(result)
