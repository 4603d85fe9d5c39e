"""Pictures of a command line, read page by page; what is wrong with one becomes its result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Iterator

from lite_runner.arrays import Image
from lite_runner.cli import draw, output
from lite_runner.errors import ImageError
from lite_runner.ocr.page import Page, page_result
from lite_runner.ocr.pipeline import Ocr
from lite_runner.ocr.results import Result, error_result
from lite_runner.pictures import inputs
from lite_runner.pictures.document import Document
from lite_runner.pictures.page_range import PageRange


class PictureReader:
    """Reads pictures and draws what was read.

    Args:
        ocr: the reader.
        pages: which of each file.
        drawings: folder for annotated pictures; none are drawn if None.
    """

    def __init__(self, ocr: Ocr, pages: PageRange, drawings: Path | None) -> None:
        self._ocr = ocr
        self._pages = pages
        self._drawings = drawings
        self._names: set[str] = set()

    def read(self, source: inputs.Source, last: bool) -> Iterator[Result]:
        """The results of a picture's pages.

        Args:
            source: the picture.
            last: no other will follow.
        """
        try:
            document = Document(source.read())
            numbers = self._pages.numbers(document.count)
        except (ImageError, MemoryError) as problem:
            yield error_result(source.name, _reason(problem))
            return
        count = document.count
        for number in numbers:
            try:
                pixels = document.page(number)
                if number == numbers[-1]:
                    del document  # its file may be large
                page = self._ocr.read(pixels, last and number == numbers[-1])
                page = replace(page, page=number, pages=count)
                self._draw(source.path, pixels, page)
                yield page_result(source.name, page)
            except (ImageError, MemoryError) as problem:
                yield error_result(source.name, _reason(problem), number, count)

    def _draw(self, path: Path, pixels: Image, page: Page) -> None:
        if self._drawings is not None:
            number = page.page if page.pages > 1 else 0
            name = inputs.drawing_name(path, self._names, number)
            output.write_picture(self._drawings / name, draw.annotate(pixels, page))


def _reason(problem: Exception) -> str:
    if isinstance(problem, MemoryError):
        return "does not fit into memory; scale it down"
    return str(problem)
