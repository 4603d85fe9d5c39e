"""Results as CSV (RFC 4180), for spreadsheets: a row for each line, or for each word."""

from __future__ import annotations

import csv
import io
from typing import Iterator, List, Sequence, Union

from lite_runner.ocr.results import LineResult, Result, WordResult

COLUMNS = (
    *("image", "page", "line", "word", "text", "score", "angle"),
    *(f"{axis}{corner}" for corner in range(1, 5) for axis in "xy"),
    "error",
)
_Row = List[Union[str, int, float, None]]


def document(results: Sequence[Result]) -> str:
    """A head and rows; lines that have words are written as these, and pictures with an error, too.

    Pages, lines and words are counted from 1; corners run clockwise from the text's own top left.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for result in results:
        writer.writerows(_rows(result))
    return file.getvalue()


def _rows(result: Result) -> Iterator[_Row]:
    head: _Row = [result["image"], result.get("page", 1)]
    if "error" in result:
        yield [*head, *[None] * (len(COLUMNS) - 3), result["error"]]
        return
    for number, line in enumerate(result["lines"], 1):
        words = line.get("words")
        if words is None:
            yield [*head, number, None, *_content(line, line["angle"]), None]
        for count, word in enumerate(words or (), 1):
            yield [*head, number, count, *_content(word, line["angle"]), None]


def _content(part: LineResult | WordResult, angle: int) -> _Row:
    return [
        part["text"],
        part["score"],
        angle,
        *(side for corner in part["box"] for side in corner),
    ]
