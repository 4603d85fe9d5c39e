"""Pictures made ready to be sent: the chosen pages of each, as files that any board reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Protocol

from lite_runner.arrays import Image
from lite_runner.errors import ImageError
from lite_runner.ocr.results import Result, error_result, numbered, renamed
from lite_runner.pictures import image_header
from lite_runner.pictures.inputs import STDIN, Source
from lite_runner.pictures.page_range import PageRange


@dataclass(frozen=True)
class Prepared:
    """A page of a picture: a file to send, or why there is none.

    Attributes:
        source: the picture.
        file: on the host; None if there is none.
        error: why.
        page, pages: number of the page, from 1, and how many the picture has.
    """

    source: Source
    file: Path | None
    error: str = ""
    page: int = 1
    pages: int = 1

    def result(self, result: Result) -> Result:
        """A board's result, as of this page."""
        named = renamed(result, self.source.name)
        return numbered(named, self.page, self.pages) if self.pages > 1 else named

    def failed(self, error: str) -> Result:
        """The result of a page that was not read."""
        return error_result(self.source.name, error, self.page, self.pages)


class _Document(Protocol):
    count: int

    def page(self, number: int) -> Image: ...


def prepare(source: Source, pages: PageRange, folder: Path) -> Iterator[Prepared]:
    """The chosen pages of a picture.

    Args:
        source: the picture.
        pages: which.
        folder: for files made of it; what boards read themselves stays where it is.
    """
    try:
        data = source.read()
        kind = image_header.format_name(data)
        document = _document(data, kind)
        numbers = pages.numbers(document.count)
    except ImageError as problem:
        yield Prepared(source, None, str(problem))
        return
    as_it_is = kind not in ("PDF", "HEIC", "AVIF")
    for number in numbers:
        file, error = None, ""
        try:
            if as_it_is and number == 1:
                file = _stored(data, folder) if source.name == STDIN else source.path
            else:
                file = _converted(document.page(number), folder)
        except ImageError as problem:
            error = str(problem)
        yield Prepared(source, file, error, number, document.count)


class _OnePage:
    """A file of one page, or of none that boards read, which they say."""

    count = 1

    def page(self, number: int) -> Image:
        raise ImageError(f"has one page; expected {number}")


def _document(data: bytes, kind: str | None) -> _Document:
    # Late: OpenCV, and what only some files need.
    if kind == "PDF":
        from cross_build.pictures.pdf import PdfDocument

        return PdfDocument(data)
    if kind in ("HEIC", "AVIF"):
        from cross_build.pictures.heif import HeifDocument

        return HeifDocument(data, kind)
    if kind in ("TIFF", "GIF"):
        from lite_runner.pictures.document import Document

        return Document(data)
    return _OnePage()


def _stored(data: bytes, folder: Path) -> Path:
    file = folder / "stdin"
    file.write_bytes(data)
    return file


def _converted(pixels: Image, folder: Path) -> Path:
    """A picture as a new PNG, written fast."""
    import cv2

    _, data = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    file = folder / f"{sum(1 for _ in folder.iterdir()):06d}.png"
    file.write_bytes(data.tobytes())
    return file
