"""Pictures of every kind and in every state: read as Pillow reads them, or one line why not."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any, Callable
from unittest import mock

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageOps, PngImagePlugin

from lite_runner.arrays import AnyArray, Image
from lite_runner.errors import ImageError
from lite_runner.pictures import image

Pillow.init()  # fills Pillow.SAVE, the formats it can write
HEIGHT, WIDTH = 60, 90
_Y, _X = np.mgrid[:HEIGHT, :WIDTH]
#: RGB without symmetry: no two orientations look alike.
GRADIENT = Pillow.fromarray(np.stack([_X * 2, _Y * 4, _X + _Y], axis=2).astype(np.uint8))
NOISE = Pillow.fromarray(np.random.default_rng(1).integers(0, 256, (60, 90, 3)).astype(np.uint8))
#: From this release on OpenCV reads GIF, and several frames of WebP.
ANIMATED = tuple(map(int, cv2.__version__.split(".")[:2])) >= (4, 11)
reads_gif = pytest.mark.skipif(not ANIMATED, reason="this OpenCV reads no GIF")
LOSSY = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}


def encode(picture: Pillow.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def bgr(picture: Pillow.Image) -> Image:
    return np.asarray(picture.convert("RGB"), np.uint8)[:, :, ::-1]


def reopened(data: bytes) -> Pillow.Image:
    return Pillow.open(io.BytesIO(data))


def difference(one: AnyArray, two: AnyArray) -> int:
    assert one.shape == two.shape
    return int(np.abs(one.astype(int) - two.astype(int)).max())


def refusal(source: Any) -> str:
    """The one line a picture is refused with."""
    with pytest.raises(ImageError) as caught:
        image.load(source)
    text = str(caught.value)
    assert text and "\n" not in text
    return text


def png(width: int, height: int, pixels: bytes = b"") -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )


def patched(data: bytes, place: int, fields: str, *values: object) -> bytes:
    """``data`` with some fields of its header overwritten."""
    size = struct.calcsize(fields)
    return data[:place] + struct.pack(fields, *values) + data[place + size :]


def exif(orientation: int, end: str = "<", kind: int = 3) -> bytes:
    """An EXIF block that holds nothing but an orientation, in either byte order."""
    head = (b"II*\0" if end == "<" else b"MM\0*") + struct.pack(end + "IH", 8, 1)
    return b"Exif\0\0" + head + struct.pack(end + "HHIHHI", 0x0112, kind, 1, orientation, 0, 0)


# Kinds of pictures


@pytest.mark.parametrize(
    ("mode", "kind", "options", "tolerance"),
    [
        ("RGB", "PNG", {}, 0),
        ("L", "PNG", {}, 0),
        ("1", "PNG", {}, 0),
        ("P", "PNG", {}, 0),
        ("RGBA", "PNG", {}, 0),
        ("LA", "PNG", {}, 0),
        ("RGB", "JPEG", {}, 3),
        ("RGB", "JPEG", {"progressive": True}, 3),
        ("L", "JPEG", {}, 3),
        ("CMYK", "JPEG", {}, 3),
        ("RGB", "BMP", {}, 0),
        ("L", "BMP", {}, 0),
        ("P", "BMP", {}, 0),
        ("1", "BMP", {}, 0),
        ("RGBA", "BMP", {}, 0),
        ("RGB", "TIFF", {}, 0),
        ("RGB", "TIFF", {"compression": "tiff_lzw"}, 0),
        ("L", "TIFF", {"compression": "tiff_deflate"}, 0),
        ("1", "TIFF", {"compression": "group4"}, 0),
        ("P", "TIFF", {}, 0),
        ("CMYK", "TIFF", {}, 3),
        ("RGB", "WEBP", {}, 3),
        ("RGB", "WEBP", {"lossless": True}, 0),
        ("RGBA", "WEBP", {"lossless": True}, 0),
        pytest.param("P", "GIF", {}, 0, marks=reads_gif),
        pytest.param("L", "GIF", {"interlace": 1}, 0, marks=reads_gif),
    ],
)
def test_every_kind_reads_as_pillow_reads_it(
    mode: str, kind: str, options: dict[str, Any], tolerance: int
) -> None:
    data = encode(GRADIENT.convert(mode), kind, **options)
    read = image.decode(data)
    assert read.dtype == np.uint8
    assert read.flags.c_contiguous
    assert difference(read, bgr(reopened(data))) <= tolerance


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bits_keep_the_upper_eight(channels: int, suffix: str) -> None:
    deep = np.random.default_rng(2).integers(0, 65536, (7, 9, channels)).astype(np.uint16)
    deep[:, :, 3:] = 65535
    _, data = cv2.imencode(suffix, deep)
    expected = np.repeat(deep, 3, axis=2) if channels == 1 else deep[:, :, :3]
    assert difference(image.decode(data.tobytes()), expected >> 8) == 0


def faded(mode: str) -> Pillow.Image:
    """The gradient, fading out from left to right."""
    picture = GRADIENT.convert("L" if mode == "LA" else "RGB")
    picture.putalpha(Pillow.fromarray((255 - _X * 255 // (WIDTH - 1)).astype(np.uint8)))
    return picture


def holed(mode: str) -> tuple[Pillow.Image, dict[str, Any]]:
    """A palette picture, one of whose colours is transparent."""
    picture = GRADIENT.convert(mode, palette=Pillow.Palette.ADAPTIVE, colors=8)
    return picture, {"transparency": 2}


@pytest.mark.parametrize(
    ("picture", "kind", "options"),
    [
        (faded("RGBA"), "PNG", {}),
        (faded("LA"), "PNG", {}),
        (faded("RGBA"), "WEBP", {"lossless": True}),
        (faded("RGBA"), "TIFF", {}),
        (holed("P")[0], "PNG", holed("P")[1]),
        pytest.param(holed("P")[0], "GIF", holed("P")[1], marks=reads_gif),
    ],
    ids=["PNG", "grey PNG", "WebP", "TIFF", "palette PNG", "GIF"],
)
def test_transparency_is_laid_on_white(
    picture: Pillow.Image, kind: str, options: dict[str, Any]
) -> None:
    data = encode(picture, kind, **options)
    seen = reopened(data).convert("RGBA")
    assert seen.getextrema()[3][0] == 0, "the file holds transparency"
    white = Pillow.new("RGBA", seen.size, (255, 255, 255, 255))
    expected = bgr(Pillow.alpha_composite(white, seen))
    read = image.decode(data)
    assert difference(read, expected) <= 1
    assert (read[np.asarray(seen)[:, :, 3] == 0] == 255).all()


@pytest.mark.parametrize(
    "kind",
    [pytest.param("GIF", marks=reads_gif), pytest.param("WEBP", marks=reads_gif), "PNG", "TIFF"],
)
def test_the_first_of_several_frames_is_read(kind: str) -> None:
    frames = [Pillow.new("RGB", (50, 40), (grey, grey, grey)) for grey in (10, 100, 200)]
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:], **LOSSY.get(kind, {}))
    assert reopened(data).n_frames == 3
    assert (image.decode(data) == 10).all()


def test_old_bitmaps_of_os2_are_read() -> None:
    rows = [struct.pack("<3B", value, 9, 30) * 8 for value in (50, 100)]
    body = struct.pack("<IHHHH", 12, 8, 2, 1, 24) + b"".join(rows)
    data = b"BM" + struct.pack("<IHHI", 14 + len(body), 0, 0, 26) + body
    assert difference(image.decode(data), bgr(reopened(data))) == 0


def test_bitmaps_stored_from_the_top_are_read() -> None:
    rows = [struct.pack("<3B", value, 9, 30) * 8 for value in (50, 100)]
    body = struct.pack("<IiiHHIIiiII", 40, 8, -2, 1, 24, 0, 48, 0, 0, 0, 0) + b"".join(rows)
    data = b"BM" + struct.pack("<IHHI", 14 + len(body), 0, 0, 54) + body
    assert image.decode(data)[:, 0, 0].tolist() == [50, 100]


# EXIF


@pytest.mark.parametrize("end", ["<", ">"], ids=["little", "big"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA"), ("WEBP", "RGB")]
)
def test_pictures_stand_as_they_were_taken(
    kind: str, mode: str, orientation: int, end: str
) -> None:
    block = exif(orientation, end)
    data = encode(GRADIENT.convert(mode), kind, exif=block, **LOSSY.get(kind, {}))
    taken = reopened(data)
    assert taken.getexif()[0x0112] == orientation
    assert difference(image.decode(data), bgr(ImageOps.exif_transpose(taken))) <= 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_tiff_pictures_stand_as_they_were_taken(orientation: int) -> None:
    data = encode(GRADIENT, "TIFF", tiffinfo={0x0112: orientation})
    expected = bgr(ImageOps.exif_transpose(reopened(data)))
    assert difference(image.decode(data), expected) == 0


@pytest.mark.parametrize("orientation", [3, 6])
def test_avif_pictures_stand_as_they_were_taken_or_are_refused(orientation: int) -> None:
    if "AVIF" not in Pillow.SAVE:
        pytest.skip("this Pillow writes no AVIF")
    data = encode(GRADIENT, "AVIF", exif=exif(orientation))
    try:
        read = image.decode(data)
    except ImageError:
        return
    assert difference(read, bgr(ImageOps.exif_transpose(reopened(data)))) <= 9


def test_the_orientation_is_found_among_other_tags() -> None:
    tags = Pillow.Exif()
    tags[0x0103], tags[0x0110], tags[0x0112], tags[0x0128] = 6, "camera", 8, 2
    data = encode(GRADIENT, "JPEG", exif=tags.tobytes(), **LOSSY["JPEG"])
    expected = bgr(ImageOps.exif_transpose(reopened(data)))
    assert difference(image.decode(data), expected) <= 2
    del tags[0x0112]
    data = encode(GRADIENT, "JPEG", exif=tags.tobytes(), **LOSSY["JPEG"])
    assert difference(image.decode(data), bgr(reopened(data))) <= 2


def test_exif_in_webp_may_start_as_in_jpeg() -> None:
    data = encode(GRADIENT, "WEBP", exif=exif(6), lossless=True)
    expected = bgr(ImageOps.exif_transpose(reopened(data)))
    place = data.rindex(b"EXIF")
    assert not data[place + 8 :].startswith(b"Exif")
    block = exif(6)
    data = data[:place] + b"EXIF" + struct.pack("<I", len(block)) + block
    data = patched(data, 4, "<I", len(data) - 8)
    assert difference(image.decode(data), expected) == 0


@pytest.mark.parametrize(
    "block",
    [
        exif(0),
        exif(9),
        exif(6, kind=4)[:-8],
        exif(6)[:18],
        patched(exif(6), 10, "<I", 4_000_000_000),
        patched(exif(6), 14, "<H", 65535)[:-12],
        patched(exif(6), 6, "2s", b"XX"),
        b"Exif\0\0II",
        b"Exif\0\0",
        b"",
    ],
)
def test_a_damaged_exif_block_is_no_reason_to_refuse(block: bytes) -> None:
    plain = encode(GRADIENT, "JPEG")
    data = plain[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + plain[2:]
    assert difference(image.decode(data), image.decode(plain)) == 0


# Arrays


def test_grey_arrays_get_three_channels() -> None:
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    for array in (grey, grey[:, :, None]):
        assert (image.load(array) == grey[:, :, None]).all()
        assert image.load(array).shape == (3, 4, 3)


def test_bgr_arrays_stay_as_they_are() -> None:
    pixels = bgr(GRADIENT)
    for array in (pixels, np.ascontiguousarray(pixels), np.asfortranarray(pixels)):
        read = image.load(array)
        assert read.flags.c_contiguous
        assert (read == pixels).all()


def test_bgra_arrays_are_laid_on_white() -> None:
    array = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]], np.uint8)
    assert image.load(array).tolist() == [[[10, 20, 30], [255, 255, 255], [204, 204, 204]]]


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([0, 255, 256, 65535], np.uint16, [0, 0, 1, 255]),
        ([0, 255, 256, 65535], ">u2", [0, 0, 1, 255]),
        ([False, True], np.bool_, [0, 255]),
        ([0.0, 0.5, 1.0], np.float16, [0, 128, 255]),
        ([0.0, 0.2, 1.0], np.float32, [0, 51, 255]),
        ([-1.0, 7.0, np.nan, np.inf, -np.inf], np.float64, [0, 255, 0, 255, 0]),
    ],
    ids=["uint16", "big-endian uint16", "bool", "float16", "float32", "wild float64"],
)
def test_other_arrays_become_eight_bits(values: list[Any], dtype: Any, expected: list[int]) -> None:
    assert image.load(np.array([values], dtype))[0, :, 0].tolist() == expected


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.uint32, np.int64, complex, object, "U3"])
def test_arrays_of_another_type_are_refused(dtype: Any) -> None:
    assert "expected uint8, uint16, bool or float" in refusal(np.zeros((3, 4), dtype))


@pytest.mark.parametrize(
    "shape", [(), (4,), (3, 4, 0), (3, 4, 5), (0, 4), (3, 0, 3), (1, 3, 4, 3), (0,)]
)
def test_arrays_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    assert f"array has shape {shape}"[:-1] in refusal(np.zeros(shape, np.uint8))


# Sources


@pytest.mark.parametrize(
    "wrap",
    [
        str,
        Path,
        lambda path: path.read_bytes(),
        lambda path: bytearray(path.read_bytes()),
        lambda path: memoryview(path.read_bytes()),
        lambda path: io.BytesIO(path.read_bytes()),
    ],
    ids=["str", "Path", "bytes", "bytearray", "memoryview", "file"],
)
def test_every_source_gives_the_same(wrap: Callable[[Path], Any], tmp_path: Path) -> None:
    path = tmp_path / "中文 name.png"
    path.write_bytes(encode(GRADIENT, "PNG"))
    assert difference(image.load(wrap(path)), bgr(GRADIENT)) == 0


def test_an_open_file_is_read_and_left_open(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode(GRADIENT, "PNG"))
    with path.open("rb") as file:
        assert difference(image.load(file), bgr(GRADIENT)) == 0
        assert not file.closed


def test_a_file_opened_as_text_is_refused() -> None:
    assert "binary mode" in refusal(io.StringIO("text"))


def test_files_that_are_no_pictures_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("Dear Sir or Madam")
    assert "does not exist" in refusal(tmp_path / "missing.jpg")
    assert "does not exist" in refusal(tmp_path / "missing" / "a.jpg")
    assert "folder" in refusal(tmp_path)
    assert "empty" in refusal(tmp_path / "empty.jpg")
    assert "is not a picture" in refusal(tmp_path / "text.jpg")
    assert "cannot be read" in refusal(tmp_path / "text.jpg" / "a.jpg")


def test_a_path_the_system_refuses_to_look_at_is_refused(tmp_path: Path) -> None:
    refusal(tmp_path / ("x" * 300 + ".jpg"))


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"PK\3\4", b"\0" * 64, b"\xff\xd8", b"GIF89a"])
def test_bytes_that_are_no_picture_are_refused(data: bytes) -> None:
    refusal(data)


@pytest.mark.parametrize(
    ("error", "expected"),
    [(cv2.error("it\n  failed"), "it failed"), (MemoryError(), "does not fit into memory")],
    ids=["error", "memory"],
)
def test_a_failing_decoder_is_one_line(
    error: Exception, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cv2, "imdecode", mock.Mock(side_effect=error))
    assert expected in refusal(png(1, 1))


# Cut-off pictures


def with_thumbnail() -> bytes:
    """A JPEG whose EXIF block holds a small JPEG, end marker and all."""
    small = encode(GRADIENT.resize((16, 16)), "JPEG")
    assert small.endswith(b"\xff\xd9")
    return encode(NOISE, "JPEG", exif=exif(1) + small)


def with_note() -> bytes:
    """A PNG whose text names its last chunk."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "IEND")
    return encode(NOISE, "PNG", pnginfo=info)


