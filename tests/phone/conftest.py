"""Phones that are folders, reached by a stand-in for adb, and a double of Paddle-Lite for them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from cross_build.boards import emulator
from cross_build.boards.board import Board
from cross_build.boards.connect import connect
from cross_build.bundles import debian
from cross_build.deploys import deploy as deploys
from cross_build.errors import BoardError
from cross_build.targets.targets import target
from tests import double
from tests.phone import adb_stand_in

#: Set where these tests must not be left out.
REQUIRED = "LITE_OCR_EMULATE"
FOLDER = "data/local/tmp/lite-ocr"


class Phone:
    """A folder that is a phone.

    Attributes:
        place: of the stand-in.
        root: all that the phone's programs see.
        runtime: the double.
    """

    def __init__(self, place: Path, runtime: Path, name: str = "android-arm64") -> None:
        self.place = place
        self.root = place / "root"
        self.runtime = runtime
        self.target = target(name)

    @property
    def board(self) -> Board:
        """The phone as deploys see it, by a connection of its own."""
        return self.at("")

    def at(self, folder: str) -> Board:
        return connect(self.target, folder=folder)

    def deploy(self, pack: Path, board: Board | None = None) -> deploys.Deployment:
        return deploys.deploy(board or self.board, str(pack), str(self.runtime))

    @property
    def home(self) -> Path:
        """The folder of releases, on this computer."""
        return self.root / FOLDER

    @property
    def current(self) -> str:
        return Path(os.readlink(self.home / "current")).name

    def program(self, *arguments: str) -> Any:
        return self.board.transport.run([f"/{FOLDER}/ocr", *arguments])

    def settle(self, **settings: Any) -> None:
        adb_stand_in.settle(self.place, **settings)


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the double; leaves tests out where none can be made or run."""
    compiler = "aarch64-linux-gnu-g++"
    try:
        emulator.ready("aarch64")
    except BoardError as error:
        if os.environ.get(REQUIRED):
            raise
        pytest.skip(str(error))
    if shutil.which(compiler) is None and not os.environ.get(REQUIRED):
        pytest.skip(f"{compiler} missing")
    return double.runtime(tmp_path_factory.mktemp("runtime") / "double", compiler)


@pytest.fixture(scope="session")
def tools(runtime: Path) -> tuple[Path, Path]:
    """Android's shell and a busybox for ARM that need nothing else."""
    return tools_for("aarch64")


def tools_for(machine: str) -> tuple[Path, Path]:
    packages = debian.unpacked(machine, "bookworm", ["busybox-static", "mksh"])
    folders = {one.name: one.folder for one in packages}
    (shell,) = folders["mksh"].glob("usr/lib/*-linux-musl*/bin/mksh")
    return shell, folders["busybox-static"] / "bin/busybox"


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The double's pack."""
    return double.pack(tmp_path_factory.mktemp("plain") / "pack")


@pytest.fixture
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Makes a stand-in the adb of this test and of what it starts."""

    def plug(place: Path) -> None:
        monkeypatch.setenv(adb_stand_in.VARIABLE, str(place))
        monkeypatch.setenv("PATH", f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.delenv("ANDROID_SERIAL", raising=False)

    return plug


@pytest.fixture
def fresh(
    tmp_path: Path, tools: tuple[Path, Path], runtime: Path, plugged_in: Callable[[Path], None]
) -> Iterator[Phone]:
    """A phone on which nothing of ours ever was."""
    place = tmp_path / "phone"
    adb_stand_in.make(place, *tools)
    plugged_in(place)
    yield Phone(place, runtime)
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def deployed(
    tmp_path_factory: pytest.TempPathFactory, tools: tuple[Path, Path], runtime: Path, plain: Path
) -> Path:
    """The data of a phone with the plain pack in use, to be linked into others."""
    place = tmp_path_factory.mktemp("deployed") / "phone"
    adb_stand_in.make(place, *tools)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(adb_stand_in.VARIABLE, str(place))
        patch.setenv("PATH", f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}")
        patch.delenv("ANDROID_SERIAL", raising=False)
        done = Phone(place, runtime).deploy(plain)
    assert done.proof["lines"] == list(double.LINES)
    return place / "root" / FOLDER


@pytest.fixture
def phone(fresh: Phone, deployed: Path) -> Phone:
    """A phone with the plain pack in use."""
    subprocess.run(["cp", "-al", str(deployed), str(fresh.home)], check=True)
    return fresh


@pytest.fixture
def mounted() -> Iterator[Callable[..., None]]:
    """Mounts a file system of its own on a folder until the test's end."""
    places: list[Path] = []

    def mount(place: Path, options: str) -> None:
        user = f"uid={adb_stand_in.USER},gid={adb_stand_in.USER}"
        command = ["mount", "-t", "tmpfs", "-o", f"{user},{options}", "tmpfs", str(place)]
        subprocess.run(command, check=True)
        places.append(place)

    yield mount
    for place in reversed(places):
        subprocess.run(["umount", "--lazy", str(place)], check=True)
