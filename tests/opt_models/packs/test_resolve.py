"""Packs by name and by folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable, ContextManager

import pytest

from lite_runner import pack as packs
from lite_runner.errors import PackError
from opt_models.catalog import catalog
from opt_models.errors import CatalogError
from opt_models.formats import nb
from opt_models.packs import resolve
from opt_models.runtime import Runtime

Refuses = Callable[..., ContextManager[None]]

ARM = Runtime("v2.13-rc", "armv8")


def change(pack: packs.Pack, **fields: object) -> None:
    place = pack.folder / "pack.json"
    data = json.loads(place.read_text(encoding="utf-8"))
    place.write_text(json.dumps({**data, **fields}), encoding="utf-8")


def test_a_name_may_ask_for_a_precision(downloads: Path) -> None:
    assert resolve.named("v4-mobile-int8") == (catalog.recipe("v4-mobile"), "int8")
    assert resolve.named("v1.1-slim") == (catalog.recipe("v1.1-slim"), None)
    pack = resolve.find("v4-mobile-fp16", ARM)
    assert pack.name == "v4-mobile-fp16"
    precisions = {stage: network.precision for stage, network in pack.networks.items()}
    assert precisions == {"det": "fp32", "cls": "fp32", "rec": "fp16"}
    assert pack == resolve.find(pack.name, ARM)
    for network in pack.networks.values():
        assert nb.read(network.path).summary.precision == network.precision


def test_a_precision_that_cannot_be_is_told(downloads: Path, refuses: Refuses) -> None:
    with refuses(CatalogError, "no pack 'v4-mobile-int4'", "similar: v4-mobile"):
        resolve.find("v4-mobile-int4", ARM)
    with refuses(CatalogError, "no pack 'v9-fp16'"):
        resolve.find("v9-fp16", ARM)
    with refuses(CatalogError, "computes in fp16 on ARM only"):
        resolve.find("v4-mobile-fp16", Runtime("v2.13-rc", "x86"))


def test_a_pack_damaged_in_the_cache_is_made_anew(
    made: packs.Pack, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in made.files}
    for name in ("pack.json", "rec.nb"):
        (made.folder / name).write_text("")
        again = resolve.find("v4-mobile", ARM)
        assert {path.name: path.read_bytes() for path in again.files} == before
        told = capsys.readouterr().err.splitlines()
        assert f"{name} has 0 bytes instead of {len(before[name])}; making it anew" in told[0]


def test_found_by_folder(copy: packs.Pack) -> None:
    assert resolve.find(str(copy.folder), ARM) == copy


def test_a_name_goes_before_a_folder(
    made: packs.Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "v4-mobile").mkdir()
    monkeypatch.chdir(tmp_path)
    assert resolve.find("v4-mobile", ARM) == made


@pytest.mark.parametrize("runtime", [Runtime("v2.13-rc", "x86"), Runtime("v2.9", "armv8")], ids=str)
def test_a_pack_for_another_runtime(copy: packs.Pack, refuses: Refuses, runtime: Runtime) -> None:
    with refuses(
        PackError, copy.folder, "v2.13-rc on arm", f"{runtime.release} on {runtime.processor}"
    ):
        resolve.find(str(copy.folder), runtime)


def test_a_pack_that_was_verified_on_more_runtimes(copy: packs.Pack) -> None:
    change(copy, runtimes=["v2.9", "v2.13-rc"])
    assert resolve.find(str(copy.folder), Runtime("v2.9", "armv8")).name == "v4-mobile"


def test_neither_name_nor_folder(refuses: Refuses, tmp_path: Path) -> None:
    with refuses(CatalogError, "pack packs/none: there is no such folder", "invoke pack"):
        resolve.find("packs/none", ARM)
    with refuses(CatalogError, "there is no pack 'none'"):
        resolve.find("none", ARM)
    with refuses(PackError, tmp_path, "pack.json"):
        resolve.find(str(tmp_path), ARM)
