"""What was read, as JSON objects."""

# ruff: noqa: UP045 - hosts resolve these hints, also with Python 3.9, which has no "X | None"
from __future__ import annotations

from typing import Optional, TypedDict, Union, final

from lite_runner.releases.proof import StageSeconds


class WordResult(TypedDict):
    """A word; attributes as of :class:`LineResult`."""

    text: str
    score: float
    box: list[list[float]]


class _LineOptions(TypedDict, total=False):
    words: list[WordResult]
    polygon: list[list[float]]


class LineResult(_LineOptions):
    """A line of text.

    Attributes:
        text: what it says; None if not recognised.
        score: 0 to 1.
        box: corners [x, y] in pixels, clockwise from the text's own top left.
        angle: 180 where its text runs to the left or upwards, else 0.
        words: missing if not asked for.
        polygon: where polygons were asked for: points [x, y] in pixels, clockwise from the text's
            start, half of them along its tops, half along its bottoms.
    """

    text: Optional[str]
    score: float
    box: list[list[float]]
    angle: int


class _PageNumber(TypedDict, total=False):
    """Of a file of several pages: the number of this one, and how many there are."""

    page: int
    pages: int


class _PageOptions(_PageNumber, total=False):
    """What only some pages have.

    Attributes:
        smallest_text: height in pixels below which text can have been missed
            (:class:`lite_runner.ocr.page.Page`).
    """

    smallest_text: int


class PageContent(_PageOptions):
    """What a picture says; sides are in pixels."""

    width: int
    height: int
    lines: list[LineResult]
    seconds: StageSeconds


@final
class PageResult(PageContent):
    """A picture that was read; ``image`` is its name."""

    image: str


@final
class ErrorResult(_PageNumber):
    """A picture that could not be read, and why."""

    image: str
    error: str


#: One object per picture, as written by ``ocr read --json``.
Result = Union[PageResult, ErrorResult]


def error_result(name: str, error: str, page: int = 1, pages: int = 1) -> ErrorResult:
    """The JSON object of a picture, or a page of one, that could not be read."""
    result: ErrorResult = {"image": name, "error": error}
    if pages > 1:
        result["page"], result["pages"] = page, pages
    return result


def renamed(result: Result, name: str) -> Result:
    """The same of a picture under another name."""
    copy = result.copy()
    copy["image"] = name
    return copy


def numbered(result: Result, page: int, pages: int) -> Result:
    """The same as a page of a file of several."""
    copy = result.copy()
    copy["page"], copy["pages"] = page, pages
    return copy


def without_words(result: Result) -> Result:
    """The same without the words of its lines."""
    if "error" in result:
        return result
    copy, lines = result.copy(), [line.copy() for line in result["lines"]]
    for line in lines:
        line.pop("words", None)
    copy["lines"] = lines
    return copy
