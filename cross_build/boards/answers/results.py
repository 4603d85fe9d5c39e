"""Results of pictures that a board read, a JSON object a line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Iterable

from cross_build.boards.answers.answer import Answer, parse
from lite_runner.ocr.results import (
    LineResult,
    PageResult,
    Result,
    WordResult,
    error_result,
    numbered,
)
from lite_runner.releases.proof import StageSeconds


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
        return PictureResult(key, _numbered(answer, error_result(name, answer["error"].text())))
    result: PageResult = {
        "image": name,
        "width": answer["width"].whole(1),
        "height": answer["height"].whole(1),
        "lines": [_line(line) for line in answer["lines"].items()],
        "seconds": _seconds(answer["seconds"]),
    }
    if answer.has("smallest_text"):
        result["smallest_text"] = answer["smallest_text"].whole(1)
    return PictureResult(key, _numbered(answer, result))


def _numbered(answer: Answer, result: Result) -> Result:
    """With the page's number, of a file of several."""
    if not answer.has("pages"):
        return result
    return numbered(result, answer["page"].whole(1), answer["pages"].whole(1))


def _line(answer: Answer) -> LineResult:
    line: LineResult = {
        "text": None if answer["text"].value is None else answer["text"].text(),
        "score": answer["score"].number(0, 1),
        "box": _points(answer["box"].items(4)),
        "angle": answer["angle"].among(0, 180),
    }
    if answer.has("words"):
        line["words"] = [_word(word) for word in answer["words"].items()]
    if answer.has("polygon"):
        line["polygon"] = _points(answer["polygon"].items())
    return line


def _word(answer: Answer) -> WordResult:
    score, box = answer["score"].number(0, 1), _points(answer["box"].items(4))
    return {"text": answer["text"].text(), "score": score, "box": box}


def _points(points: Iterable[Answer]) -> list[list[float]]:
    return [[x.number() for x in point.items(2)] for point in points]


def _seconds(answer: Answer) -> StageSeconds:
    return {
        "detect": answer["detect"].number(0),
        "classify": answer["classify"].number(0),
        "recognise": answer["recognise"].number(0),
        "total": answer["total"].number(0),
    }
