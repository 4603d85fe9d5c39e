"""The command ``evaluate``."""

from __future__ import annotations

from pathlib import Path

from invoke.context import Context

from cross_build.cli import samples
from cross_build.cli.command import command
from cross_build.cli.connected import connected
from cross_build.cli.options import BOARD, CONTENT
from lite_runner.cli import output


@command(
    help={
        **BOARD,
        "pack": "a named pack or the folder of one, such as a quantised one",
        "against": "what it is compared with, such as its fp32 sibling",
        "runtime": CONTENT["runtime"],
        "images": "a folder, with labels.json if true characters shall count; a file or 'pattern'",
        "limit": "points more of the characters that may be wrong",
        "json": "write the record of both there",
    }
)
def evaluate(
    c: Context,
    pack: str,
    against: str,
    target: str = "local",
    host: str = "",
    folder: str = "",
    emulate: bool = False,
    runtime: str = "",
    images: str = "",
    limit: float = 0.5,
    json: str = "",
) -> int:
    """Compare a pack with another one line by line; 1 if it reads worse than allowed."""
    from cross_build.bench import evaluation

    with connected(target, host, folder, emulate) as board:
        comparison = evaluation.evaluate(
            board, pack, against, runtime, samples.pictures(images), limit, emulate
        )
    if json:
        output.write_atomically(Path(json), output.as_json(comparison.record).encode())
    print(evaluation.text(comparison))
    return 0 if comparison.passed else 1
