"""Pictures whose text is known: a folder of them with its ``labels.json``.

``boxes.json`` beside it, where there is one, tells where each line stands: for each picture a list
of quads in the order of its lines, each four corners [x, y] clockwise from the text's own top left.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Tuple

from lite_runner.errors import LiteError

#: Four corners (x, y) in pixels, clockwise from the text's own top left.
Quad = Tuple[Tuple[float, float], ...]

#: No picture has a side of as many pixels.
_FAR = 1e9


class TruthError(LiteError):
    """A folder's labels or boxes are missing, damaged, or name a picture that is not there."""


@dataclass(frozen=True)
class Picture:
    """A picture and what it says.

    Attributes:
        name: its folder's and its own name, for people.
        path: the file.
        lines: the true lines in reading order.
        detect: False for a picture that is one line as a whole.
        boxes: where each line stands, a quad a line in pixels of the upright picture; None if
            nobody tells.
    """

    name: str
    path: Path
    lines: tuple[str, ...]
    detect: bool
    boxes: tuple[Quad, ...] | None = None


def pictures(folder: Path) -> list[Picture]:
    """The pictures of a folder that have true lines, in the order of its labels.

    Raises:
        TruthError: there are none, or the labels or boxes are of no use; says which.
    """
    labels, boxes = _object(folder / "labels.json"), _boxes(folder)
    single = labels.pop("line_images", {})
    known = [
        *_pictures(folder, labels, boxes, detect=True),
        *_pictures(folder, single if isinstance(single, dict) else {}, {}, detect=False),
    ]
    if not known:
        raise TruthError(f"{folder}: labels.json tells the text of no picture there")
    return known


def _object(path: Path) -> dict[str, object]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TruthError(
            f"{path}: {error.strerror}; expected a folder of pictures with their true lines"
        ) from error
    except ValueError as error:
        raise TruthError(f"{path}: is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise TruthError(f"{path}: expected an object of lists by picture")
    return value


def _boxes(folder: Path) -> dict[str, tuple[Quad, ...]]:
    path = folder / "boxes.json"
    if not path.exists():
        return {}
    # Other values are notes about the boxes, or null: nobody knows where the lines stand.
    return {
        name: tuple(
            _quad(quad, f"{path}: {name}: quad {count}") for count, quad in enumerate(quads, 1)
        )
        for name, quads in _object(path).items()
        if isinstance(quads, list)
    }


def _quad(value: object, where: str) -> Quad:
    if not isinstance(value, list) or len(value) != 4:
        raise TruthError(f"{where}: expected four corners [x, y], found {_short(value)}")
    for corner in value:
        if not isinstance(corner, list) or len(corner) != 2 or not all(map(_is_number, corner)):
            raise TruthError(f"{where}: expected corners [x, y] in pixels, found {_short(corner)}")
    return tuple((float(x), float(y)) for x, y in value)


def _is_number(value: object) -> bool:
    # To Python true is an int, and NaN, infinity and integers no float can hold are JSON.
    return isinstance(value, (int, float)) and type(value) is not bool and abs(value) < _FAR


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _pictures(
    folder: Path, labels: Mapping[str, object], boxes: Mapping[str, tuple[Quad, ...]], detect: bool
) -> list[Picture]:
    labelled = []
    for name, lines in labels.items():
        # Other values are notes about the pictures, or null: nobody knows what it says.
        if isinstance(lines, list):
            path = folder / name
            if not path.is_file():
                raise TruthError(f"{path}: does not exist, but labels.json tells its text")
            quads = boxes.get(name)
            if quads is not None and len(quads) != len(lines):
                raise TruthError(
                    f"{folder / 'boxes.json'}: {name}: expected a quad for each of the"
                    f" {len(lines)} lines in labels.json, found {len(quads)}"
                )
            title = f"{folder.resolve().name}/{name}"
            labelled.append(Picture(title, path, tuple(map(str, lines)), detect, quads))
    return labelled
