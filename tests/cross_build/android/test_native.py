"""JNI in a desktop JVM: the module's native code, built for this computer, and the double."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Iterator

import numpy as np
import pytest

from cross_build.android import abi, assets, ndk
from lite_runner import pack as packs
from tests import double
from tests.cross_build.android import stand_in
from tests.cross_build.android.conftest import needed
from tests.cross_build.android.probe import FailedError, Probe

PICTURE = double.picture()


@pytest.fixture(scope="session")
def native(classes: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probe]:
    """A JVM that checks what native code does, with the double of Paddle-Lite for this computer."""
    needed(shutil.which("g++") is not None, "g++")
    needed(stand_in.jdk() is not None, "a JDK with jni.h (default-jdk-headless)")
    folder = tmp_path_factory.mktemp("x86")
    runtime = double.runtime(folder / "runtime", "g++")
    libraries = runtime / "lib"
    # All but the compiler's name is as for Android, and where the library is found.
    subprocess.run(
        [
            *("g++", "-Wall", "-Wextra", "-Werror", *ndk.OPTIONS, *stand_in.includes()),
            *(f"-I{runtime / 'include'}", f"-I{ndk.HEADER.parent}", *map(str, ndk.SOURCES)),
            *(str(ndk.import_library(libraries / ndk.LIBRARY, folder, ["g++"])),),
            *("-Wl,-rpath,$ORIGIN", "-o", str(libraries / ndk.SHIM)),
        ],
        check=True,
    )
    running = Probe(classes, libraries)
    yield running
    assert running.close() == 0


def made(folder: Path, **changes: bytes) -> Path:
    """Assets of the double's pack, with models of one's own."""
    pack = packs.load(double.pack(folder / "pack", changes))
    (folder / "assets").mkdir()
    assets.write(pack, abi.module(), folder / "assets")
    return folder / "assets"


@pytest.mark.parametrize("reshapes", [False, True])
def test_a_picture_is_read_end_to_end(native: Probe, tmp_path: Path, reshapes: bool) -> None:
    folder, kept = made(tmp_path), tmp_path / "kept"
    for picture in (PICTURE, np.pad(PICTURE, ((0, 300), (0, 90), (0, 0)), constant_values=255)):
        lines = native.read(folder, picture, None, kept, reshapes=reshapes, check=True)
        assert [text for text, *_ in lines] == list(double.LINES)
    # Each model was copied once, under its hash, and nothing else is left.
    hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.nb")}
    assert {path.name for path in kept.iterdir()} == hashes


def test_models_that_must_not_change_their_shape_are_opened_anew(
    native: Probe, tmp_path: Path
) -> None:
    # The double's stale models are wrong after a change of shape; lines are of two widths here.
    folder = made(tmp_path, rec=b"DOUBLE rec stale")
    picture = PICTURE.copy()
    picture[180:230, 200:340] = 255
    lines = native.read(folder, picture, None, tmp_path / "kept")
    assert [text for text, *_ in lines] == ["abab", "ba"]
    wrong = native.read(folder, picture, None, tmp_path / "kept", reshapes=True)
    assert [text for text, *_ in wrong] != ["abab", "ba"]


def test_models_of_an_earlier_pack_are_removed(native: Probe, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / ("0" * 64)).write_bytes(b"an earlier model")
    (kept / "fresh123.tmp").write_bytes(b"what was left when the app was killed")
    native.read(made(tmp_path), PICTURE, None, kept)
    assert {len(path.name) for path in kept.iterdir()} == {64}
    assert not (kept / ("0" * 64)).exists()


def test_a_damaged_model_is_not_loaded(native: Probe, tmp_path: Path) -> None:
    folder = made(tmp_path)
    (folder / "rec.nb").write_bytes(b"DOUBLE other")
    with pytest.raises(
        FailedError, match=r"rec.nb: cannot be kept \(rec.nb is damaged: its sha256"
    ):
        native.read(folder, PICTURE, None, tmp_path / "kept")
    assert len(list((tmp_path / "kept").iterdir())) == 2  # the two that are whole


def test_a_missing_model_is_told(native: Probe, tmp_path: Path) -> None:
    folder = made(tmp_path)
    (folder / "cls.nb").unlink()
    with pytest.raises(FailedError, match=r"cls.nb: cannot be kept"):
        native.read(folder, PICTURE, None, tmp_path / "kept")


def test_a_model_that_the_library_refuses_is_told(native: Probe, tmp_path: Path) -> None:
    folder = made(tmp_path, cls=b"THROW")
    words = "cls.nb: Paddle-Lite cannot load it: unknown model"
    with pytest.raises(FailedError, match=words):
        native.read(folder, PICTURE, None, tmp_path / "kept")


def test_a_pack_for_another_release_is_refused(native: Probe, tmp_path: Path) -> None:
    folder = made(tmp_path)
    text = (folder / assets.SETTINGS).read_text().replace(double.RELEASE, "v9")
    (folder / assets.SETTINGS).write_text(text)
    words = r"det.nb: was made for Paddle-Lite \[v9\], the library says v0-double"
    with pytest.raises(FailedError, match=words):
        native.read(folder, PICTURE, None, tmp_path / "kept")


def test_an_output_of_another_kind_is_told(native: Probe, tmp_path: Path) -> None:
    # It doubles its input, as large as the picture in three channels.
    folder = made(tmp_path, det=b"DOUBLE plain")
    with pytest.raises(
        FailedError, match=r"det.nb: gave \d+ numbers for \d+x\d+ pixels; is it a DB"
    ):
        native.read(folder, PICTURE, None, tmp_path / "kept")


def test_the_settings_are_those_of_the_pack(double_pack: Path) -> None:
    text = assets.settings(packs.load(double_pack), abi.module())
    data = json.loads((double_pack / "pack.json").read_text())
    for line in ("runtimes=v0-double", "threads=2", "power=0", "det.unclip_ratio=1.6"):
        assert line in text.splitlines()
    for stage in ("det", "cls", "rec"):
        assert f"sha256.{stage}.nb={data[stage]['sha256']}" in text.splitlines()
