"""Headers of .nb files: written by hand, and real ones."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, ContextManager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_models import nb
from opt_models.errors import OptError

Refuses = Callable[..., ContextManager[None]]

#: Names a folder with images/ and models/ (published .nb files).
DATA = "LITE_OCR_TEST_DATA"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0"
ICON = b"\0\0\1\0\1\0\x20\x20\0\0\1\0\x20\0\xa8\x10\0\0"
TEXT = "的一是不了在人有我他这".encode()


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nb") / "model.nb"


def model(layout: int, version: bytes, rest: bytes = b"") -> bytes:
    return layout.to_bytes(2, "little") + version.ljust(16, b"\0")[:16] + rest


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (model(2, b"v2.13-rc", b"weights"), nb.Header(2, "v2.13-rc")),
        (model(1, b"v2.7.1\0\0\x40\x12\xf2\x15\xfd\x7f"), nb.Header(1, "v2.7.1")),
        (model(0, b"b92e8c4\0\x30"), nb.Header(0, "b92e8c4")),
        (model(2, b"0123456789abcdef", b"no zero here"), nb.Header(2, "0123456789abcdef")),
    ],
)
def test_header(place: Path, data: bytes, expected: nb.Header) -> None:
    place.write_bytes(data)
    assert nb.read_header(place) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\2",
        model(2, b"v2.13-rc")[:-1],
        model(2, b""),
        model(2, "v2.13-é".encode("latin-1")),
        model(2, b"v2\n13"),
        model(300, b"v2.13-rc"),
        bytes(64),
        PNG,
        ICON,
        TEXT,
        b'{"schema": 1, "name": "v4-mobile"}',
    ],
)
def test_foreign_file(place: Path, refuses: Refuses, data: bytes) -> None:
    place.write_bytes(data)
    with refuses(OptError, place, "is not a Paddle-Lite model"):
        nb.read_header(place)


def test_real_files() -> None:
    if DATA not in os.environ:
        pytest.skip(f"{DATA} names no folder with published models")
    found = sorted((Path(os.environ[DATA]) / "models" / "v1.1").glob("*.nb"))
    assert found
    for path in found:
        old = path.name.startswith("ch_ppocr_mobile_v1.1_cls")
        assert nb.read_header(path) == nb.Header(1, "v2.7.1" if old else "b92e8c4"), path.name


printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=16)


@settings(deadline=None)
@given(layout=st.integers(0, 9), version=printable, stray=st.binary(max_size=16), rest=st.binary())
def test_any_header(place: Path, layout: int, version: str, stray: bytes, rest: bytes) -> None:
    field = version.encode() + (b"\0" + stray if len(version) < 16 else b"")
    place.write_bytes(model(layout, field, rest))
    assert nb.read_header(place) == nb.Header(layout, version)


@settings(deadline=None)
@given(data=st.binary(max_size=40) | st.builds(model, st.integers(0, 9), st.binary(), st.binary()))
def test_clear_padding(place: Path, data: bytes) -> None:
    place.write_bytes(data)
    nb.clear_padding(place)
    cleared = place.read_bytes()
    assert len(cleared) == len(data)
    assert cleared[:2] == data[:2]
    assert cleared[18:] == data[18:]
    version, _, padding = cleared[2:18].partition(b"\0")
    assert version == data[2:18].split(b"\0")[0]
    assert not any(padding)
    nb.clear_padding(place)
    assert place.read_bytes() == cleared


def test_same_file_whatever_the_stray_bytes(place: Path) -> None:
    seen = set()
    for stray in (b"", b"\0\x40\x12\xf2", b"\0other"):
        place.write_bytes(model(2, b"v2.13-rc" + stray, b"weights"))
        nb.clear_padding(place)
        seen.add(place.read_bytes())
    assert seen == {model(2, b"v2.13-rc", b"weights")}
