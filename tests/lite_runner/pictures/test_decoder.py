"""Costly pictures: decoded in strips to the same pixels, in little memory, or refused at once."""

from __future__ import annotations

import io
import os
import socket
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from lite_runner.arrays import AnyArray
from lite_runner.errors import ImageError
from lite_runner.pictures import decoder, image
from lite_runner.pictures.formats import jpeg, png_strips, tiff, tiff_bands

HEIGHT, WIDTH = 61, 83
_Y, _X = np.mgrid[:HEIGHT, :WIDTH]
COLOURS = np.dstack([_X * 3, _Y * 4, _X + _Y, 255 - _X * 3]).astype(np.uint8)
NOISE = np.random.default_rng(16).integers(0, 65536, (HEIGHT, WIDTH, 4)).astype(np.uint16)
DEPTHS = {1: 2, 2: 4, 4: 16, 8: 200}


def encode(pixels: Any, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture = pixels if isinstance(pixels, Pillow.Image) else Pillow.fromarray(pixels)
    picture.save(file, kind, **options)
    return file.getvalue()


def by_opencv(pixels: AnyArray, suffix: str, *options: int) -> bytes:
    return bytes(cv2.imencode(suffix, pixels, list(options))[1])


def palette(depth: int) -> bytes:
    picture = Pillow.fromarray(COLOURS[:, :, :3]).quantize(DEPTHS[depth])
    return encode(picture, "PNG", bits=depth, transparency=bytes(range(1, DEPTHS[depth] + 1)))


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def interlaced(pixels: AnyArray) -> bytes:
    """A PNG in seven passes, each row stored as its difference to the row above."""
    rows = pixels.astype(">u2") if pixels.dtype == np.uint16 else pixels
    stored = b""
    for left, top, across, down in (
        *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
        *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
    ):
        part = np.ascontiguousarray(rows[top::down, left::across])
        if part.size:
            plain = part.view(np.uint8).reshape(len(part), -1)
            lines = np.diff(plain, axis=0, prepend=np.zeros((1, plain.shape[1]), np.uint8))
            stored += b"".join(b"\2" + line.tobytes() for line in lines)
    colour = {2: 4, 3: 2, 4: 6}[pixels.shape[2]]
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8 * pixels.itemsize, colour, 0, 0, 1)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(stored)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def stored_tiff(pixels: AnyArray, end: str, side: int = 0, apart: bool = False) -> bytes:
    """An uncompressed TIFF in tiles of a side, or in strips of five rows; samples may be apart."""
    planes = [pixels[:, :, n : n + 1] for n in range(pixels.shape[2])] if apart else [pixels]
    pieces = []
    for plane in planes:
        step = side or 5
        for top in range(0, HEIGHT, step):
            for left in range(0, WIDTH, side or WIDTH):
                part = plane[top : top + step, left : left + (side or WIDTH)]
                if side:
                    short = side - part.shape[0], side - part.shape[1]
                    part = np.pad(part, ((0, short[0]), (0, short[1]), (0, 0)))
                pieces.append(part.astype(f"{end}u{part.itemsize}").tobytes())
    where = {0x142: side, 0x143: side} if side else {0x116: 5}
    singles = {0x100: WIDTH, 0x101: HEIGHT, 0x103: 1, 0x106: 2, 0x115: pixels.shape[2]}
    singles.update({0x11C: 2 if apart else 1, **where})
    lists = {0x102: [8 * pixels.itemsize] * pixels.shape[2]}
    lists.update({0x144 if side else 0x111: [], 0x145 if side else 0x117: list(map(len, pieces))})
    tags = sorted([*singles, *lists])
    place = 10 + 12 * len(tags)
    start = place + 4 + 4 * (len(lists[0x102]) + 2 * len(pieces))
    sizes = list(map(len, pieces))
    lists[0x144 if side else 0x111] = [start + sum(sizes[:n]) for n in range(len(pieces))]
    directory, values, place = b"", b"", place + 4
    for tag in tags:
        numbers = lists.get(tag, [singles.get(tag, 0)])
        body = struct.pack(f"{end}{len(numbers)}I", *numbers)
        inside = len(numbers) == 1
        address = body if inside else struct.pack(end + "I", place + len(values))
        directory += struct.pack(end + "HHI", tag, 4, len(numbers)) + address
        values += b"" if inside else body
    head = (b"II*\0" if end == "<" else b"MM\0*") + struct.pack(end + "IH", 8, len(tags))
    values = values.ljust(start - place, b"\0")
    return head + directory + bytes(4) + values + b"".join(pieces)


