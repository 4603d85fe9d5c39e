"""The emulated board, a double of Paddle-Lite built for it, and ways to do it harm."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from cross_build import board as boards
from cross_build import deploy as deploys
from cross_build import emulate
from cross_build.board import Board
from cross_build.errors import BoardError
from cross_build.targets import target
from tests import double

#: Set where these tests must not be left out.
REQUIRED = "LITE_OCR_EMULATE"


@pytest.fixture(scope="session")
def emulated() -> Iterator[Path]:
    """The emulated board, up; gives the folder its files lie in on this computer."""
    running = emulate.status() is not None
    try:
        emulate.up()
    except BoardError as error:
        if os.environ.get(REQUIRED):
            raise
        pytest.skip(str(error))
    yield emulate.root_folder()
    if not running:
        emulate.down()


@pytest.fixture(scope="session")
def runtimes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of the double, by processor."""
    compilers = {"armv8": "aarch64-linux-gnu-g++", "armv7hf": "arm-linux-gnueabihf-g++"}
    missing = [name for name in compilers.values() if shutil.which(name) is None]
    if missing and not os.environ.get(REQUIRED):
        pytest.skip(f"{', '.join(missing)} missing")
    place = tmp_path_factory.mktemp("runtimes")
    return {name: double.runtime(place / name, one) for name, one in compilers.items()}


Deploy = Callable[..., deploys.Deployment]


class Site:
    """A folder of the emulated board with releases of the double.

    Attributes:
        name: of the folder on the board.
        root: where the board's files lie on this computer.
        board: as deploys see it.
    """

    def __init__(self, name: str, root: Path, runtime: Path) -> None:
        self.name = name
        self.root = root
        self.runtime = runtime
        self.board = boards.connect(target("rpi4"), emulate=True, folder=name)

    def anew(self) -> Board:
        """The same board, by a connection of its own."""
        return boards.connect(target("rpi4"), emulate=True, folder=self.name)

    def deploy(self, pack: Path, board: Board | None = None) -> deploys.Deployment:
        return deploys.deploy(board or self.board, str(pack), str(self.runtime))

    @property
    def home(self) -> Path:
        """The folder, on this computer."""
        return self.root / "home" / emulate.USER / self.name

    @property
    def current(self) -> str:
        return Path(os.readlink(self.home / "current")).name

    def program(self, *arguments: str) -> Any:
        return self.board.transport.run([self.board.path("ocr"), *arguments])


@pytest.fixture(scope="session")
def shared_site(emulated: Path, runtimes: dict[str, Path]) -> Iterator[Site]:
    """A folder that keeps the double's packages, so that others need not be sent them again."""
    site = Site("tests", emulated, runtimes["armv8"])
    yield site
    deploys.undeploy(site.board)
    site.board.transport.close()


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The double's pack."""
    return double.pack(tmp_path_factory.mktemp("plain") / "pack")


@pytest.fixture
def site(shared_site: Site, plain: Path) -> Site:
    """The emulated board with the plain pack in use."""
    shared_site.deploy(plain)
    return shared_site


@pytest.fixture
def in_board(emulated: Path) -> Iterator[Callable[..., None]]:
    """Runs a mount or umount as the board sees its files; mounts are gone in the end."""
    mounted: list[Path] = []

    def mount(place: Path, *options: str) -> None:
        run = ["nsenter", f"--mount=/proc/{emulate.up().pid}/ns/mnt"]
        subprocess.run([*run, "mount", *options, str(place)], check=True)
        if not any("remount" in option for option in options):
            mounted.append(place)

    yield mount
    for place in reversed(mounted):
        run = ["nsenter", f"--mount=/proc/{emulate.up().pid}/ns/mnt"]
        subprocess.run([*run, "umount", "--lazy", str(place)], check=True)


@pytest.fixture
def aside() -> Iterator[Callable[[Path], None]]:
    """Takes files away until the test's end."""
    taken: list[Path] = []

    def take(path: Path) -> None:
        path.rename(path.with_name(f".{path.name}.aside"))
        taken.append(path)

    yield take
    for path in taken:
        path.with_name(f".{path.name}.aside").rename(path)


@pytest.fixture
def put_there() -> Iterator[Callable[[Path, bytes], None]]:
    """Puts files there until the test's end."""
    put: list[Path] = []

    def write(path: Path, data: bytes) -> None:
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o755)
        put.append(path)

    yield write
    for path in put:
        path.unlink()
