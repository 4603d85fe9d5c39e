"""Pictures whose text is known: a folder of them with its ``labels.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from lite_runner.errors import LiteError


class TruthError(LiteError):
    """A folder's labels are missing, damaged, or name a picture that is not there."""


@dataclass(frozen=True)
class Picture:
    """A picture and what it says.

    Attributes:
        name: its folder's and its own name, for people.
        path: the file.
        lines: the true lines in reading order.
        detect: False for a picture that is one line as a whole.
    """

    name: str
    path: Path
    lines: tuple[str, ...]
    detect: bool


def pictures(folder: Path) -> list[Picture]:
    """The pictures of a folder that have true lines, in the order of its labels.

    Raises:
        TruthError: there are none, or the labels are of no use; says which.
    """
    labels = _labels(folder)
    single = labels.pop("line_images", {})
    found = [
        *_pictures(folder, labels, detect=True),
        *_pictures(folder, single if isinstance(single, dict) else {}, detect=False),
    ]
    if not found:
        raise TruthError(f"{folder}: labels.json tells the text of no picture there")
    return found


def _labels(folder: Path) -> dict[str, Any]:
    path = folder / "labels.json"
    try:
        labels = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TruthError(
            f"{path}: {error.strerror}; expected a folder of pictures with their true lines"
        ) from error
    except ValueError as error:
        raise TruthError(f"{path}: is not JSON: {error}") from error
    if not isinstance(labels, dict):
        raise TruthError(f"{path}: expected an object of lists of lines by picture")
    return labels


def _pictures(folder: Path, labels: Mapping[str, Any], detect: bool) -> list[Picture]:
    found = []
    for name, lines in labels.items():
        # Other values are notes about the pictures, or null: nobody knows what it says.
        if isinstance(lines, list):
            path = folder / name
            if not path.is_file():
                raise TruthError(f"{path}: does not exist, but labels.json tells its text")
            title = f"{folder.resolve().name}/{name}"
            found.append(Picture(title, path, tuple(map(str, lines)), detect))
    return found
