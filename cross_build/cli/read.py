"""The command ``read``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from invoke.context import Context

from cross_build.cli.command import command
from cross_build.cli.connected import connected
from cross_build.cli.options import BOARD
from lite_runner.cli import output

if TYPE_CHECKING:
    from lite_runner.ocr import report


@command(
    help={
        **BOARD,
        "images": "a file, folder or 'pattern' in quotes",
        "max_side": "find lines in the picture scaled to at most so many pixels",
    }
)
def read(
    c: Context,
    images: str,
    target: str = "local",
    host: str = "",
    folder: str = "",
    emulate: bool = False,
    json: str = "",
    draw: str = "",
    detect: bool = True,
    classify: bool = True,
    recognise: bool = True,
    batch: str = "",
    min_score: float = 0.5,
    threads: int = 0,
    max_side: int = 0,
) -> int:
    """Read IMAGES, a file, folder or 'pattern' in quotes, on a board."""
    from cross_build.deploys import remote_read
    from lite_runner.pictures import inputs

    options = [f"--min-score={min_score}"]
    options += [f"--batch={batch}"] if batch else []
    options += [f"--threads={threads}"] if threads else []
    options += [f"--max-side={max_side}"] if max_side else []
    stages = {"detect": detect, "classify": classify, "recognise": recognise}
    options += [f"--no-{stage}" for stage, enabled in stages.items() if not enabled]
    results: list[report.Result] = []

    def show(result: report.Result) -> None:
        results.append(result)
        output.tell(result, json or None)

    def read() -> None:
        with connected(target, host, folder, emulate) as board:
            drawings = Path(draw) if draw else None
            # In the order of the pictures, now that all are there.
            results[:] = remote_read.read(board, inputs.expand([images]), options, drawings, show)

    return output.keeping(results, read, json or None)
