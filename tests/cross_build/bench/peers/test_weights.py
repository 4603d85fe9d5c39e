"""The ONNX files that peers run."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cross_build.bench.peers import weights
from lite_runner.release import sha256
from opt_models import cache, named_pack
from opt_models.errors import CatalogError, FetchError
from opt_models.runtime import Runtime


@pytest.mark.parametrize("name", ["v4-mobile", "v6-tiny", "v6-small"])
def test_every_stage_has_its_file(name: str) -> None:
    found = weights.named(name)
    assert set(found.files) == {"det", "cls", "rec", "dict"}
    assert len({sha256(path) for path in found.files.values()}) == 4
    characters = found.files["dict"].read_text(encoding="utf-8").splitlines()
    assert len(characters) == len(set(characters)) > 6000


def test_a_pack_has_the_weights_of_its_networks() -> None:
    pack = named_pack.find("v4-mobile", Runtime("v2.13-rc", "x86"))
    expected = weights.named("v4-mobile")
    assert weights.of_pack(pack) == expected
    # Whatever it is called, and without a classifier of its own: peers turn lines by default.
    found = weights.of_pack(replace(pack, name="mine", classifier=None))
    assert (found.name, found.files) == ("mine", expected.files)


def test_networks_that_nobody_carries_are_named() -> None:
    with pytest.raises(CatalogError) as caught:
        weights.named("v3")
    assert "pack v3: there is no ONNX file of ch_PP-OCRv3_det" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = weights.named("v4-mobile").files["det"]
    inside = whole.relative_to(cache.root() / "peers")
    shutil.copytree(cache.root() / "peers" / inside.parts[0], tmp_path / "peers" / inside.parts[0])
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    copy = tmp_path / "peers" / inside
    copy.write_bytes(copy.read_bytes()[:-1])
    with pytest.raises(FetchError, match=rf"{inside.name}: is missing or not the file.*; delete "):
        weights.named("v4-mobile")
