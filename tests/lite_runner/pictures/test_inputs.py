"""What a command line's pictures are, and what their drawings are called."""

from __future__ import annotations

import io
import os
import pty
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lite_runner.errors import ImageError
from lite_runner.pictures.inputs import SUFFIXES, drawing_name, expand


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with pictures and other files."""
    monkeypatch.chdir(tmp_path)
    for name in ("b.jpg", "a.PNG", "notes.txt", "odd[1].png", "中.webp", "sub/c.jpg", "empty/x"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["b.jpg"], ["b.jpg"]),
        (["notes.txt"], ["notes.txt"]),
        (["missing.jpg"], ["missing.jpg"]),
        (["b.jpg", "a.PNG", "b.jpg"], ["b.jpg", "a.PNG", "b.jpg"]),
        (["."], ["a.PNG", "b.jpg", "odd[1].png", "中.webp"]),
        (["sub", "b.jpg"], ["sub/c.jpg", "b.jpg"]),
        (["*.jpg"], ["b.jpg"]),
        (["**/*.jpg"], ["b.jpg", "sub/c.jpg"]),
        (["?.*"], ["a.PNG", "b.jpg", "中.webp"]),
        (["odd[1].png"], ["odd[1].png"]),
        ([], []),
    ],
)
def test_arguments_mean_pictures(arguments: list[str], names: list[str], folder: Path) -> None:
    found = expand(arguments)
    assert [(source.name, source.path) for source in found] == [(n, Path(n)) for n in names]
    assert [source.error for source in found] == [None] * len(names)


@pytest.mark.parametrize(
    ("argument", "part"),
    [
        ("empty", "holds no pictures"),
        ("*.bmp", "matches no file"),
        ("[", "matches no file"),
        ("s?b", "matches no file"),
        ("x" * 300, "cannot be opened"),
    ],
)
def test_what_is_not_found_says_why_and_the_rest_goes_on(
    argument: str, part: str, folder: Path
) -> None:
    missing, found = expand([argument, "b.jpg"])
    assert missing.name == argument
    assert part in str(missing.error)
    assert "\n" not in str(missing.error)
    assert (found.name, found.error) == ("b.jpg", None)


def test_a_folder_named_like_a_picture_is_no_picture_of_its_folder(folder: Path) -> None:
    (folder / "sub" / "old.jpg").mkdir()
    assert [source.name for source in expand(["sub"])] == ["sub/c.jpg"]


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_folders_are_searched_for_every_kind(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"a{suffix.upper()}").touch()
    assert [source.error for source in expand([str(tmp_path)])] == [None]


def standard_input(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_standard_input_is_a_picture_that_can_be_read_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standard_input(b"picture", monkeypatch)
    first, file, again = expand(["-", "./-", "-"])
    assert (first.name, first.read()) == ("-", b"picture")
    with pytest.raises(ImageError, match="does not exist"):
        file.read()
    with pytest.raises(ImageError, match="give '-' once"):
        again.read()


def test_a_picture_of_standard_input_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(b"too long", monkeypatch)
    monkeypatch.setattr("lite_runner.pictures.image_header.MAX_BYTES", 7)
    (source,) = expand(["-"])
    with pytest.raises(ImageError, match="at most"):
        source.read()


def test_a_terminal_gives_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave) as terminal, os.fdopen(master, "wb"):
        monkeypatch.setattr("sys.stdin", terminal)
        (source,) = expand(["-"])
        with pytest.raises(ImageError, match="is a terminal"):
            source.read()


def test_drawings_of_pages_have_their_numbers() -> None:
    taken: set[str] = set()
    assert [drawing_name(Path("scan.tif"), taken, page) for page in (1, 3)] == [
        "scan-p1.png",
        "scan-p3.png",
    ]
    assert drawing_name(Path("-"), taken) == "stdin.png"


def test_drawings_are_named_after_their_pictures() -> None:
    taken: set[str] = set()
    pictures = ["a/one.jpg", "b/one.png", "one-2.jpg", "one.tar.gz", "c/one.bmp"]
    names = [drawing_name(Path(picture), taken) for picture in pictures]
    assert names == ["one.png", "one-2.png", "one-2-2.png", "one.tar.png", "one-3.png"]


@given(st.lists(st.sampled_from(["a", "a-2", "a-2-2", "a-3", "b"]), max_size=20))
def test_no_two_drawings_share_a_name(stems: list[str]) -> None:
    taken: set[str] = set()
    names = [drawing_name(Path(f"{stem}.jpg"), taken) for stem in stems]
    assert len(set(names)) == len(names)
    assert taken == set(names)