def patched(data: bytes, place: int, body: bytes) -> bytes:
    return data[:place] + body + data[place + len(body) :]


PICTURES = {
    "RGBA": encode(COLOURS, "PNG"),
    "grey with opacity": encode(COLOURS[:, :, 2:], "PNG"),
    "RGB, one colour transparent": encode(
        COLOURS[:, :, :3], "PNG", transparency=tuple(map(int, COLOURS[30, 40, :3]))
    ),
    "RGB of 16 bits": by_opencv(NOISE[:, :, :3], ".png"),
    "RGBA of 16 bits": by_opencv(NOISE, ".png"),
    "grey of 16 bits": by_opencv(NOISE[:, :, 0], ".png"),
    **{f"palette of {depth} bits": palette(depth) for depth in DEPTHS},
    "RGBA interlaced": interlaced(COLOURS),
    "grey with opacity of 16 bits, interlaced": interlaced(NOISE[:, :, 2:]),
    "RGBA of 16 bits, interlaced": interlaced(NOISE),
    "animation": encode(
        Pillow.fromarray(COLOURS),
        "PNG",
        save_all=True,
        append_images=[Pillow.fromarray(255 - COLOURS)],
    ),
    "TIFF, RGBA": encode(COLOURS, "TIFF", compression="tiff_lzw", tiffinfo={278: 4}),
    "TIFF, deflated in one strip": encode(
        COLOURS, "TIFF", compression="tiff_adobe_deflate", tiffinfo={278: HEIGHT, 317: 2}
    ),
    "TIFF, plain in one strip": encode(COLOURS[:, :, :3], "TIFF"),
    "TIFF, turned": encode(COLOURS, "TIFF", compression="tiff_lzw", tiffinfo={278: 4, 274: 6}),
    "TIFF, G4": encode(
        Pillow.fromarray(COLOURS[:, :, 0]).convert("1"),
        "TIFF",
        compression="group4",
        tiffinfo={278: 7},
    ),
    "TIFF, JPEG": encode(COLOURS[:, :, :3], "TIFF", compression="jpeg", tiffinfo={278: 16}),
    "TIFF, palette": encode(Pillow.fromarray(COLOURS[:, :, :3]).quantize(99), "TIFF"),
    "TIFF of 16 bits": by_opencv(NOISE, ".tiff"),
    "TIFF of floats": by_opencv((NOISE[:, :, :3] / 60000).astype(np.float32), ".tiff"),
    "TIFF of long floats": by_opencv(NOISE[:, :, 0] / 60000, ".tiff"),
    "TIFF in strips": stored_tiff(NOISE[:, :, :3], ">"),
    "TIFF in tiles": stored_tiff(COLOURS[:, :, :3], "<", side=32),
    "TIFF in planes": stored_tiff(COLOURS[:, :, :3], "<", apart=True),
    "TIFF in planes of tiles": stored_tiff(COLOURS[:, :, :3], ">", side=32, apart=True),
}


@pytest.mark.parametrize("name", PICTURES)
def test_strips_give_the_pixels_of_the_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = PICTURES[name]
    whole = image.decode(data)
    decoded: list[int] = []
    monkeypatch.setattr(decoder, "SMALL", 0)
    monkeypatch.setattr(png_strips, "STRIP_BYTES", 150)
    monkeypatch.setattr(tiff_bands, "BAND_PIXELS", WIDTH * 9)
    imdecode = decoder._imdecode

    def counting(file: bytes, kind: str) -> Any:
        decoded.append(len(file))
        return imdecode(file, kind)

    monkeypatch.setattr(decoder, "_imdecode", counting)
    assert np.array_equal(image.decode(data), whole)
    assert len(decoded) > 1


@pytest.mark.parametrize("name", ["RGBA interlaced", "TIFF in tiles", "TIFF in planes"])
def test_files_written_here_are_what_others_read(name: str) -> None:
    read = np.asarray(Pillow.open(io.BytesIO(PICTURES[name])))
    assert np.array_equal(read, COLOURS[:, :, : read.shape[2]])


