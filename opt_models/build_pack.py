"""Packs, made from a recipe: fetch the models, optimise them, write pack.json."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any, Mapping

from lite_runner import pack as packs
from lite_runner.release import sha256
from opt_models import cache, catalog, fetch, lite_env, opt
from opt_models.errors import CatalogError


def build(name: str, arch: str) -> packs.Pack:
    """The pack of a recipe for one processor, made on first use and kept in the cache.

    Args:
        name: a table of ``packs.toml``.
        arch: ``x86`` or ``arm``.

    Raises:
        CatalogError, FetchError, OptError, PackError: from the steps on the way.
    """
    recipe = catalog.recipe(name)
    golden = catalog.GOLDEN / recipe.golden["image"]

    def make(folder: Path) -> None:
        print(f"building pack {name} for {arch}", file=sys.stderr)
        data = {
            "schema": packs.SCHEMA,
            "name": name,
            "lite_version": lite_env.WHEEL.release,
            "arch": arch,
            "det": _network(folder, "det", recipe.det, arch),
            "cls": None if recipe.cls is None else _network(folder, "cls", recipe.cls, arch),
            "rec": _network(folder, "rec", recipe.rec, arch),
            "dictionary": _dictionary(folder, recipe.rec["model"]),
            "golden": {
                "image": golden.name,
                "sha256": _copy(golden, folder / golden.name),
                "lines": list(recipe.golden["lines"]),
            },
        }
        text = json.dumps(data, ensure_ascii=False, indent=1) + "\n"
        (folder / "pack.json").write_text(text, encoding="utf-8")
        packs.load(folder)

    return packs.load(cache.folder(f"packs/{name}-{arch}-{_key(recipe, arch)}", make))


def _key(recipe: catalog.Recipe, arch: str) -> str:
    """Changes whenever the pack would: with the recipe, the models' sources, opt, or the golden."""
    models = catalog.models()
    stages = [stage for stage in (recipe.det, recipe.cls, recipe.rec) if stage is not None]
    inputs = {
        "schema": packs.SCHEMA,
        "recipe": [recipe.name, recipe.golden, *stages],
        "models": [repr(models.get(stage["model"])) for stage in stages],
        "opt": [lite_env.WHEEL.package, arch],
        "golden": sha256(catalog.GOLDEN / recipe.golden["image"]),
    }
    text = json.dumps(inputs, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _network(folder: Path, stage: str, row: Mapping[str, Any], arch: str) -> dict[str, Any]:
    """Optimise one model into the pack and describe it."""
    model = _model(row["model"])
    files = fetch.fetch(model)
    target = folder / f"{stage}.nb"
    print(f"  {stage}: {model.name} -> {target.name}", file=sys.stderr)
    opt.optimise(files.program, files.params, target, arch)
    settings = {key: value for key, value in row.items() if key != "model"}
    return {
        "file": target.name,
        "sha256": sha256(target),
        "source": model.name,
        "precision": "fp32",
        **settings,
    }


def _dictionary(folder: Path, name: str) -> dict[str, str]:
    files = fetch.fetch(_model(name))
    if files.dictionary is None:
        raise CatalogError(f"{name}: the catalog names no dictionary for this recogniser")
    target = folder / "dictionary.txt"
    return {"file": target.name, "sha256": _copy(files.dictionary, target)}


def _model(name: str) -> catalog.Model:
    models = catalog.models()
    if name not in models:
        raise CatalogError(f"there is no model {name!r}; known models: {', '.join(sorted(models))}")
    return models[name]


def _copy(source: Path, target: Path) -> str:
    shutil.copyfile(source, target)
    return sha256(target)
