"""Pictures made ready for boards: pages of PDFs, TIFFs and photos of phones as files they read."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from cross_build.pictures import pdf
from cross_build.pictures.prepared import Prepared, prepare
from lite_runner.pictures import image
from lite_runner.pictures.inputs import Source, expand
from lite_runner.pictures.page_range import FIRST, PageRange

ALL = PageRange.parse("all")


def drawn(number: int) -> Pillow.Image:
    """A page 300x200 whose only square tells its number."""
    page = Pillow.new("RGB", (300, 200), "white")
    ImageDraw.Draw(page).rectangle((60 * number, 50, 60 * number + 40, 150), "black")
    return page


def number_of(pixels: Any) -> int:
    """The page that was drawn."""
    dark = np.nonzero(pixels.mean(axis=(0, 2)) < 200)[0]
    return round(int(dark[0]) / pixels.shape[1] * 300 / 60)


def written(path: Path, **options: Any) -> Source:
    drawn(1).save(path, save_all=True, append_images=[drawn(2), drawn(3)], **options)
    (source,) = expand([str(path)])
    return source


def encrypted(folder: Path) -> Path:
    """A PDF that says it is encrypted: enough for PDFium to ask for a password."""
    plain = (written(folder / "plain.pdf", resolution=72).path).read_bytes()
    key = "<" + "00" * 32 + ">"
    entry = f"/Encrypt <</Filter/Standard/V 1/R 2/O {key}/U {key}/P -4>>/ID [{key}{key}]"
    start = plain.rindex(b"/Root")
    (folder / "locked.pdf").write_bytes(plain[:start] + entry.encode() + plain[start:])
    return folder / "locked.pdf"


def made(source: Source, pages: PageRange, folder: Path) -> list[Prepared]:
    target = folder / "made"
    target.mkdir(exist_ok=True)
    return list(prepare(source, pages, target))


@pytest.mark.parametrize("name", ["a.pdf", "a.tif", "a.gif", "a.heic"])
def test_chosen_pages_are_files_that_boards_read(name: str, tmp_path: Path) -> None:
    if name.endswith("heic"):
        pillow_heif = pytest.importorskip("pillow_heif")
        pillow_heif.register_heif_opener()
    source = written(tmp_path / name)
    pages = made(source, PageRange.parse("1,3"), tmp_path)
    assert [(page.page, page.pages, page.error) for page in pages] == [(1, 3, ""), (3, 3, "")]
    assert [number_of(image.load(page.file)) for page in pages if page.file] == [1, 3]
    assert [number_of(image.load(page.file)) for page in made(source, FIRST, tmp_path)] == [1]


def test_what_boards_read_stays_where_it_is(tmp_path: Path) -> None:
    source = written(tmp_path / "a.tif")
    (first, second, _) = made(source, ALL, tmp_path)
    assert first.file == source.path
    assert second.file != source.path
    drawn(1).save(tmp_path / "b.jpg")
    (page,) = made(expand([str(tmp_path / "b.jpg")])[0], ALL, tmp_path)
    assert page == Prepared(page.source, tmp_path / "b.jpg")
    assert page.result({"image": "/inbox/00000", "error": "x"}) == {
        "image": str(tmp_path / "b.jpg"),
        "error": "x",
    }


def test_pages_of_a_pdf_have_a_resolution_and_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = written(tmp_path / "a.pdf", resolution=72)
    (page,) = made(source, FIRST, tmp_path)
    # Points of 72 to the inch at 200 dots, rounded up.
    assert image.load(page.file).shape == (556, 834, 3)
    monkeypatch.setattr(pdf, "MAX_PIXELS", 15_000)
    (page,) = made(source, FIRST, tmp_path)
    assert image.load(page.file).shape == (100, 150, 3)


def test_a_photo_is_upright(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    exif = Pillow.Exif()
    exif[0x0112] = 6
    drawn(3).rotate(90, expand=True).save(tmp_path / "a.heic", exif=exif.tobytes(), quality=95)
    (page,) = made(expand([str(tmp_path / "a.heic")])[0], FIRST, tmp_path)
    pixels = image.load(page.file)
    assert pixels.shape == (200, 300, 3)
    assert number_of(pixels) == 3


def test_standard_input_becomes_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    drawn(2).save(file, "PNG")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(file.getvalue())))
    (page,) = made(expand(["-"])[0], FIRST, tmp_path)
    assert page.source.name == "-"
    assert number_of(image.load(page.file)) == 2


def refused(source: Source, pages: PageRange, folder: Path) -> str:
    (page,) = made(source, pages, folder)
    assert page.file is None
    assert "\n" not in page.error
    return page.error


def test_what_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "cut.pdf").write_bytes(b"%PDF-1.7\nno more")
    (tmp_path / "cut.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    for name, words in (("cut.pdf", "is a PDF that cannot be opened"), ("cut.heic", "is a HEIC")):
        assert words in refused(expand([str(tmp_path / name)])[0], FIRST, tmp_path)
    source = Source("locked", encrypted(tmp_path))
    assert "needs a password" in refused(source, FIRST, tmp_path)
    assert "has 3 pages" in refused(written(tmp_path / "a.tif"), PageRange.parse("7-"), tmp_path)
    assert refused(expand(["missing.png"])[0], ALL, tmp_path) == "does not exist; check the path"


@pytest.mark.parametrize(("name", "package"), [("a.pdf", "pypdfium2"), ("a.heic", "pillow_heif")])
def test_a_missing_package_is_advised(
    name: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = {"a.pdf": b"%PDF-1.7\n", "a.heic": b"\0\0\0\x18ftypheic" + bytes(40)}[name]
    (tmp_path / name).write_bytes(data)
    monkeypatch.setitem(sys.modules, package, None)
    advice = refused(expand([str(tmp_path / name)])[0], FIRST, tmp_path)
    assert f"'{sys.executable} -m pip install {package.replace('_', '-')}'" in advice


@pytest.mark.parametrize("name", ["a.pdf", "a.heic"])
def test_boards_say_what_to_do_about_what_hosts_convert(name: str) -> None:
    data = {"a.pdf": b"%PDF-1.7\n", "a.heic": b"\0\0\0\x18ftypheic" + bytes(40)}[name]
    with pytest.raises(image.ImageError, match="read it from a computer, by 'lite-ocr read', or"):
        image.load(data)
