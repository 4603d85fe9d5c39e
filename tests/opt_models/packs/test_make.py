"""What is wrong with a request for a pack is said before anything is fetched or made."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, ContextManager

import pytest

from lite_runner.errors import UsageError
from opt_models.catalog import fetch
from opt_models.errors import CatalogError
from opt_models.packs.make import PackRequest, make
from opt_models.runtime import Runtime

Refuses = Callable[..., ContextManager[None]]

ARM = Runtime("v2.13-rc", "armv8")
X86 = Runtime("v2.13-rc", "x86")


@pytest.fixture
def out(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the pack, an empty cache, and no way to fetch anything into it."""
    for name in ("exported", "published", "dictionary"):
        monkeypatch.setattr(fetch, name, lambda *_: pytest.fail("fetched"))
    return tmp_path / "pack"


@pytest.mark.parametrize(
    ("asked", "kind", "words"),
    [
        ({"pack": "v4-mobil"}, CatalogError, "there is no pack 'v4-mobil'"),
        (
            {"pack": "v4-mobile-fp16", "precision": "int8"},
            UsageError,
            "is asked for in fp16; leave out --precision int8",
        ),
        ({"pack": "v1.1-slim", "published": True, "precision": "int8"}, UsageError, "--published"),
        (
            {"pack": "v1.1-slim", "published": True, "dictionary": "dict.txt"},
            UsageError,
            "leave it out with --precision, --det, --cls, --rec or --dict",
        ),
        ({"pack": "v4-mobile", "precision": "int4"}, CatalogError, "'int4' is not one of fp32"),
        ({"pack": "v4-mobile-fp16", "runtime": X86}, CatalogError, "fp16 on ARM only"),
        ({"pack": "v4-mobile", "name": "../up"}, CatalogError, "is no name for a pack"),
        ({"networks": {"det": "x", "rec": "y"}}, CatalogError, "--name must be given too"),
        ({"networks": {"rec": "y"}, "name": "mine"}, CatalogError, "--det must be given too"),
        ({"pack": "v4-mobile", "golden_lines": ["A"]}, CatalogError, "--golden must be given too"),
    ],
)
def test_contradictions(
    out: Path, refuses: Refuses, asked: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with refuses(kind, words):
        make(PackRequest(**{"runtime": ARM, **asked}), out)
    assert not out.exists()


def test_a_folder_with_something_else_is_left_alone(out: Path, refuses: Refuses) -> None:
    out.mkdir()
    (out / "notes.txt").write_text("kept")
    with refuses(CatalogError, out, "is there and is not a pack"):
        make(PackRequest(ARM, "v4-mobile"), out)
    assert (out / "notes.txt").read_text() == "kept"


def test_a_request_is_called_by_its_name_or_that_of_its_pack() -> None:
    assert PackRequest(ARM, "v4-mobile").label == "v4-mobile"
    assert PackRequest(ARM, "v4-mobile", name="mine").label == "mine"
    assert not PackRequest(ARM, "v4-mobile", {"det": "", "rec": ""}).has_own_files
    assert PackRequest(ARM, "v4-mobile", {"det": "x"}).has_own_files
