"""Packs: really made for both processors, in a cache that holds the downloads only."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any, Callable, ContextManager, Iterator

import pytest

from lite_runner import pack as packs
from lite_runner.errors import PackError, UsageError
from lite_runner.release import sha256
from opt_models import build_pack, cache, catalog, lite_env, nb, opt
from opt_models.errors import CacheError, CatalogError

Refuses = Callable[..., ContextManager[None]]
Disk = Callable[[str], Path]
Link = Callable[[Path], None]

NAME = "v4-mobile"
FILES = {"pack.json", "det.nb", "cls.nb", "rec.nb", "dictionary.txt", "golden.png"}


@pytest.fixture(scope="module", autouse=True)
def module_cache(link_downloads: Link, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("cache")
    link_downloads(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(cache.VARIABLE, str(root))
        yield root


@pytest.fixture(scope="module", params=["x86", "arm"])
def pack(request: pytest.FixtureRequest) -> packs.Pack:
    return build_pack.build(NAME, request.param)


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Changes the recipe: settings of a stage by its name, or a whole field."""
    plain = catalog.recipe(NAME)

    def change(**fields: Any) -> None:
        merged: dict[str, Any] = {
            name: {**getattr(plain, name), **value} if isinstance(value, dict) else value
            for name, value in fields.items()
        }
        changed = dataclasses.replace(plain, **merged)
        monkeypatch.setattr(catalog, "recipe", lambda name: changed)

    return change


