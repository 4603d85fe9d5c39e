"""The sample pictures and their text, as they lie in a clone and in a wheel."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Sequence

if TYPE_CHECKING:
    from lite_runner.bench.messages import Picture
    from lite_runner.ocr.results import Result

#: In a clone a link to ``samples/`` beside the packages, in a wheel a folder of its own.
FOLDER = (Path(__file__).parents[1] / "samples").resolve()


def folder() -> str:
    """The samples' folder, relative if it lies in the current one."""
    return os.path.relpath(FOLDER) if Path.cwd() in FOLDER.parents else str(FOLDER)


def pictures(images: str) -> list[Picture]:
    """The pictures of a benchmark: those of ``--images``, or the samples.

    Raises:
        UsageError: there is nothing to read; says why.
        TruthError: labels are damaged.
    """
    from lite_runner.bench import pictures

    return pictures.find([images or folder()])


def errors(results: Sequence[Result]) -> str:
    """How many characters of the samples were read wrong, without spaces and with them."""
    from lite_runner.scoring import cer

    labels = json.loads((FOLDER / "labels.json").read_text(encoding="utf-8"))
    pairs = [
        (labels[Path(result["image"]).name], [line["text"] or "" for line in result["lines"]])
        for result in results
        if "error" not in result
    ]
    plain, spaced = (
        cer.total(rule(*pair) for pair in pairs) for rule in (cer.compare, cer.compare_with_spaces)
    )
    return (
        f"{plain.errors} of {plain.characters} characters wrong, {spaced.errors} of"
        f" {spaced.characters} with spaces"
    )
