"""Packs by what a user calls them: a name of ``packs.toml``, or the folder of a finished pack."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from lite_runner import pack as packs
from lite_runner.errors import PackError
from opt_models import build_pack, catalog
from opt_models.errors import CatalogError
from opt_models.ingredients import from_recipe
from opt_models.runtime import Runtime


def find(name: str, runtime: Runtime) -> packs.Pack:
    """The pack a runtime shall get.

    Args:
        name: of a recipe, or a folder with a pack.json.
        runtime: of the board.

    Raises:
        CatalogError: there is neither a recipe nor a folder of that name.
        PackError: the folder's pack is damaged, or was made for another runtime.
        FetchError, OptError: from making it.
    """
    folder = Path(name).expanduser()
    if name not in catalog.recipes() and folder.is_dir():
        pack = packs.load(folder)
        if pack.arch != runtime.arch or runtime.release not in pack.runtimes:
            raise PackError(
                f"pack {folder}: was made for Paddle-Lite {' or '.join(pack.runtimes)} on"
                f" {pack.arch}, this target has {runtime.release} on {runtime.arch}; make it again"
                " with 'invoke pack ... --target'"
            )
        return pack
    return build_pack.build(from_recipe(catalog.recipe(name), runtime), runtime)


def write(pack: packs.Pack, folder: Path) -> packs.Pack:
    """Copy a pack out of the cache, whole or not at all, in place of an older one.

    Raises:
        CatalogError: something that is no pack lies there; it is left alone.
        OSError: the folder cannot be written.
    """
    if folder.exists() and not (folder / "pack.json").is_file():
        if not folder.is_dir() or any(folder.iterdir()):
            raise CatalogError(f"{folder}: is there and is not a pack; choose another --out")
        folder.rmdir()
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        new, old = fresh / "new", fresh / "old"
        shutil.copytree(pack.folder, new)
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return packs.load(folder)


def summary(pack: packs.Pack) -> str:
    """A pack as text for people."""
    stages = {"det": pack.detector.network}
    if pack.classifier is not None:
        stages["cls"] = pack.classifier.network
    stages["rec"] = pack.recogniser.network
    rows = [
        (
            stage,
            network.source,
            f"{network.path.stat().st_size / 1e6:.1f} MB",
            network.precision,
            f"by opt {network.opt}",
        )
        for stage, network in stages.items()
    ]
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
        for row in rows
    ]
    return "\n".join(
        [
            f"pack {pack.name}: {pack.folder}",
            *lines,
            f"  knows      {len(pack.recogniser.charset)} characters",
            f"  runs on    Paddle-Lite {' or '.join(pack.runtimes)}, {pack.arch}",
            f"  must read  {' / '.join(pack.golden.lines)}",
        ]
    )
