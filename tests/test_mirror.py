"""From a mirror of the model host to text: fetch, convert, pack, deploy, read, as a user does it.

The model host may be out of reach where tests run, so real models from the package index stand in
for those of V1.1: packed as its archives are (``model`` and ``params``, with what macOS leaves in
them), below its paths, served over HTTP.
"""

from __future__ import annotations

import functools
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Iterator

import pytest

from lite_runner import pack as packs
from opt_models.catalog import catalog, fetch
from opt_models.formats import nb
from opt_models.paddlelite import env
from opt_models.store import cache

ROOT = Path(__file__).parent.parent
#: Models of V1.1 and those that stand in for them.
STAND_INS = {
    "ch_ppocr_mobile_v1.1_det": "ch_PP-OCRv4_det",
    "ch_ppocr_mobile_v1.1_cls": "ch_ppocr_mobile_v2.0_cls",
    "ch_ppocr_mobile_v1.1_rec": "ch_PP-OCRv4_rec",
}


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out like the model host."""
    root = tmp_path_factory.mktemp("mirror")
    for name, other in STAND_INS.items():
        files = fetch.exported(catalog.model(other))
        path = catalog.model(name).offered("inference")[0].path
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(path).stem
        with tarfile.open(place, "w") as archive:
            for label, data in (
                ("._model", b"\0\5\x16\7"),
                ("model", files.program.read_bytes()),
                ("params", files.params.read_bytes()),
            ):
                info = tarfile.TarInfo(f"{folder}/{label}")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return root


@pytest.fixture(scope="module")
def server(mirror: Path) -> Iterator[tuple[str, list[str]]]:
    """The mirror over HTTP: its address, and what was asked for."""
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: Any) -> None:
            asked.append(self.path)

    handler = functools.partial(Handler, directory=str(mirror))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}", asked
        running.shutdown()


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, server: tuple[str, list[str]]
) -> dict[str, str]:
    """A user's environment: the mirror, a cache of its own, and no way past the mirror."""
    root = tmp_path_factory.mktemp("world")
    env.find()
    (root / "cache").mkdir()
    for entry in cache.root().iterdir():
        # What comes from the package index is there already.
        if entry.name.startswith("paddlelite-") or entry.name == "wheels":
            (root / "cache" / entry.name).symlink_to(entry)
    return {
        **os.environ,
        "LITE_OCR_CACHE": str(root / "cache"),
        "LITE_OCR_CONFIG": str(root / "config"),
        "LITE_OCR_HOME": str(root / "home"),
        "PPOCR_MIRROR": server[0],
        "no_proxy": "127.0.0.1",
    }


def invoke(
    world: dict[str, str], *words: object, **changes: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "invoke", *map(str, words)],
        cwd=ROOT,
        env={**world, **changes},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def made(world: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("packs") / "v1.1"
    run = invoke(world, "pack", "v1.1", "--target", "local", "--out", out)
    assert run.returncode == 0, run.stderr
    assert str(out) in run.stdout
    return out


def test_fetch_convert_and_pack(made: Path, server: tuple[str, list[str]]) -> None:
    pack = packs.load(made)
    assert (pack.name, pack.arch) == ("v1.1", "x86")
    for stage, network in (
        ("det", pack.detector.network),
        ("cls", pack.classifier and pack.classifier.network),
        ("rec", pack.recogniser.network),
    ):
        assert network is not None
        model = catalog.recipe("v1.1").models[stage]
        assert network.source == model.name
        assert nb.read_header(network.path).opt_version == env.WHEEL.release
        assert model.offered("inference")[0].path in server[1]


def test_the_pack_reads_on_the_board(made: Path, world: dict[str, str], tmp_path: Path) -> None:
    deployed = invoke(world, "deploy", "--pack", made)
    assert deployed.returncode == 0, deployed.stderr
    assert "deployed and verified" in deployed.stdout
    assert "pack      v1.1," in deployed.stdout
    read = invoke(world, "read", "samples/shop_sign.jpg", "--json", "-")
    (result,) = json.loads(read.stdout)
    assert "老城面馆" in [line["text"] for line in result["lines"]]


def test_checksums_are_recorded_and_checked_ever_after(
    made: Path, world: dict[str, str], mirror: Path, tmp_path: Path
) -> None:
    lock = Path(world["LITE_OCR_CONFIG"]) / "catalog.lock"
    rows = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
    assert len(rows) == len(STAND_INS)
    path = catalog.model("ch_ppocr_mobile_v1.1_cls").offered("inference")[0].path
    changed = tmp_path / "changed" / path.lstrip("/")
    changed.parent.mkdir(parents=True)
    other = catalog.model("ch_ppocr_mobile_v1.1_det").offered("inference")[0].path
    changed.write_bytes((mirror / other.lstrip("/")).read_bytes())
    run = invoke(
        world,
        "models.fetch",
        "ch_ppocr_mobile_v1.1_cls",
        "--offline",
        LITE_OCR_CACHE=str(tmp_path / "cache"),
        PPOCR_MIRROR=str(tmp_path / "changed"),
    )
    assert run.returncode == 1
    assert "catalog.lock" in run.stderr
    assert not list((tmp_path / "cache").rglob(Path(path).name))


def test_a_second_pack_asks_nobody(
    made: Path, world: dict[str, str], server: tuple[str, list[str]], tmp_path: Path
) -> None:
    before = len(server[1])
    run = invoke(world, "pack", "v1.1", "--out", tmp_path / "again", "--offline")
    assert run.returncode == 0, run.stderr
    assert len(server[1]) == before
    for file in made.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


def test_published_files_from_a_folder(
    mirror: Path, world: dict[str, str], server: tuple[str, list[str]], tmp_path: Path
) -> None:
    """As downloaded by hand: all in one folder, by their names."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    for file in mirror.rglob("*.tar"):
        (folder / file.name).write_bytes(file.read_bytes())
    before = len(server[1])
    run = invoke(
        world,
        *("models.fetch", "ch_ppocr_mobile_v1.1_det", "--models", folder),
        LITE_OCR_CACHE=str(tmp_path / "cache"),
    )
    assert run.returncode == 0, run.stderr
    found = Path(run.stdout.strip())
    assert sorted(file.name for file in found.rglob("*") if file.is_file()) == ["model", "params"]
    assert len(server[1]) == before


@pytest.mark.parametrize("name", ["v1.1-slim", "v1.1-french", "v2.0", "v3", "v1.0", "v4-server"])
def test_other_packs_stop_at_the_edge_of_the_network_with_the_right_request(
    world: dict[str, str], server: tuple[str, list[str]], tmp_path: Path, name: str
) -> None:
    # A dead proxy: whatever is asked of the host itself fails at once.
    run = invoke(
        world,
        *("pack", name, "--out", tmp_path / "out"),
        https_proxy="http://127.0.0.1:9",
        no_proxy="127.0.0.1",
    )
    # The detector of v1.1-french is among the stand-ins.
    stage = "rec" if name == "v1.1-french" else "det"
    first = catalog.recipe(name).models[stage].offered("inference")[0].path
    assert run.returncode == 1
    (line,) = [line for line in run.stderr.splitlines() if line.startswith("invoke: ")]
    assert "Traceback" not in run.stderr
    assert server[0] + first in line
    assert catalog.host() + first in line
    assert not (tmp_path / "out").exists()
