"""The module's Java code compiled, a JVM to run it in, and a stand-in for the NDK."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from cross_build.android import abi, assets, gradle, ndk
from cross_build.bundles import paddlelite
from lite_runner import pack as packs
from tests import double
from tests.cross_build.android import stand_in
from tests.cross_build.android.probe import Probe

#: Set where these tests must not be left out.
REQUIRED = "LITE_OCR_ANDROID"
HERE = Path(__file__).parent
#: Android's own classes, as Debian's libandroid-23-java has them.
ANDROID = Path("/usr/lib/android-sdk/platforms/android-23/android.jar")
#: What needs Android's classes; all else runs in any JVM.
OF_ANDROID = {"LiteOcr.java", "BitmapConverter.java"}


def needed(there: bool, what: str) -> None:
    """Leave a test out, or fail where that is not allowed, if something is missing."""
    if not there and os.environ.get(REQUIRED):
        pytest.fail(f"{what} is missing and {REQUIRED} is set")
    if not there:
        pytest.skip(f"{what} is missing")


def javac(classes: Path, *options: str) -> None:
    command = ["javac", "-Xlint:all,-options", "-Werror", "-d", str(classes), *options]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.fixture(scope="session")
def sources() -> list[Path]:
    return sorted(gradle.JAVA.rglob("*.java"))


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory, sources: list[Path]) -> Path:
    """All of the reader but its Android side, and the tests' way into it."""
    needed(shutil.which("javac") is not None, "javac (default-jdk-headless)")
    folder = tmp_path_factory.mktemp("classes")
    own = [str(path) for path in sources if path.name not in OF_ANDROID]
    javac(folder, *own, *map(str, (HERE / "java").rglob("*.java")))
    return folder


@pytest.fixture(scope="session")
def probe(classes: Path) -> Iterator[Probe]:
    """The Java reader, whose models run on this side."""
    running = Probe(classes)
    yield running
    assert running.close() == 0


@pytest.fixture(scope="session")
def double_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return double.pack(tmp_path_factory.mktemp("packs") / "double")


@pytest.fixture(scope="session")
def double_assets(double_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A module's assets of the double's pack."""
    folder = tmp_path_factory.mktemp("assets")
    assets.write(packs.load(double_pack), abi.module(), folder)
    return folder


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stand-in for the NDK."""
    needed(stand_in.jdk() is not None, "a JDK with jni.h (default-jdk-headless)")
    needed(stand_in.LINKER.is_file(), "lld-16")
    for _, _, gcc in stand_in.TOOLS.values():
        needed(shutil.which(gcc) is not None, gcc)
    return stand_in.make(tmp_path_factory.mktemp("ndk") / "stand-in", abi.module().api)


@pytest.fixture(scope="session")
def android_runtimes(kit: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The double of Paddle-Lite, built by the stand-in, by target."""
    place = tmp_path_factory.mktemp("android")
    return {
        target: double.runtime(place / target, stand_in.clang(kit, target), openmp=False)
        for target in stand_in.TOOLS
    }


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache, so that each library is compiled once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def android(
    kit: Path,
    android_runtimes: dict[str, Path],
    compiled: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """An environment with the stand-in and the double for both targets; gives the NDK's folder."""
    monkeypatch.setenv("LITE_OCR_CACHE", str(compiled))
    for variable in ndk.VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(ndk.VARIABLES[0], str(kit))
    for one in abi.abis(",".join(stand_in.TOOLS)):
        monkeypatch.setenv(paddlelite.VARIABLES[one.runtime], str(android_runtimes[one.target]))
    return kit
