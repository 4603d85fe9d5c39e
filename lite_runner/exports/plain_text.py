"""Results as plain text: the lines of each page, as pdftotext and Tesseract write them."""

from __future__ import annotations

from typing import Sequence

from lite_runner.ocr.results import Result

#: Between two pages.
PAGE_BREAK = "\f"


def document(results: Sequence[Result]) -> str:
    """A line of text a row; a page that could not be read is empty."""
    return PAGE_BREAK.join(map(_page, results))


def _page(result: Result) -> str:
    if "error" in result:
        return ""
    return "".join(f"{line['text']}\n" for line in result["lines"] if line["text"] is not None)
