"""Copies of packs outside the cache."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, ContextManager

import pytest

from lite_runner import pack as packs
from opt_models.errors import CatalogError
from opt_models.packs import pack_folder
from opt_models.runtime import Runtime

Refuses = Callable[..., ContextManager[None]]

ARM = Runtime("v2.13-rc", "armv8")


def test_a_copy_is_the_same_pack(made: packs.Pack, copy: packs.Pack, tmp_path: Path) -> None:
    assert copy.folder == tmp_path / "packs" / "mine"
    names = {path.name for path in made.folder.iterdir()}
    assert {path.name for path in copy.folder.iterdir()} == names
    for name in names:
        assert (copy.folder / name).read_bytes() == (made.folder / name).read_bytes()
    assert [path.name for path in copy.folder.parent.iterdir()] == ["mine"]


def test_a_copy_takes_the_place_of_an_older_pack(made: packs.Pack, copy: packs.Pack) -> None:
    (copy.folder / "det.nb").write_bytes(b"old")
    (copy.folder / "left over").write_bytes(b"old")
    again = pack_folder.write(made, copy.folder)
    assert packs.load(again.folder) == again
    assert not (again.folder / "left over").exists()


def test_a_copy_into_an_empty_folder(made: packs.Pack, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert pack_folder.write(made, tmp_path / "empty").name == "v4-mobile"


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_is_no_pack_is_left_alone(
    made: packs.Pack, tmp_path: Path, refuses: Refuses, kind: str
) -> None:
    place = tmp_path / "thesis"
    if kind == "folder":
        place.mkdir()
        (place / "chapter1").write_text("work of years")
    else:
        place.write_text("work of years")
    with refuses(CatalogError, f"--out {place}", "is not a pack"):
        pack_folder.check(place)
    with refuses(CatalogError, f"--out {place}", "is not a pack"):
        pack_folder.write(made, place)
    assert "work of years" in (place / "chapter1" if kind == "folder" else place).read_text()


def test_only_what_a_pack_names_is_copied(
    made: packs.Pack, copy: packs.Pack, tmp_path: Path
) -> None:
    (tmp_path / "id_ed25519").write_text("secret")
    (copy.folder / "notes.txt").symlink_to(tmp_path / "id_ed25519")
    (copy.folder / "more.bin").write_text("more")
    again = pack_folder.write(packs.load(copy.folder), tmp_path / "again")
    names = {path.name for path in made.files}
    assert {path.name for path in again.folder.iterdir()} == names
    assert "pack.json" in names


def test_where_one_is_cannot_be_replaced(
    tmp_path: Path, refuses: Refuses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with refuses(CatalogError, "is where you are"):
        pack_folder.check(tmp_path)


def test_the_older_pack_stays_when_there_is_no_room(
    made: packs.Pack, copy: packs.Pack, monkeypatch: pytest.MonkeyPatch, refuses: Refuses
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", fail)
    with refuses(CatalogError, f"--out {copy.folder}", "No space left", "choose another"):
        pack_folder.write(made, copy.folder)
    assert packs.load(copy.folder) == copy
    assert [path.name for path in copy.folder.parent.iterdir()] == ["mine"]


def test_what_a_killed_process_left_is_put_right(made: packs.Pack, copy: packs.Pack) -> None:
    """Killed between moving the older pack away and the new one in."""
    left = copy.folder.with_name(".lite-ocr-mine-xyz")
    left.mkdir()
    copy.folder.rename(left / "old")
    again = pack_folder.write(made, copy.folder)
    assert packs.load(again.folder) == again
    assert [path.name for path in copy.folder.parent.iterdir()] == ["mine"]


def test_what_a_user_keeps_beside_it_stays(made: packs.Pack, copy: packs.Pack) -> None:
    for name in (".mine.old", ".lite-ocr-mine-notes", "mine.old"):
        (copy.folder.parent / name).mkdir()
        (copy.folder.parent / name / "thesis").write_text("work of years")
    pack_folder.write(made, copy.folder)
    kept = sorted(path.parent.name for path in copy.folder.parent.rglob("thesis"))
    assert kept == [".lite-ocr-mine-notes", ".mine.old", "mine.old"]


@pytest.mark.parametrize("size", ["4m"])
def test_a_full_disk(
    made: packs.Pack, disk: Callable[[str], Path], refuses: Refuses, size: str
) -> None:
    place = disk(size) / "pack"
    with refuses(CatalogError, f"--out {place}", "No space left on device"):
        pack_folder.write(made, place)
    assert list(place.parent.iterdir()) == []


def test_a_place_that_cannot_be_written(made: packs.Pack, tmp_path: Path, refuses: Refuses) -> None:
    (tmp_path / "file").write_text("")
    with refuses(CatalogError, "cannot be written", "choose another"):
        pack_folder.write(made, tmp_path / "file" / "pack")


def test_many_at_once(made: packs.Pack, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: pack_folder.write(made, tmp_path / "pack"), range(24)))
    assert {pack.folder for pack in found} == {tmp_path / "pack"}
    assert [path.name for path in tmp_path.iterdir()] == ["pack"]


def test_summary(copy: packs.Pack) -> None:
    text = pack_folder.summary(copy)
    for words in (
        f"pack v4-mobile: {copy.folder}",
        "det  ch_PP-OCRv4_det",
        "by opt v2.13-rc",
        "6624 characters",
        "runs on    Paddle-Lite v2.13-rc, arm",
        "must read  你好，世界 / Paddle-Lite 2026",
    ):
        assert words in text
