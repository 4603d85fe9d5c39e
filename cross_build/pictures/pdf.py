"""Pages of PDFs as pictures, by PDFium: an extra, since most pictures are none."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

import numpy as np

from lite_runner.arrays import Image
from lite_runner.errors import ImageError

if TYPE_CHECKING:
    import pypdfium2

#: Dots per inch: text of 8 points is 22 pixels high.
RESOLUTION = 200
#: Of a page, at most: larger ones, such as posters, get fewer dots per inch.
MAX_PIXELS = 40_000_000
_POINTS = 72


class PdfDocument:
    """The pages of a PDF.

    Args:
        data: the file.

    Attributes:
        count: of its pages.

    Raises:
        ImageError: pypdfium2 is missing, or the file is damaged or needs a password.
    """

    def __init__(self, data: bytes) -> None:
        try:
            import pypdfium2
        except ImportError:
            raise ImageError(
                "is a PDF, which takes pypdfium2 to read; run"
                f" '{sys.executable} -m pip install pypdfium2', or save its pages as pictures"
            ) from None
        try:
            self._document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            raise ImageError(f"is a PDF that cannot be opened: {_reason(error)}") from error
        self.count = len(self._document)

    def page(self, number: int) -> Image:
        """Draw a page, uint8 HxWx3, BGR.

        Args:
            number: from 1.

        Raises:
            ImageError: it is damaged.
        """
        import pypdfium2

        try:
            page = self._document[number - 1]
            try:
                drawn = page.render(scale=_scale(page)).to_numpy()
            finally:
                page.close()
        except pypdfium2.PdfiumError as error:
            raise ImageError(f"has a page that cannot be drawn: {_reason(error)}") from error
        return np.ascontiguousarray(drawn[:, :, :3], np.uint8)


def _scale(page: pypdfium2.PdfPage) -> float:
    """Pixels a point."""
    width, height = page.get_size()
    return min(RESOLUTION / _POINTS, math.sqrt(MAX_PIXELS / max(1.0, width * height)))


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return "it needs a password; save it without one" if "password" in text.lower() else text
