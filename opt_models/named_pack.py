"""Packs by what a user calls them: a name of ``packs.toml``, or the folder of a finished pack."""

from __future__ import annotations

import glob
import hashlib
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from lite_runner import pack as packs
from lite_runner.errors import PackError
from opt_models import build_pack, cache, catalog
from opt_models.catalog import Recipe
from opt_models.errors import CatalogError
from opt_models.ingredients import from_recipe
from opt_models.runtime import Runtime


def find(name: str, runtime: Runtime) -> packs.Pack:
    """The pack a runtime shall get.

    Args:
        name: of a recipe, also with a precision behind it (:func:`named`), or a folder with a
            pack.json.
        runtime: of the board.

    Raises:
        CatalogError: there is neither a recipe nor a folder of that name, or its precision does
            not fit the runtime or the networks.
        PackError: the folder's pack is damaged, or was made for another runtime.
        FetchError, OptError: from making it.
    """
    folder = Path(name).expanduser()
    if name not in catalog.recipes() and (folder.is_dir() or os.sep in name):
        if not folder.is_dir():
            raise CatalogError(
                f"pack {folder}: there is no such folder; make it with 'invoke pack'"
            )
        pack = packs.load(folder)
        fits = pack.arch == runtime.arch and runtime.release in pack.runtimes
        if not fits or pack.processor not in ("", runtime.processor):
            raise PackError(
                f"pack {folder}: was made for Paddle-Lite {' or '.join(pack.runtimes)} on"
                f" {pack.processor or pack.arch}, this target has {runtime.release} on"
                f" {runtime.processor}; make it again with 'invoke pack ... --target'"
            )
        return pack
    recipe, precision = named(name)
    build_pack.check(name, precision, runtime)
    parts = from_recipe(recipe, runtime, convert=precision is not None)
    return build_pack.build(replace(parts, name=name), runtime, precision)


def named(name: str) -> tuple[Recipe, str | None]:
    """A named pack, and the precision that a name like ``v4-mobile-fp16`` asks it in.

    Raises:
        CatalogError: there is none of that name; tells similar ones.
    """
    plain, _, precision = name.rpartition("-")
    if precision in build_pack.PRECISIONS and plain in catalog.recipes():
        return catalog.recipe(plain), precision
    return catalog.recipe(name), None


def check_place(folder: Path) -> None:
    """Refuse a place where no pack can go; worth asking before one is made.

    Raises:
        CatalogError: something that is no pack lies there, which is left alone.
    """
    if folder == Path.cwd():
        raise CatalogError(f"--out {folder}: is where you are; give a folder that may be replaced")
    free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not free and not (folder / "pack.json").is_file():
        raise CatalogError(f"--out {folder}: is there and is not a pack; choose another folder")


def write(pack: packs.Pack, folder: Path) -> packs.Pack:
    """Copy a pack out of the cache, in place of an older one.

    The older one is there, or the new one, whole; killed in the moment between, the older one lies
    beside its place, and the next call puts it back first.

    Raises:
        CatalogError: something that is no pack lies there, or the place cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        held = f"writes/{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
        with cache.lock(held, f"another process is writing {folder}; waiting for it"):
            check_place(folder)
            _clean(folder)
            _replace(pack.folder, folder)
            return packs.load(folder)
    except OSError as error:
        # copytree collects what went wrong: (from, to, why) for each file.
        many = error.args[0] if error.args and isinstance(error.args[0], list) else None
        why = many[0][2] if many else error.strerror or error
        raise CatalogError(f"--out {folder}: cannot be written ({why}); choose another") from error


def _replace(source: Path, folder: Path) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=_prefix(folder), dir=folder.parent))
    try:
        shutil.copytree(source, fresh / "new")
        if folder.exists():
            folder.rename(fresh / "old")
        (fresh / "new").rename(folder)
    finally:
        _restore(fresh, folder)
        shutil.rmtree(fresh, ignore_errors=True)


def _clean(folder: Path) -> None:
    """Put right what a killed process left; under the lock nobody else is at work here."""
    for fresh in folder.parent.glob(f"{glob.escape(_prefix(folder))}*"):
        # Whatever else a user may keep under such a name is not ours to remove.
        if fresh.is_dir() and {entry.name for entry in fresh.iterdir()} <= {"new", "old"}:
            _restore(fresh, folder)
            shutil.rmtree(fresh, ignore_errors=True)


def _prefix(folder: Path) -> str:
    """What the name of a folder begins with in which a pack is on its way to another."""
    return f".lite-ocr-{folder.name}-"


def _restore(fresh: Path, folder: Path) -> None:
    if (fresh / "old").exists() and not folder.exists():
        (fresh / "old").rename(folder)


def summary(pack: packs.Pack) -> str:
    """A pack as text for people."""
    rows = [
        (
            stage,
            network.source,
            f"{network.path.stat().st_size / 1e6:.1f} MB",
            network.precision,
            f"by opt {network.opt}",
            "folded" if network.folded else "not folded",
        )
        for stage, network in pack.networks.items()
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
