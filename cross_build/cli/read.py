"""The command ``read``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from invoke.context import Context

from cross_build.cli.command import command
from cross_build.cli.connected import connected
from cross_build.cli.options import BOARD
from lite_runner.cli.arguments import FORMATS_HELP, MAX_SIDE_HELP, POLYGONS_HELP, WORDS_HELP
from lite_runner.cli.results import Destinations, keeping
from lite_runner.errors import UsageError
from lite_runner.pictures.page_range import FIRST, PageRange

if TYPE_CHECKING:
    from lite_runner.ocr.results import Result


@command(
    words="images",
    help={
        **BOARD,
        "images": "files, folders or patterns, also without the option's name; - for stdin",
        "pages": "of a PDF, TIFF or GIF, as 1-3,5 or all; the first if not given",
        "json": "write the results there; - for stdout",
        "json-lines": "print a JSON object for each picture as it comes",
        **{name: f"{words}; - for stdout" for name, words in FORMATS_HELP.items()},
        "words": WORDS_HELP,
        "polygons": POLYGONS_HELP,
        "draw": "folder for annotated pictures",
        "detect": "--no-detect: the whole picture is one line",
        "classify": "--no-classify: do not turn text upright",
        "recognise": "--no-recognise: boxes only, no text",
        "batch": "lines given to a network at once; as suits the engine if not given",
        "min-score": "drop lines scored lower",
        "threads": "of the engine, at most as many as there are cores",
        "max-side": MAX_SIDE_HELP,
    },
)
def read(
    c: Context,
    images: list[str] | None = None,
    target: str = "local",
    host: str = "",
    folder: str = "",
    emulate: bool = False,
    pages: str = "",
    json: str = "",
    json_lines: bool = False,
    text: str = "",
    csv: str = "",
    hocr: str = "",
    words: bool = False,
    draw: str = "",
    detect: bool = True,
    classify: bool = True,
    recognise: bool = True,
    batch: int = 0,
    min_score: float = 0.5,
    threads: int = 0,
    polygons: bool = False,
    max_side: int = 0,
) -> int:
    """Read IMAGES, any number of files, folders and 'patterns', on a board."""
    from cross_build.deploys import remote_read
    from lite_runner.pictures import inputs

    if not images:
        raise UsageError("read: no pictures; name files, folders or 'patterns', or - for stdin")
    chosen = _pages(pages)
    options = [f"--min-score={min_score}"]
    options += [f"--batch={batch}"] if batch else []
    options += [f"--threads={threads}"] if threads else []
    options += ["--words"] if words or hocr else []
    options += ["--polygons"] if polygons else []
    options += [f"--max-side={max_side}"] if max_side else []
    stages = {"detect": detect, "classify": classify, "recognise": recognise}
    options += [f"--no-{stage}" for stage, enabled in stages.items() if not enabled]
    destinations = Destinations(json, text, csv, hocr, json_lines, words)
    results: list[Result] = []

    def show(result: Result) -> None:
        results.append(result)
        destinations.show(result)

    def read() -> None:
        with connected(target, host, folder, emulate) as board:
            drawings = Path(draw) if draw else None
            pictures = inputs.expand(images)
            # In the order of the pictures, now that all are there.
            results[:] = remote_read.read(board, pictures, options, drawings, show, chosen)

    return keeping(results, read, destinations)


def _pages(text: str) -> PageRange:
    try:
        return PageRange.parse(text) if text else FIRST
    except ValueError as error:
        raise UsageError(f"--pages {text}: names no pages, as 1-3,5: {error}") from None
