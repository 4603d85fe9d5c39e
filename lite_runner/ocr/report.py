"""What was read, as text for a terminal."""

from __future__ import annotations

import unicodedata
from typing import Iterable, Literal, Sequence

from lite_runner.ocr.results import PageResult, Result
from lite_runner.releases.proof import STAGES
from lite_runner.terminal import visible

#: Of reading a picture, and all of it.
_TIMES: tuple[Literal["detect", "classify", "recognise", "total"], ...] = (*STAGES, "total")


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