@pytest.mark.parametrize(
    "data",
    [
        encode(NOISE, "JPEG"),
        encode(NOISE, "JPEG", progressive=True),
        encode(NOISE, "JPEG", restart_marker_rows=1),
        with_thumbnail(),
        encode(NOISE, "PNG"),
        with_note(),
        encode(faded("RGBA"), "PNG"),
        encode(NOISE, "WEBP"),
        encode(NOISE, "WEBP", lossless=True),
        encode(faded("RGBA"), "WEBP"),
        pytest.param(encode(NOISE.quantize(), "GIF"), marks=reads_gif),
        encode(NOISE, "BMP"),
        patched(encode(NOISE, "BMP"), 2, "<I", 0),
        encode(NOISE, "TIFF", compression="tiff_lzw"),
    ],
    ids=[
        "JPEG",
        "progressive JPEG",
        "JPEG with restarts",
        "JPEG with thumbnail",
        "PNG",
        "PNG with IEND in a text",
        "PNG with alpha",
        "WebP",
        "lossless WebP",
        "WebP with alpha",
        "GIF",
        "BMP",
        "BMP that does not tell its size",
        "TIFF",
    ],
)
def test_a_picture_cut_off_anywhere_is_refused(data: bytes) -> None:
    assert image.decode(data).shape == (HEIGHT, WIDTH, 3)
    for percent in (1, 5, 10, 25, 40, 50, 60, 75, 90, 95, 99):
        refusal(data[: max(1, len(data) * percent // 100)])
    for missing in (1, 2, 3, 5, 9, 17):
        refusal(data[:-missing])


def test_a_gif_cut_off_after_what_looks_like_its_end_is_refused() -> None:
    data = encode(NOISE.quantize(), "GIF")
    cuts = [place + 1 for place, byte in enumerate(data[:-1]) if byte == ord(";")]
    assert cuts
    for cut in cuts:
        refusal(data[:cut])


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WebP", "GIF", "BMP"])
def test_the_refusal_of_a_cut_off_picture_says_so(name: str) -> None:
    data = encode(NOISE, name.upper())
    assert refusal(data[:1000]) == (
        f"is a {name} cut off after 1000 bytes; copy or download it again"
    )


@pytest.mark.parametrize("rest", [b"\0" * 50, b"\r\n", b"\xff\xd8\xff\xe0 another"])
def test_what_follows_a_whole_jpeg_does_not_matter(rest: bytes) -> None:
    data = with_thumbnail()
    assert difference(image.decode(data + rest), image.decode(data)) == 0


@pytest.mark.parametrize("filler", [b"\xff", b"\xff\xff\xff", b"\xff\x01"])
def test_fillers_between_jpeg_segments_do_not_matter(filler: bytes) -> None:
    plain = encode(GRADIENT, "JPEG", exif=exif(6))
    data = plain[:2] + filler + plain[2:]
    assert difference(image.decode(data), image.decode(plain)) == 0
    refusal(data[:-100])


# Sizes


@pytest.mark.parametrize(
    "kind", ["PNG", "JPEG", "BMP", "TIFF", "WEBP", pytest.param("GIF", marks=reads_gif)]
)
def test_one_pixel_is_a_picture(kind: str) -> None:
    data = encode(Pillow.new("L", (1, 1), 200).convert("RGB"), kind, **LOSSY.get(kind, {}))
    assert difference(image.decode(data), np.full((1, 1, 3), 200)) <= 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("size", [(20000, 20), (20, 20000)])
def test_very_long_pictures_are_read(kind: str, size: tuple[int, int]) -> None:
    read = image.decode(encode(Pillow.new("L", size, 200), kind))
    assert read.shape == (size[1], size[0], 3)


def jpeg_of(width: int, height: int) -> bytes:
    data = encode(GRADIENT, "JPEG")
    return patched(data, data.index(b"\xff\xc0") + 5, ">HH", height, width)


@pytest.mark.parametrize(
    "data",
    [
        png(60000, 60000),
        png(2**31 - 1, 2**31 - 1),
        jpeg_of(60000, 60000),
        patched(encode(NOISE.quantize(), "GIF"), 6, "<HH", 60000, 60000),
        patched(encode(GRADIENT, "BMP"), 18, "<ii", 60000, 60000),
        patched(encode(GRADIENT, "BMP"), 18, "<ii", 60000, -60000),
        patched(encode(faded("RGBA"), "WEBP"), 24, "<HBHB", 60000, 0, 60000, 0),
    ],
    ids=["PNG", "largest PNG", "JPEG", "GIF", "BMP", "BMP from the top", "WebP"],
)
def test_a_header_that_claims_billions_is_refused_before_decoding(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("memory would be allocated"))
    assert "megapixels" in refusal(data)


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("PNG", "RGB", {}),
        ("JPEG", "RGB", {}),
        ("JPEG", "RGB", {"progressive": True}),
        ("BMP", "RGB", {}),
        pytest.param("GIF", "P", {}, marks=reads_gif),
        ("TIFF", "RGB", {}),
        ("TIFF", "1", {"compression": "group4"}),
        ("WEBP", "RGB", {}),
        ("WEBP", "RGB", {"lossless": True}),
        ("WEBP", "RGBA", {}),
    ],
)
def test_the_limit_holds_for_every_format(
    kind: str, mode: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encode(faded("RGBA") if mode == "RGBA" else GRADIENT.convert(mode), kind, **options)
    monkeypatch.setattr(image, "MAX_PIXELS", HEIGHT * WIDTH)
    image.decode(data)
    monkeypatch.setattr(image, "MAX_PIXELS", HEIGHT * WIDTH - 1)
    assert "megapixels" in refusal(data)


@pytest.mark.parametrize("kind", ["AVIF", "JPEG2000", "PPM", "TIFF"])
def test_a_format_that_is_not_promised_is_refused(kind: str) -> None:
    """OpenCV would decode it, whatever its size and whichever way up."""
    if kind not in Pillow.SAVE:
        pytest.skip(f"this Pillow writes no {kind}")
    options = {"big_tiff": True} if kind == "TIFF" else {}
    assert "expected a JPEG" in refusal(encode(GRADIENT, kind, **options))


def chunk_starts(data: bytes) -> list[int]:
    """Where the chunks of a PNG start up to its last, or up to the first outside the file."""
    starts = [8]
    while starts[-1] + 12 <= len(data) and data[starts[-1] + 4 :][:4] != b"IEND":
        starts.append(starts[-1] + 12 + int.from_bytes(data[starts[-1] :][:4], "big"))
    return starts


@pytest.mark.parametrize(("chunk", "name"), [(1, b"PLTE"), (2, b"IDAT")])
def test_a_png_chunk_longer_than_its_file_is_refused_before_decoding(
    chunk: int, name: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encode(GRADIENT.convert("P"), "PNG")
    start = chunk_starts(data)[chunk]
    assert data[start + 4 :].startswith(name)
    damaged = patched(data, start, ">I", 2**31 - 1)
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("memory would be allocated"))
    refusal(damaged)


def test_the_refusal_of_a_large_picture_says_how_large_it_may_be() -> None:
    assert refusal(png(60000, 50000)).startswith(
        "has 60000x50000 = 3000 megapixels; at most 134 are read"
    )


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_a_header_without_a_size_is_refused(size: tuple[int, int]) -> None:
    assert f"{size[0]}x{size[1]} pixels" in refusal(png(*size))


# Anything at all

STARTS = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"GIF89a", b"BM", b"II*\0", b"MM\0*"]


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(STARTS), st.binary(max_size=300))
def test_any_bytes_are_a_picture_or_an_image_error(start: bytes, rest: bytes) -> None:
    try:
        image.decode(start + rest)
    except ImageError as error:
        assert "\n" not in str(error)