def refusal(source: Any) -> str:
    with pytest.raises(ImageError) as caught:
        image.load(source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: zlib.compress(zlib.decompress(data)[:-400]), "ends early"),
        (lambda data: data[:300] + bytes([data[300] ^ 255]) + data[301:], ""),
        (lambda data: zlib.compress(b"\x09" + zlib.decompress(data)[1:]), ""),
    ],
    ids=["short", "damaged", "unknown filter"],
)
def test_damaged_strips_are_refused(
    change: Any, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "SMALL", 0)
    data = PICTURES["RGBA of 16 bits, interlaced"]
    start = data.index(b"IDAT") + 4
    body = data[start : start + int.from_bytes(data[start - 8 : start - 4], "big")]
    head = data[: start - 8]
    assert said in refusal(head + chunk(b"IDAT", change(body)) + chunk(b"IEND", b""))
    assert "checksum" in refusal(data.replace(body, bytes(len(body))))


_MEASURE = """
import sys, cv2
from pathlib import Path
from lite_runner.pictures import image
cv2.setNumThreads(1)
def held(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))
image.load(sys.argv[1]).any()
for path in sys.argv[1:]:
    Path("/proc/self/clear_refs").write_text("5")
    before = held("VmRSS")
    pixels = image.load(path)
    print((held("VmHWM") - before - pixels.nbytes) / (pixels.nbytes / 3))
"""


def test_opacity_depth_and_floats_take_at_most_four_bytes_a_pixel(tmp_path: Path) -> None:
    side = 2600
    grey = np.full((side, side), 0.25, np.float32)
    grey[500:600] = 1.0
    files = {
        "rgba16.png": by_opencv(
            np.dstack([(grey * 65535).astype(np.uint16)] * 4),
            ".png",
            cv2.IMWRITE_PNG_COMPRESSION,
            1,
        ),
        "rgba8.png": by_opencv(
            np.dstack([(grey * 255).astype(np.uint8)] * 4), ".png", cv2.IMWRITE_PNG_COMPRESSION, 1
        ),
        "float.tif": encode(grey, "TIFF", compression="tiff_adobe_deflate", tiffinfo={278: side}),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    run = subprocess.run(
        [sys.executable, "-c", _MEASURE, *(str(tmp_path / name) for name in files)],
        check=True,
        capture_output=True,
        text=True,
    )
    taken = dict(zip(files, map(float, run.stdout.split())))
    assert len(taken) == 3
    assert all(value <= 4 for value in taken.values()), taken


# Pictures that would take too much


def test_what_takes_too_much_memory_is_refused_before_decoding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    progressive = encode(COLOURS[:, :, :3], "JPEG", progressive=True, subsampling=0)
    baseline = encode(COLOURS[:, :, :3], "JPEG", subsampling=0)
    still = encode(COLOURS[:, :, :3], "WEBP", lossless=True)
    animated = encode(
        Pillow.fromarray(COLOURS[:, :, :3]),
        "WEBP",
        save_all=True,
        append_images=[Pillow.fromarray(255 - COLOURS[:, :, :3])],
    )
    monkeypatch.setattr(image, "MAX_MEMORY", 8 * HEIGHT * WIDTH + len(animated))
    assert image.decode(baseline).shape == image.decode(still).shape == (HEIGHT, WIDTH, 3)
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("memory would be allocated"))
    for data in (progressive, animated):
        assert "MB to decode; at most" in refusal(data)


def test_a_row_too_long_for_memory_is_refused_before_decoding() -> None:
    """A strip has one row at least, which may be the whole picture."""
    for depth, colour in ((16, 6), (8, 6), (16, 2)):
        head = struct.pack(">IIBBBBB", image.MAX_PIXELS, 1, depth, colour, 0, 0, 0)
        body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
        assert "MB to decode; at most" in refusal(b"\x89PNG\r\n\x1a\n" + body)


