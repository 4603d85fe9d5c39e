"""Picture files of one or more pages: TIFF directories, frames of a GIF, and all others as one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lite_runner.arrays import Image
from lite_runner.errors import ImageError
from lite_runner.pictures import image
from lite_runner.pictures.animation import Animation
from lite_runner.pictures.formats import tiff


class DecodedPage(NamedTuple):
    """A page's pixels, its number from 1, and how many pages its file has."""

    pixels: Image
    page: int
    pages: int


def load(source: image.Source, number: int = 1) -> DecodedPage:
    """Read a page of a picture.

    Args:
        source: as :func:`lite_runner.pictures.image.load` takes it.
        number: of the page, from 1.

    Raises:
        ImageError: as there, and the picture has no such page.
    """
    if isinstance(source, np.ndarray):
        return DecodedPage(image.load(source), 1, 1)
    document = Document(image.contents(source))
    return DecodedPage(document.page(number), number, document.count)


class Document:
    """The pages of a picture file.

    Args:
        data: the file.

    Attributes:
        count: of its pages; 1 for what is damaged, which :meth:`page` refuses.

    Raises:
        ImageError: the file is no picture, or in so many parts that looking at them takes too long.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        kind = image.check_format(data)
        self._directories = tiff.pages(data) if kind == "TIFF" else []
        self._animation = Animation(data) if kind == "GIF" else None
        frames = self._animation.count if self._animation else 0
        self.count = max(1, len(self._directories), frames)

    def page(self, number: int) -> Image:
        """Decode a page.

        Args:
            number: from 1.

        Returns:
            As :func:`lite_runner.pictures.image.load`.

        Raises:
            ImageError: it cannot be decoded.
        """
        if not 1 <= number <= self.count:
            raise ImageError(f"has {self.count} page{'s' * (self.count != 1)}; expected {number}")
        if number == 1:
            return image.decode(self._data)
        if self._animation:
            return self._animation.frame(number)
        return image.decode(tiff.starting_at(self._data, self._directories[number - 1]))