@pytest.fixture
def stand_in(link_downloads: Link, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another fresh cache, and an opt that writes nothing but a header."""

    def optimise(model: Path, params: Path, target: Path, arch: str) -> None:
        target.write_bytes(f"\2\0{lite_env.WHEEL.release}".encode().ljust(18, b"\0"))

    root = tmp_path / "cache"
    link_downloads(root)
    monkeypatch.setenv(cache.VARIABLE, str(root))
    monkeypatch.setattr(opt, "optimise", optimise)
    return root


def made(root: Path) -> list[str]:
    """All there is among the packs of a cache besides locks."""
    return [path.name for path in (root / "packs").iterdir() if path.suffix != ".lock"]


def test_pack(pack: packs.Pack, module_cache: Path) -> None:
    assert (pack.name, pack.lite_version) == (NAME, "v2.13-rc")
    assert pack.arch in pack.folder.name
    assert pack.folder.parent == module_cache / "packs"
    assert {path.name for path in pack.folder.iterdir()} == FILES
    assert packs.load(pack.folder) == pack


def test_networks(pack: packs.Pack) -> None:
    recipe = catalog.recipe(NAME)
    assert pack.classifier is not None
    networks = {
        "det": pack.detector.network,
        "cls": pack.classifier.network,
        "rec": pack.recogniser.network,
    }
    for stage, network in networks.items():
        row = getattr(recipe, stage)
        assert nb.read_header(network.path) == nb.Header(2, pack.lite_version)
        assert (network.source, network.order) == (row["model"], row["order"])
        assert (list(network.shape), list(network.std)) == (row["shape"], row["std"])
    assert len({sha256(network.path) for network in networks.values()}) == 3
    assert pack.detector.threshold == recipe.det["threshold"]
    assert len(pack.recogniser.charset) + 1 == recipe.rec["classes"]


def test_golden(pack: packs.Pack) -> None:
    golden = catalog.recipe(NAME).golden
    assert list(pack.golden.lines) == golden["lines"] != []
    assert pack.golden.image.read_bytes() == (catalog.GOLDEN / golden["image"]).read_bytes()


def test_second_call_does_nothing(pack: packs.Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opt, "optimise", lambda *_: pytest.fail("made again"))
    assert build_pack.build(NAME, pack.arch) == pack


def test_same_pack_anywhere(
    pack: packs.Pack, link_downloads: Link, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link_downloads(tmp_path)
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    again = build_pack.build(NAME, pack.arch)
    assert again.folder != pack.folder
    assert again.folder.name == pack.folder.name
    for name in FILES:
        assert (again.folder / name).read_bytes() == (pack.folder / name).read_bytes()


@pytest.mark.parametrize(
    "fields",
    [
        {"det": {"threshold": 0.4}},
        {"cls": {"threshold": 0.8}},
        {"cls": None},
        {"rec": {"shape": [48, 640]}},
        {"rec": {"mean": [0.5, 0.5, 0.4]}},
        {"golden": {"lines": ["something else"]}},
        {"name": "v4-other"},
    ],
)
def test_another_recipe_is_another_pack(
    stand_in: Path, recipe: Callable[..., None], fields: dict[str, Any]
) -> None:
    before = build_pack.build(NAME, "arm")
    recipe(**fields)
    after = build_pack.build(NAME, "arm")
    assert after.folder != before.folder
    assert dataclasses.replace(after, folder=before.folder) != before


def test_another_processor_is_another_pack(stand_in: Path) -> None:
    assert build_pack.build(NAME, "arm").folder != build_pack.build(NAME, "x86").folder


def test_another_opt_makes_another_pack(stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = build_pack.build(NAME, "arm")
    newer = dataclasses.replace(lite_env.WHEEL, package="2.14", release="v2.14")
    monkeypatch.setattr(lite_env, "WHEEL", newer)
    after = build_pack.build(NAME, "arm")
    assert after.folder != before.folder
    assert after.lite_version == "v2.14"


def test_another_source_makes_another_pack(stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = build_pack.build(NAME, "arm")
    models = dict(catalog.models())
    cls, det = models["ch_ppocr_mobile_v2.0_cls"], models["ch_PP-OCRv4_det"]
    models[cls.name] = dataclasses.replace(cls, program=det.program, params=det.params)
    monkeypatch.setattr(catalog, "models", lambda: models)
    assert build_pack.build(NAME, "arm").folder != before.folder


def test_another_golden_picture_makes_another_pack(
    stand_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = build_pack.build(NAME, "arm")
    goldens = tmp_path / "golden"
    shutil.copytree(catalog.GOLDEN, goldens)
    with before.golden.image.open("rb") as picture:
        (goldens / before.golden.image.name).write_bytes(picture.read() + b"more")
    monkeypatch.setattr(catalog, "GOLDEN", goldens)
    after = build_pack.build(NAME, "arm")
    assert after.folder != before.folder
    assert sha256(after.golden.image) != sha256(before.golden.image)


def test_other_words_about_it_make_no_other_pack(
    stand_in: Path, recipe: Callable[..., None]
) -> None:
    before = build_pack.build(NAME, "arm")
    recipe(about="the same, said better")
    assert build_pack.build(NAME, "arm") == before


def test_pack_without_classifier(stand_in: Path, recipe: Callable[..., None]) -> None:
    recipe(cls=None)
    pack = build_pack.build(NAME, "arm")
    assert pack.classifier is None
    assert {path.name for path in pack.folder.iterdir()} == FILES - {"cls.nb"}
    assert json.loads((pack.folder / "pack.json").read_text(encoding="utf-8"))["cls"] is None


def test_unknown_pack(stand_in: Path, refuses: Refuses) -> None:
    assert issubclass(CatalogError, UsageError)
    with refuses(CatalogError, "'v9-huge'", "known packs: ", NAME):
        build_pack.build("v9-huge", "arm")
    assert not (stand_in / "packs").exists()


@pytest.mark.parametrize(
    ("fields", "kind", "words"),
    [
        pytest.param(
            {"rec": {"classes": 6626}},
            PackError,
            ("dictionary.txt", "6624 characters", "6626 classes"),
            id="classes",
        ),
        pytest.param(
            {"rec": {"space": False}}, PackError, ("6623 characters", "6625 classes"), id="space"
        ),
        pytest.param({"rec": {"outputs": "words"}}, PackError, ("outputs 'words'",), id="outputs"),
        pytest.param(
            {"det": {"model": "ch_PP-OCRv9_det"}},
            CatalogError,
            ("'ch_PP-OCRv9_det'", "known models: ", "ch_PP-OCRv4_det"),
            id="unknown model",
        ),
        pytest.param(
            {"rec": {"model": "ch_PP-OCRv4_det"}},
            CatalogError,
            ("ch_PP-OCRv4_det", "no dictionary"),
            id="no recogniser",
        ),
    ],
)
def test_wrong_recipe(
    stand_in: Path,
    recipe: Callable[..., None],
    refuses: Refuses,
    fields: dict[str, Any],
    kind: type[Exception],
    words: tuple[str, ...],
) -> None:
    recipe(**fields)
    with refuses(kind, *words):
        build_pack.build(NAME, "arm")
    assert made(stand_in) == []


@pytest.mark.parametrize("size", ["3m", "8m"], ids=["no room for det", "no room for rec"])
def test_full_disk(
    disk: Disk,
    link_downloads: Link,
    refuses: Refuses,
    monkeypatch: pytest.MonkeyPatch,
    size: str,
) -> None:
    root = disk(size)
    link_downloads(root)
    monkeypatch.setenv(cache.VARIABLE, str(root))
    with refuses(CacheError, root, "No space left on device", cache.VARIABLE):
        build_pack.build(NAME, "arm")
    assert made(root) == []
