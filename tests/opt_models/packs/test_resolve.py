"""Packs by name and by folder, and copies of them outside the cache."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
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


@pytest.fixture(scope="module")
def made(downloads: Path) -> packs.Pack:
    return resolve.find("v4-mobile", ARM)


@pytest.fixture
def copy(made: packs.Pack, tmp_path: Path) -> packs.Pack:
    return resolve.write(made, tmp_path / "packs" / "mine")


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
    again = resolve.write(made, copy.folder)
    assert packs.load(again.folder) == again
    assert not (again.folder / "left over").exists()


def test_a_copy_into_an_empty_folder(made: packs.Pack, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert resolve.write(made, tmp_path / "empty").name == "v4-mobile"


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
        resolve.check_folder(place)
    with refuses(CatalogError, f"--out {place}", "is not a pack"):
        resolve.write(made, place)
    assert "work of years" in (place / "chapter1" if kind == "folder" else place).read_text()


def test_only_what_a_pack_names_is_copied(
    made: packs.Pack, copy: packs.Pack, tmp_path: Path
) -> None:
    (tmp_path / "id_ed25519").write_text("secret")
    (copy.folder / "notes.txt").symlink_to(tmp_path / "id_ed25519")
    (copy.folder / "more.bin").write_text("more")
    again = resolve.write(packs.load(copy.folder), tmp_path / "again")
    names = {path.name for path in made.files}
    assert {path.name for path in again.folder.iterdir()} == names
    assert "pack.json" in names


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


def test_where_one_is_cannot_be_replaced(
    tmp_path: Path, refuses: Refuses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with refuses(CatalogError, "is where you are"):
        resolve.check_folder(tmp_path)


def test_the_older_pack_stays_when_there_is_no_room(
    made: packs.Pack, copy: packs.Pack, monkeypatch: pytest.MonkeyPatch, refuses: Refuses
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", fail)
    with refuses(CatalogError, f"--out {copy.folder}", "No space left", "choose another"):
        resolve.write(made, copy.folder)
    assert packs.load(copy.folder) == copy
    assert [path.name for path in copy.folder.parent.iterdir()] == ["mine"]


def test_what_a_killed_process_left_is_put_right(made: packs.Pack, copy: packs.Pack) -> None:
    """Killed between moving the older pack away and the new one in."""
    left = copy.folder.with_name(".lite-ocr-mine-xyz")
    left.mkdir()
    copy.folder.rename(left / "old")
    again = resolve.write(made, copy.folder)
    assert packs.load(again.folder) == again
    assert [path.name for path in copy.folder.parent.iterdir()] == ["mine"]


def test_what_a_user_keeps_beside_it_stays(made: packs.Pack, copy: packs.Pack) -> None:
    for name in (".mine.old", ".lite-ocr-mine-notes", "mine.old"):
        (copy.folder.parent / name).mkdir()
        (copy.folder.parent / name / "thesis").write_text("work of years")
    resolve.write(made, copy.folder)
    kept = sorted(path.parent.name for path in copy.folder.parent.rglob("thesis"))
    assert kept == [".lite-ocr-mine-notes", ".mine.old", "mine.old"]


@pytest.mark.parametrize("size", ["4m"])
def test_a_full_disk(
    made: packs.Pack, disk: Callable[[str], Path], refuses: Refuses, size: str
) -> None:
    place = disk(size) / "pack"
    with refuses(CatalogError, f"--out {place}", "No space left on device"):
        resolve.write(made, place)
    assert list(place.parent.iterdir()) == []


def test_a_place_that_cannot_be_written(made: packs.Pack, tmp_path: Path, refuses: Refuses) -> None:
    (tmp_path / "file").write_text("")
    with refuses(CatalogError, "cannot be written", "choose another"):
        resolve.write(made, tmp_path / "file" / "pack")


def test_many_at_once(made: packs.Pack, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: resolve.write(made, tmp_path / "pack"), range(24)))
    assert {pack.folder for pack in found} == {tmp_path / "pack"}
    assert [path.name for path in tmp_path.iterdir()] == ["pack"]


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


def test_summary(copy: packs.Pack) -> None:
    text = resolve.summary(copy)
    for words in (
        f"pack v4-mobile: {copy.folder}",
        "det  ch_PP-OCRv4_det",
        "by opt v2.13-rc",
        "6624 characters",
        "runs on    Paddle-Lite v2.13-rc, arm",
        "must read  你好，世界 / Paddle-Lite 2026",
    ):
        assert words in text
