"""The ONNX files that peers run."""

from __future__ import annotations

from dataclasses import replace

import onnx
import pytest

from cross_build.bench.peers import weights
from opt_models.catalog import catalog
from opt_models.errors import CatalogError
from opt_models.packs import resolve
from opt_models.runtime import Runtime


@pytest.mark.parametrize("name", ["v4-mobile", "v5-mobile", "v6-tiny", "v6-small"])
def test_every_stage_has_its_file(name: str) -> None:
    found = weights.named(name)
    assert set(found.files) == {"det", "cls", "rec", "dict"}
    for stage, model in catalog.recipe(name).models.items():
        assert found.models[stage] == model.name
    # The recogniser's classes are its characters, the blank and the space.
    characters = found.files["dict"].read_text(encoding="utf-8").split("\n")
    (output,) = onnx.load(found.files["rec"]).graph.output
    declared = [dim.dim_value for dim in output.type.tensor_type.shape.dim][2:]
    assert declared in ([], [0], [len(characters) + 2])
    row = catalog.model(found.models["rec"]).dictionary
    assert row is not None
    assert len(characters) == row.lines


def test_a_pack_has_the_weights_of_its_networks() -> None:
    pack = resolve.find("v4-mobile", Runtime("v2.13-rc", "x86"))
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
