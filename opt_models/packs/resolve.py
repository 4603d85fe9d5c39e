"""Packs by what a user calls them: a name of ``packs.toml``, or the folder of a finished pack."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from lite_runner import pack as packs
from lite_runner.errors import PackError
from lite_runner.user_path import user_path
from opt_models.catalog import catalog
from opt_models.catalog.catalog import Recipe
from opt_models.command_name import command_name
from opt_models.errors import CatalogError
from opt_models.packs import build
from opt_models.packs.build_options import PRECISIONS, BuildOptions
from opt_models.packs.inputs import from_recipe
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
    folder = _folder(name)
    if folder is not None:
        pack = packs.load(folder)
        fits = pack.arch == runtime.arch and runtime.release in pack.runtimes
        if not fits or pack.processor not in ("", runtime.processor):
            raise PackError(
                f"pack {folder}: was made for Paddle-Lite {' or '.join(pack.runtimes)} on"
                f" {pack.processor or pack.arch}, this target has {runtime.release} on"
                f" {runtime.processor}; make it again with '{command_name()} pack ... --target'"
            )
        return pack
    recipe, precision = named(name)
    options = BuildOptions(runtime, precision)
    inputs = from_recipe(recipe, runtime, convert=precision is not None)
    return build.build(replace(inputs, name=name), options)


def check_name(name: str) -> None:
    """Refuse a name that no pack can have; worth asking before anything is made for it.

    Raises:
        CatalogError: there is neither a recipe nor a folder of that name.
    """
    if _folder(name) is None:
        named(name)


def _folder(name: str) -> Path | None:
    """The folder that a name stands for; None if it can only be a recipe's."""
    folder = user_path(name, "--pack")
    if name not in catalog.recipes() and (folder.is_dir() or os.sep in name):
        if not folder.is_dir():
            raise CatalogError(
                f"pack {folder}: there is no such folder; make it with '{command_name()} pack'"
            )
        return folder
    return None


def named(name: str) -> tuple[Recipe, str | None]:
    """A named pack, and the precision that a name like ``v4-mobile-fp16`` asks it in.

    Raises:
        CatalogError: there is none of that name; tells similar ones.
    """
    plain, _, precision = name.rpartition("-")
    if precision in PRECISIONS and plain in catalog.recipes():
        return catalog.recipe(plain), precision
    return catalog.recipe(name), None
