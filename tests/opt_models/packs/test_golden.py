"""A user's own picture that a pack is verified with."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, ContextManager

from opt_models.catalog import catalog
from opt_models.errors import CatalogError
from opt_models.packs import golden

Refuses = Callable[..., ContextManager[None]]


def test_golden(tmp_path: Path, refuses: Refuses) -> None:
    assert golden.read("", []) is None
    picture = tmp_path / "plate.png"
    picture.write_bytes(catalog.goldens()[0].image.read_bytes())
    found = golden.read(str(picture), ["AB 123"])
    assert found is not None
    assert (found.image, found.lines) == (picture, ("AB 123",))
    with refuses(CatalogError, "nowhere.png", "no such picture"):
        golden.read("nowhere.png", ["x"])
    with refuses(CatalogError, "--golden-text"):
        golden.read(str(picture), [])
    with refuses(CatalogError, "--golden must be given too"):
        golden.read("", ["x"])
    with refuses(CatalogError, "say what it reads"):
        golden.read(str(picture), [" "])
    picture.write_text("no picture")
    with refuses(CatalogError, f"--golden {picture}: is not a picture"):
        golden.read(str(picture), ["AB 123"])