def jpeg_with_scans(count: int) -> bytes:
    """A progressive JPEG that refines its last coefficients again and again."""
    data = encode(np.zeros((800, 1000), np.uint8), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


def test_a_jpeg_of_very_many_scans_is_refused_and_of_some_is_read() -> None:
    assert image.decode(jpeg_with_scans(1)).shape == (800, 1000, 3)
    assert "scans of 1000x800 pixels" in refusal(jpeg_with_scans(4000))
    data = jpeg_with_scans(1)
    segment = b"\xff\xfe\0\2" * (jpeg.MAX_SEGMENTS + 1)
    assert "JPEG segments" in refusal(data[:2] + segment + data[2:])


def test_fill_bytes_take_no_time() -> None:
    plain = jpeg_with_scans(1)
    filled = plain[:2] + b"\xff" * 60_000_000 + plain[2:]
    assert np.array_equal(image.decode(filled), image.decode(plain))


@pytest.mark.parametrize("code", [1, 3, 4, 6, 8, 9])
@pytest.mark.parametrize("end", ["<", ">"])
def test_the_size_of_a_tiff_is_known_whatever_its_type(code: int, end: str) -> None:
    form = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}[code]
    data = bytearray(stored_tiff(COLOURS[:, :, :3], end))
    for number, value in enumerate((WIDTH, HEIGHT)):
        place = 10 + 12 * number
        entry = struct.pack(f"{end}HI{form}", code, 1, value).ljust(10, b"\0")
        data[place + 2 : place + 12] = entry
    assert np.array_equal(image.decode(bytes(data)), COLOURS[:, :, 2::-1])
    if form in "HIi":
        large = struct.pack(end + form, 60000 if form != "i" else 2**31 - 1)
        for place in (10, 22):
            data[place + 8 : place + 8 + len(large)] = large
        assert "megapixels" in refusal(bytes(data))
    data[10:12] = struct.pack(end + "H", 0xFE)  # another tag in the place of the width
    assert "does not tell its size" in refusal(bytes(data))


def test_strips_that_overlap_are_not_copied_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decoder, "SMALL", 0)
    data = stored_tiff(COLOURS[:, :, :3], "<")
    large = data.ljust(2_000_000, b"\0")
    (sizes,) = struct.unpack_from("<I", large, large.index(struct.pack("<HH", 0x117, 4)) + 8)
    overlapping = patched(large, sizes, struct.pack("<13I", *[1_500_000] * 13))
    about = tiff.directory(overlapping)
    assert about is not None
    assert tiff_bands.layout(about) is None


def test_a_directory_that_names_the_same_bytes_again_and_again_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # libtiff would read each value of 900 KB into memory.
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("memory would be allocated"))
    data = stored_tiff(COLOURS[:, :, :3], "<").ljust(1_000_000, b"\0")
    count = int.from_bytes(data[8:10], "little")
    others = b"".join(struct.pack("<HHII", 40_000 + n, 1, 900_000, 8) for n in range(4000))
    entries = struct.pack("<H", count + 4000) + data[10 : 10 + 12 * count] + others
    large = patched(data, 4, struct.pack("<I", len(data))) + entries + bytes(4)
    assert "its directory is larger than the file" in refusal(large)


def test_deep_colours_that_are_stored_apart_are_refused() -> None:
    assert "16 bits a sample" in refusal(stored_tiff(NOISE[:, :, :3], ">", apart=True))


def test_a_negative_size_is_refused() -> None:
    data = bytearray(stored_tiff(COLOURS[:, :, :3], "<"))
    data[12:22] = struct.pack("<HIi", 9, 1, -5)
    assert "pixels; the file is damaged" in refusal(bytes(data))


# Sources that never end, and that are no pictures


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert "is a pipe; expected a regular file" in refusal(tmp_path / "pipe.png")
    assert "is a device; expected a regular file" in refusal("/dev/zero")
    with socket.socket(socket.AF_UNIX) as own:
        own.bind(str(tmp_path / "socket.png"))
        refusal(tmp_path / "socket.png")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large.bmp").open("wb") as file:
        file.write(b"BM")
        file.truncate(1 << 40)
    assert "has 1099512 MB; at most 537 are read" in refusal(tmp_path / "large.bmp")


class Endless(io.RawIOBase):
    """A file object that gives as much as it is asked for."""

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "all of it was asked for"
        return b"BM" + bytes(min(size, 1 << 10))


def test_a_file_object_is_read_up_to_the_limit() -> None:
    refusal(Endless())


@pytest.mark.parametrize("source", [None, 7, 1.5, [1, 2], (), {}, object(), Pillow])
def test_what_is_no_picture_at_all_is_refused(source: Any) -> None:
    text = refusal(source)
    assert f"of type {type(source).__name__}; expected a path, the bytes" in text


@pytest.mark.parametrize("array", [np.array([]), np.zeros((4, 4), np.int64), np.array(None)])
def test_arrays_that_are_no_picture_are_refused(array: AnyArray) -> None:
    assert "; expected " in refusal(array)
