"""Pages behind the first: TIFF directories and frames of a GIF, as Pillow sees them."""

from __future__ import annotations

import io
import struct
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from lite_runner.errors import ImageError
from lite_runner.pictures import image
from lite_runner.pictures.document import Document
from lite_runner.pictures.page_range import FIRST, PageRange

COUNT = 4
reads_gif = pytest.mark.skipif(not cv2.haveImageWriter("x.gif"), reason="this OpenCV reads no GIF")


def pages(mode: str = "RGBA") -> list[Pillow.Image]:
    """Pages with a square that moves and grows, on nothing or on white."""
    drawn = []
    for number in range(COUNT):
        page = Pillow.new("RGBA", (90 + number, 70), (255, 255, 255, 0 if mode == "RGBA" else 255))
        left = 10 + 12 * number
        ImageDraw.Draw(page).rectangle((left, 20, left + 8 + number, 50), (0, 0, 50 * number, 255))
        drawn.append(page.convert(mode))
    return drawn


def encoded(pages: list[Pillow.Image], kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    pages[0].save(file, kind, save_all=True, append_images=pages[1:], **options)
    return file.getvalue()


def seen(data: bytes, number: int) -> Any:
    """A page as Pillow sees it, on white, uint8 HxWx3 BGR."""
    picture = Pillow.open(io.BytesIO(data))
    picture.seek(number - 1)
    page = picture.convert("RGBA")
    white = Pillow.new("RGBA", page.size, "white")
    return np.asarray(Pillow.alpha_composite(white, page).convert("RGB"))[:, :, ::-1]


TIFFS = {
    f"{mode}, {compression}": encoded(pages(mode), "TIFF", compression=compression)
    for mode, compression in (
        *(("RGB", "tiff_lzw"), ("RGBA", "raw"), ("L", "tiff_adobe_deflate"), ("1", "group4")),
    )
}
#: Frames of one size: what they become is disposed of in each of the ways.
FRAMES = [page.resize((90, 70)) for page in pages()]
GIFS = {
    f"disposal {disposal}": encoded(FRAMES, "GIF", disposal=disposal, duration=50)
    for disposal in (0, 1, 2, 3)
}
GIFS["opaque"] = encoded([page.resize((90, 70)) for page in pages("RGB")], "GIF", duration=50)


@pytest.mark.parametrize("name", TIFFS)
def test_each_page_of_a_tiff_is_read(name: str) -> None:
    document = Document(TIFFS[name])
    assert document.count == COUNT
    for number in (3, 1, 4, 2):
        assert np.array_equal(document.page(number), seen(TIFFS[name], number))


@reads_gif
@pytest.mark.parametrize("name", GIFS)
def test_each_frame_of_a_gif_is_read(name: str) -> None:
    document = Document(GIFS[name])
    assert document.count == COUNT
    for number in (1, 2, 4, 3, 3):
        assert np.array_equal(document.page(number), seen(GIFS[name], number)), number


def test_the_first_page_is_what_is_read_of_the_file() -> None:
    for data in (*TIFFS.values(), *GIFS.values()):
        assert np.array_equal(Document(data).page(1), image.decode(data))


def test_smaller_copies_and_masks_are_no_pages() -> None:
    data = bytearray(TIFFS["RGB, tiff_lzw"])
    offset = struct.unpack_from("<I", data, 4)[0]
    for kind in (0, 1, 2, 4):  # the page, a smaller copy, a page of several, a mask
        (count,) = struct.unpack_from("<H", data, offset)
        # Instead of the resolution's unit, which nothing here needs.
        tags = [struct.unpack_from("<H", data, offset + 2 + 12 * n)[0] for n in range(count)]
        place = offset + 2 + 12 * tags.index(0x0100)
        first = bytes(data[offset + 2 : place])
        assert first == b"", "the width is the first entry"
        entry = struct.pack("<HHII", 0x00FE, 4, 1, kind)
        spare = offset + 2 + 12 * next(n for n, tag in enumerate(tags) if tag == 0x0115)
        data[spare : spare + 12] = entry
        (offset,) = struct.unpack_from("<I", data, offset + 2 + 12 * count)
    assert Document(bytes(data)).count == 2


def test_a_chain_of_directories_that_returns_ends() -> None:
    data = bytearray(TIFFS["RGB, tiff_lzw"])
    first = offset = struct.unpack_from("<I", data, 4)[0]
    for _ in range(COUNT):
        (count,) = struct.unpack_from("<H", data, offset)
        link = offset + 2 + 12 * count
        (offset,) = struct.unpack_from("<I", data, link)
    struct.pack_into("<I", data, link, first)
    assert Document(bytes(data)).count == COUNT


@pytest.mark.parametrize("name", ["TIFF", "GIF"])
def test_of_a_file_that_is_cut_off_each_page_is_read_or_refused(name: str) -> None:
    data, read = {"TIFF": TIFFS["RGBA, raw"], "GIF": GIFS["disposal 2"]}[name], 0
    for length in range(8, len(data), 1499 if name == "TIFF" else 97):
        document = Document(data[:length])
        for number in range(1, document.count + 1):
            try:
                read += document.page(number).size > 0
            except ImageError as error:
                assert "\n" not in str(error)
    assert bool(read) == (name == "TIFF"), "a GIF that is cut off is refused whole"


@reads_gif
def test_a_frame_larger_than_its_gif_is_refused() -> None:
    data = bytearray(GIFS["disposal 1"])
    place = data.rindex(b"\x21\xf9\x04") + 8
    assert data[place] == 0x2C
    struct.pack_into("<HH", data, place + 5, 60000, 60000)
    with pytest.raises(ImageError, match="a frame is larger than it"):
        Document(bytes(data)).page(COUNT)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1", [1]),
        ("all", [1, 2, 3, 4, 5]),
        ("1-3,5", [1, 2, 3, 5]),
        ("4-", [4, 5]),
        ("5,1, 2,2-3", [1, 2, 3, 5]),
        ("4-999999999", [4, 5]),
    ],
)
def test_pages_are_chosen(text: str, numbers: list[int]) -> None:
    assert PageRange.parse(text).numbers(5) == numbers


@pytest.mark.parametrize("text", ["", "0", "-2", "3-1", "a", "1,,2", "1-2-3", "1.5", "9" * 10, "²"])
def test_what_is_no_range_of_pages_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        PageRange.parse(text)


def test_pages_that_are_not_there_are_told() -> None:
    assert FIRST.numbers(1) == [1]
    with pytest.raises(ImageError, match="has 1 page; expected pages 2-4"):
        PageRange.parse("2-4").numbers(1)
