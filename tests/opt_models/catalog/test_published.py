"""Packs of really published ``.nb`` files, taken from a folder as a user keeps them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Callable, ContextManager

import pytest

from lite_runner import pack as packs
from lite_runner.errors import PackError
from lite_runner.releases.release import sha256
from opt_models.catalog import catalog, fetch
from opt_models.errors import FetchError, OptError
from opt_models.memory_planning import share
from opt_models.packs import build, inputs, resolve
from opt_models.packs.build_options import BuildOptions
from opt_models.runtime import Runtime
from opt_models.store import cache, config, lockfile

Refuses = Callable[..., ContextManager[None]]
Link = Callable[[Path], None]

ARMV8 = Runtime("v2.13-rc", "armv8")


@pytest.fixture(autouse=True)
def folder(
    published_models: Path, tmp_path: Path, link_downloads: Link, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The user's folder of published files, and no network."""
    link_downloads(tmp_path / "cache")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(config.FOLDER, str(tmp_path / "config"))
    monkeypatch.setenv(config.MODELS, str(published_models))
    monkeypatch.setenv(config.OFFLINE, "1")
    return published_models


def make(name: str, runtime: Runtime, published: bool = False) -> packs.Pack:
    parts = inputs.from_recipe(catalog.recipe(name), runtime, published)
    return build.build(parts, BuildOptions(runtime))


@pytest.mark.parametrize(
    ("name", "outputs", "blank", "opt"),
    [("v1.1-slim", "ids+softmax", 6624, "b92e8c4"), ("v2.0-slim", "softmax", 0, "6010b5f")],
)
def test_taken_as_they_are(
    folder: Path, tmp_path: Path, name: str, outputs: str, blank: int, opt: str
) -> None:
    pack = make(name, ARMV8)
    assert pack.runtimes == ("v2.9", "v2.13-rc")
    assert (pack.lite_version, pack.arch, pack.processor) == ("v2.13-rc", "arm", "armv8")
    recipe = catalog.recipe(name)
    assert recipe.verified is not None
    verified = recipe.verified.sha256
    rec, cls = pack.recogniser, pack.classifier
    assert cls is not None
    assert sha256(rec.network.path) == verified["rec"]
    assert pack.detector.network.opt == rec.network.opt == opt
    assert (rec.outputs, rec.blank, len(rec.charset)) == (outputs, blank, 6624)
    assert rec.network.shape == (32, 320)
    assert rec.network.precision == cls.network.precision == "int8"
    data = json.loads((pack.folder / "pack.json").read_text(encoding="utf-8"))
    assert data["rec"]["source"] == recipe.models["rec"].name
    # The detector is the published one with other names of variables.
    (published,) = (one for one in folder.rglob("*.nb") if sha256(one) == verified["det"])
    assert sha256(published) != sha256(pack.detector.network.path)
    found = share.share(shutil.copyfile(published, tmp_path / "det.nb"), (1, 3, 960, 960))
    assert found is not None
    assert (tmp_path / "det.nb").read_bytes() == pack.detector.network.path.read_bytes()
    told = {"shape": [1, 3, 960, 960], "before": found[0].size, "after": found[1].size}
    assert data["det"]["memory"] == told
    assert data["rec"]["memory"] is None


def test_not_taken_where_they_were_not_verified(refuses: Refuses) -> None:
    det = catalog.recipe("v1.1-slim").models["det"].offered("inference")[0].path
    with refuses(FetchError, Path(det).name, "offline"):
        make("v1.1-slim", Runtime("v2.13-rc", "armv7hf"))


def test_but_taken_there_if_wanted() -> None:
    pack = make("v1.1-slim", Runtime("v2.13-rc", "armv7hf"), published=True)
    assert (pack.runtimes, pack.processor) == (("v2.13-rc",), "")
    # They count as fetched: their checksums are recorded.
    for model in catalog.recipe("v1.1-slim").models.values():
        assert lockfile.recorded(model.offered("slim")[0].path)


def test_of_two_addresses_the_one_with_the_verified_file_is_taken(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PP-OCRv2 published another classifier under the same name."""
    recipe = catalog.recipe("v2.0-slim")
    assert recipe.verified is not None
    verified = set(recipe.verified.sha256.values())
    for model in recipe.models.values():
        for one in model.offered("slim"):
            place = tmp_path / "mirror" / one.path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            # Another release's opt wrote files of the same names.
            (real,) = (path for path in folder.rglob(place.name) if sha256(path) in verified)
            place.write_bytes(real.read_bytes())
    model = recipe.models["cls"]
    first = tmp_path / "mirror" / model.offered("slim")[0].path.lstrip("/")
    (other,) = folder.rglob("ch_ppocr_mobile_v1.1_cls_opt.nb")
    first.write_bytes(other.read_bytes())
    monkeypatch.delenv(config.MODELS)
    monkeypatch.setenv(config.MIRRORS, str(tmp_path / "mirror"))
    pack = make("v2.0-slim", ARMV8)
    assert pack.runtimes == ("v2.9", "v2.13-rc")
    assert pack.classifier is not None
    assert sha256(pack.classifier.network.path) == recipe.verified.sha256["cls"]


def test_an_armv8_pack_is_not_one_for_armv7hf(refuses: Refuses) -> None:
    pack = make("v1.1-slim", ARMV8)
    assert resolve.find(str(pack.folder), ARMV8) == pack
    with refuses(PackError, "on armv8", "on armv7hf"):
        resolve.find(str(pack.folder), Runtime("v2.13-rc", "armv7hf"))


def test_dictionaries_of_the_users_folder_need_no_wheel(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "empty"))
    row = catalog.recipe("v1.1-slim").models["rec"].dictionary
    assert row is not None
    assert fetch.dictionary(row) == folder / "ppocr_keys_v1.txt"
    assert not (tmp_path / "empty").exists()


def test_not_taken_on_another_processor(refuses: Refuses) -> None:
    with refuses(OptError, "published for arm, the target is x86", "leave out --published"):
        make("v1.1-slim", Runtime("v2.13-rc", "x86"), published=True)
