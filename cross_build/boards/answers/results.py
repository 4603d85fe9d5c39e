"""Results of pictures that a board read, a JSON object a line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import PurePosixPath

from cross_build.boards.answers.answer import Answer, parse
from lite_runner.ocr.report import Result, error_result

_STAGES = ("detect", "classify", "recognise", "total")


@dataclass(frozen=True)
class Line:
    """A line of text; ``text`` is None where it was not recognised.

    Attributes:
        text: as read.
        score: 0 to 1.
        box: corners as (x, y) in pixels, clockwise from the text's own top left.
        angle: 180 for an upside-down line, else 0.
    """

    text: str | None
    score: float
    box: list[list[float]]
    angle: int


@dataclass(frozen=True)
class PictureResult:
    """What came of a picture.

    Attributes:
        key: the stem of its file's name on the board.
        result: as in the reader's JSON, under the board's name of it.
    """

    key: str
    result: Result


def picture(text: str, board: str) -> PictureResult:
    """Read a line that ``ocr read --json-lines`` printed on a board.

    Raises:
        BoardError: it is no result of a picture.
    """
    answer = parse(text, f"{board}: result of a picture")
    name = answer["image"].text()
    key = PurePosixPath(name).stem
    if answer.has("error"):
        return PictureResult(key, error_result(name, answer["error"].text()))
    return PictureResult(
        key,
        {
            "image": name,
            "width": answer["width"].whole(1),
            "height": answer["height"].whole(1),
            "lines": [asdict(_line(line)) for line in answer["lines"].items()],
            "seconds": {stage: answer["seconds"][stage].number(0) for stage in _STAGES},
        },
    )


def _line(answer: Answer) -> Line:
    return Line(
        None if answer["text"].value is None else answer["text"].text(),
        answer["score"].number(0, 1),
        [[x.number() for x in corner.items(2)] for corner in answer["box"].items(4)],
        answer["angle"].among(0, 180),
    )
