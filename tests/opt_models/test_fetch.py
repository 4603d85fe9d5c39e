"""Every download of the catalog, up to the edge of the network; what is had without it, whole."""

from __future__ import annotations

import io
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Callable, ContextManager, Iterator

import pytest

from opt_models import cache, catalog, fetch, opt
from opt_models.errors import CatalogError, ChangedError, FetchError
from opt_models.formats import program
from opt_models.sources import checksums, settings

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
    monkeypatch.setenv(settings.FOLDER, str(tmp_path / "config"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.mark.parametrize("name", list(catalog.models()))
def test_the_right_requests(
    server: tuple[str, list[str]],
    refuses: Refuses,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
) -> None:
    address, asked = server
    monkeypatch.setattr(catalog, "host", lambda: f"{address}/host")
    monkeypatch.setenv(settings.MIRRORS, f"{address}/mirror")
    model = catalog.model(name)
    for kind in model.kinds:
        if kind == "inference" and model.wheel is not None:
            continue  # see below
        asked.clear()
        first = model.offered(kind)[0].path
        with refuses(FetchError, f"{address}/mirror{first}: 404", f"{address}/host{first}: 404"):
            fetch.published(model, kind)
        paths = [one.path for one in model.offered(kind)]
        assert asked == [f"/{base}{path}" for path in paths for base in ("mirror", "host")]
    assert not list((tmp_path / "cache").rglob(Path(first).name))
    assert not (tmp_path / "config" / "catalog.lock").exists()


@pytest.mark.parametrize(
    "name", [model.name for model in catalog.models().values() if model.wheel is not None]
)
def test_models_in_a_wheel_need_no_host(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.OFFLINE, "1")
    files = fetch.inference(catalog.model(name))
    assert files.program.parent == fetch.published(catalog.model(name), "inference")
    assert program.summary(files.program).operators["fetch"] == 1


def test_the_users_own_folder_goes_before_a_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = catalog.model("ch_ppocr_mobile_v2.0_cls")
    files = fetch.inference(model)
    folder = tmp_path / "downloads" / "deep"
    folder.mkdir(parents=True)
    path = Path(model.offered("inference")[0].path)
    with tarfile.open(folder / path.name, "w") as archive:
        for file in (files.program, files.params):
            info = tarfile.TarInfo(f"{path.stem}/{file.name}")
            info.size = file.stat().st_size
            archive.addfile(info, io.BytesIO(file.read_bytes()))
    monkeypatch.setenv(settings.MODELS, str(tmp_path / "downloads"))
    monkeypatch.setenv(settings.OFFLINE, "1")
    given = fetch.inference(model)
    assert given.program != files.program
    assert given.program.read_bytes() == files.program.read_bytes()
    assert given.params.read_bytes() == files.params.read_bytes()


@pytest.fixture
def two_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, downloads: Path) -> Path:
    """A mirror with a model that is published in two places, and differs between them."""
    model = catalog.model("ch_ppocr_mobile_slim_v2.0_rec")
    files = fetch.inference(catalog.model("ch_PP-OCRv4_rec"))
    for one in model.offered("inference"):
        place = tmp_path / "mirror" / one.path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(place, "w") as archive:
            for file in (files.program, files.params):
                archive.add(file, f"{len(one.path)}/{file.name}")
    monkeypatch.setenv(settings.MIRRORS, str(tmp_path / "mirror"))
    monkeypatch.setenv(settings.OFFLINE, "1")
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
    monkeypatch.setenv(settings.MODELS, str(two_addresses))
    assert fetch.published(model, "slim").read_bytes() == made
    assert checksums.recorded(first.path) is None
    assert checksums.recorded(second.path) is not None


def opt_made(target: Path) -> bytes:
    """An .nb file."""
    files = fetch.inference(catalog.model("ch_ppocr_mobile_v2.0_cls"))
    target.parent.mkdir(parents=True)
    opt.optimise(files.program, files.params, target, "arm")
    return target.read_bytes()


def test_but_not_when_the_first_has_changed(two_addresses: Path, refuses: Refuses) -> None:
    model = catalog.model("ch_ppocr_mobile_slim_v2.0_rec")
    first, second = model.offered("inference")
    checksums.record(first.path, "0" * 64, 1)
    with refuses(ChangedError, Path(first.path).name, "recorded " + "0" * 64, "delete its line"):
        fetch.published(model, "inference")
    assert checksums.recorded(second.path) is None


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
    files = fetch.inference(model)
    place = two_addresses / model.offered("inference")[0].path.lstrip("/")
    place.parent.mkdir(parents=True)
    with tarfile.open(place, "w") as archive:
        for file in (files.program, files.params):
            archive.add(file, file.name)
    # A cache without the wheel, and no network to have it from.
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "empty"))
    given = fetch.inference(model)
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
    with refuses(FetchError, model.name, "no inference model", "delete that folder"):
        fetch.inference(model)


def test_a_kind_that_is_not_offered(refuses: Refuses) -> None:
    model = catalog.model("ch_PP-OCRv4_det")
    offered = "offered: --kind inference, --kind trained"
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
    monkeypatch.setenv(settings.MIRRORS, str(tmp_path / "mirror"))
    monkeypatch.setenv(settings.OFFLINE, "1")
    with refuses(FetchError, "is not a Paddle-Lite model"):
        fetch.published(model, "slim")
    assert not (tmp_path / "config" / "catalog.lock").exists()
    assert not list((tmp_path / "cache").rglob("*.nb"))
