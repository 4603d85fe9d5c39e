"""What was read, as JSON objects and as text for a terminal."""

# ruff: noqa: UP045 - hosts resolve these hints, also with Python 3.9, which has no "X | None"
from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Iterable, Literal, Optional, Sequence, TypedDict, Union, final

from lite_runner.releases.proof import STAGES, StageSeconds
from lite_runner.terminal import visible

if TYPE_CHECKING:
    from lite_runner.ocr.page import Page


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
        angle: 180 for an upside-down line, else 0.
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
#: Of reading a picture, and all of it.
_TIMES: tuple[Literal["detect", "classify", "recognise", "total"], ...] = (*STAGES, "total")


def page_result(name: str, page: Page) -> PageResult:
    """The JSON object of a picture that was read."""
    return {"image": name, **page.to_dict()}


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


def text(result: Result) -> str:
    """A picture's lines for a terminal, one a row: number, score, what was unusual, text."""
    name = title(result)
    if "error" in result:
        return visible(f"{name}: {result['error']}")
    lines, seconds = result["lines"], result["seconds"]
    count = "no text" if not lines else f"{len(lines)} line{'s' * (len(lines) != 1)}"
    head = (
        f"{visible(name)}  {result['width']}x{result['height']}  {count}  {seconds['total']:.2f} s"
    )
    rows = [
        f"  {number:3d}  {line['score']:.3f}  {'180°' if line['angle'] else '    '}"
        f"  {_where(line['box']) if line['text'] is None else visible(line['text'])}"
        for number, line in enumerate(lines, 1)
    ]
    if "smallest_text" in result:
        rows.append(
            f"  text of less than {result['smallest_text']} pixels may be missing;"
            " a larger --max-side finds it"
        )
    return "\n".join([head, *rows])


def title(result: Result) -> str:
    """A picture's name, with the page's number where its file has several."""
    if "pages" not in result:
        return result["image"]
    return f"{result['image']}, page {result['page']} of {result['pages']}"


def pages(results: Sequence[Result]) -> list[PageResult]:
    """The results of the pictures that could be read."""
    return [result for result in results if "error" not in result]


def unread(results: Sequence[Result]) -> list[str]:
    """A sentence for each file of which only some pages were chosen."""
    read: dict[tuple[str, int], int] = {}
    for result in results:
        if "pages" in result:
            key = result["image"], result["pages"]
            read[key] = read.get(key, 0) + 1
    return [
        f"{visible(name)}: read {count} of {pages} pages; --pages all reads all"
        for (name, pages), count in read.items()
        if count < pages
    ]


def summary(results: Sequence[Result]) -> str:
    """A table of the pictures that were read: lines, mean score, seconds of each stage."""
    read = pages(results)
    rows: list[Sequence[str]] = [("picture", "lines", "score", *_TIMES)]
    for result in read:
        scores = [line["score"] for line in result["lines"]]
        rows.append(
            (
                title(result),
                str(len(scores)),
                f"{sum(scores) / len(scores):.3f}" if scores else "-",
                *(f"{result['seconds'][stage]:.2f} s" for stage in _TIMES),
            )
        )
    if len(read) > 1:
        total = [f"{sum(result['seconds'][stage] for result in read):.2f} s" for stage in _TIMES]
        lines = sum(len(result["lines"]) for result in read)
        rows.append((f"{len(read)} pictures", str(lines), "", *total))
    return table(rows)


def table(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Rows as text columns, the first row as head; so many columns left, the others right."""
    rows = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*rows)]
    lines = []
    for row in rows:
        spaces = [" " * (width - _width(cell)) for cell, width in zip(row, widths)]
        cells = [
            cell + space if number < left else space + cell
            for number, (cell, space) in enumerate(zip(row, spaces))
        ]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _width(cell: str) -> int:
    """Terminal columns of a text: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "FW" else 1 for char in cell)


def _where(box: Iterable[Sequence[float]]) -> str:
    return " ".join(f"({x:.0f},{y:.0f})" for x, y in box)
