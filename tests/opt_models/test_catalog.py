"""The catalog and the recipes: complete, and fitting together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable, ContextManager

import cv2
import pytest

from opt_models import catalog
from opt_models.errors import CatalogError

Refuses = Callable[..., ContextManager[None]]

PACKAGE = Path(catalog.__file__).parent
PACKS = sorted(catalog.read_toml(PACKAGE / "packs.toml"))
STAGES = {"det": "detection", "cls": "classification", "rec": "recognition"}
COMMON = {"model", "shape", "mean", "std", "order"}
SETTINGS = {
    "det": {"threshold", "box_threshold", "unclip_ratio", "min_side", "max_side", "dilate"},
    "cls": {"threshold"},
    "rec": {"outputs", "classes", "blank", "offset", "space"},
}


def test_there_is_something() -> None:
    assert catalog.models()
    assert "v4-mobile" in PACKS


def test_every_row_became_a_model() -> None:
    assert set(catalog.models()) == set(catalog.read_toml(PACKAGE / "catalog.toml")["models"])


@pytest.mark.parametrize("name", sorted(catalog.models()))
def test_model(name: str) -> None:
    model = catalog.models()[name]
    assert model.name == name
    assert model.task in STAGES.values()
    assert re.fullmatch(r"v\d(\.\d)?", model.version)
    assert model.program.endswith(".pdmodel")
    assert model.params.endswith(".pdiparams")
    assert (model.dictionary is not None) == (model.task == "recognition")
    # Only a pinned version of a known hash is always the same.
    assert re.fullmatch(r"[a-z0-9-]+==[0-9.]+", model.source.requirement)
    assert re.fullmatch(r"[0-9a-f]{64}", model.source.sha256)
    assert model.source.licence


@pytest.mark.parametrize("name", PACKS)
def test_recipe(name: str) -> None:
    recipe = catalog.recipe(name)
    assert recipe.name == name
    assert recipe.about
    for stage, task in STAGES.items():
        row = getattr(recipe, stage)
        if row is None:
            assert stage == "cls"
            continue
        assert catalog.models()[row["model"]].task == task
        assert set(row) == COMMON | SETTINGS[stage]
        assert row["order"] in ("BGR", "RGB")
        assert len(row["shape"]) == 2
        assert len(row["mean"]) == len(row["std"]) == 3
        assert all(value > 0 for value in (*row["shape"], *row["std"]))


@pytest.mark.parametrize("name", PACKS)
def test_golden(name: str) -> None:
    golden = catalog.recipe(name).golden
    assert cv2.imread(str(catalog.GOLDEN / golden["image"])) is not None
    assert golden["lines"]
    assert all(line.strip() for line in golden["lines"])


def test_no_picture_without_a_pack() -> None:
    used = {catalog.recipe(name).golden["image"] for name in PACKS}
    assert {path.name for path in catalog.GOLDEN.iterdir()} == used


def test_unknown_pack(refuses: Refuses) -> None:
    with refuses(CatalogError, "'v9-huge'", *PACKS):
        catalog.recipe("v9-huge")