SMALL = GRADIENT.resize((12, 10))
WHOLE = [
    encode(SMALL, "JPEG", exif=exif(6)),
    encode(SMALL, "JPEG", progressive=True),
    encode(SMALL, "PNG", exif=exif(6)),
    encode(SMALL.convert("P"), "PNG"),
    encode(SMALL, "WEBP", exif=exif(6)),
    encode(SMALL.convert("P"), "GIF"),
    encode(SMALL, "BMP"),
    encode(SMALL, "TIFF"),
]


def guarded(array: AnyArray, flags: int, decode: Any = cv2.imdecode) -> AnyArray:
    """OpenCV's decoder, but not where it would allocate gigabytes before it fails."""
    data = array.tobytes()
    png_is_mad = data.startswith(b"\x89PNG") and chunk_starts(data)[-1] > 10 * len(data)
    assert not png_is_mad, "OpenCV allocates whatever a PNG chunk says its length is"
    result: AnyArray = decode(array, flags)
    return result


@settings(deadline=None, max_examples=400)
@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.integers(0, 160), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_a_picture_with_a_damaged_header_is_read_or_an_image_error(
    data: bytes, changes: list[tuple[int, int]]
) -> None:
    damaged = bytearray(data)
    for place, value in changes:
        damaged[place % len(damaged)] = value
    small = mock.patch.object(image, "MAX_PIXELS", 100_000)
    with small, mock.patch.object(cv2, "imdecode", guarded):
        try:
            read = image.decode(bytes(damaged))
        except ImageError as error:
            assert "\n" not in str(error)
        else:
            assert read.dtype == np.uint8
            assert read.ndim == 3


# To network input


@pytest.mark.parametrize("order", ["BGR", "RGB"])
def test_normalise_is_the_formula(order: str) -> None:
    mean, std = [0.1, 0.2, 0.3], [0.4, 0.5, 0.6]
    pixels = bgr(NOISE)
    planes = image.normalise(pixels, mean, std, order)
    ordered = pixels[:, :, ::-1] if order == "RGB" else pixels
    expected = ((ordered / 255.0 - np.array(mean)) / np.array(std)).transpose(2, 0, 1)
    assert planes.dtype == np.float32
    assert planes.flags.c_contiguous
    np.testing.assert_allclose(planes, expected, atol=1e-5)


def bilinear(pixels: Image, width: int, height: int) -> AnyArray:
    """Slow and plain, with pixel centres at halves."""
    result = np.zeros((height, width, 3))
    for y in range(height):
        for x in range(width):
            row = np.clip((y + 0.5) * pixels.shape[0] / height - 0.5, 0, pixels.shape[0] - 1)
            column = np.clip((x + 0.5) * pixels.shape[1] / width - 0.5, 0, pixels.shape[1] - 1)
            top, left = int(row), int(column)
            under, right = min(top + 1, pixels.shape[0] - 1), min(left + 1, pixels.shape[1] - 1)
            down, across = row - top, column - left
            upper = pixels[top, left] * (1 - across) + pixels[top, right] * across
            lower = pixels[under, left] * (1 - across) + pixels[under, right] * across
            result[y, x] = upper * (1 - down) + lower * down
    return result


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(10, 40), st.integers(10, 40))
def test_resize_is_bilinear(height: int, width: int, new_height: int, new_width: int) -> None:
    pixels = np.random.default_rng(height * 31 + width).integers(0, 256, (height, width, 3))
    pixels = pixels.astype(np.uint8)
    scaled = image.resize(pixels, new_width, new_height)
    assert difference(scaled, np.rint(bilinear(pixels, new_width, new_height))) <= 2


def test_resize_beyond_half_averages_areas() -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (30, 45, 3)).astype(np.uint8)
    expected = pixels.reshape(10, 3, 15, 3, 3).mean(axis=(1, 3))
    assert difference(image.resize(pixels, 15, 10), np.rint(expected)) <= 1


def test_resize_to_its_own_size_changes_nothing() -> None:
    pixels = bgr(NOISE)
    assert (image.resize(pixels, WIDTH, HEIGHT) == pixels).all()
