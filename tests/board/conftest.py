"""The emulated board, a double of Paddle-Lite built for it, and ways to do it harm."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from cross_build.boards import emulator
from cross_build.boards.board import Board
from cross_build.boards.connect import connect
from cross_build.boards.transports import Outcome
from cross_build.boards.transports.ssh import Ssh
from cross_build.deploys import deploy as deploys
from cross_build.errors import BoardError
from cross_build.targets.targets import target
from tests import double

#: Set where these tests must not be left out.
REQUIRED = "LITE_OCR_EMULATE"
MACHINE = "aarch64"


@pytest.fixture(scope="session")
def emulated() -> Iterator[Path]:
    """The emulated board, up; gives the folder its files lie in on this computer."""
    folder = emulator.folder(MACHINE)
    folder.mkdir(parents=True, exist_ok=True)
    # Other processes may run tests of it, too: the last one stops it, if one of them started it.
    with (folder / "tests").open("a+") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        if emulator.status() is None:
            users.write("started by tests\n")
            users.flush()
        try:
            emulator.up()
        except BoardError as error:
            if os.environ.get(REQUIRED):
                raise
            pytest.skip(str(error))
        yield emulator.root_folder()
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            users.seek(0)
            if users.read():
                users.truncate(0)
                emulator.down()


@contextlib.contextmanager
def system(alone: bool) -> Iterator[None]:
    """Use the system of the emulated boards, which several processes do at once unless alone.

    Who waits to be alone keeps those out who come later, or would wait for ever.
    """
    folder = emulator.folder(MACHINE)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "next").open("a") as following, (folder / "in-use").open("a") as users:
        fcntl.flock(following, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(following, fcntl.LOCK_UN)
        yield


@pytest.fixture(autouse=True)
def system_in_use(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test meets what another one takes away from the system or puts there."""
    with system(alone="alone" in request.fixturenames):
        yield


@pytest.fixture
def alone() -> None:
    """For tests that change the system itself, which all emulated boards of a processor share."""


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

#: Of the boards of a rack.
NAMES = [f"board-{number:02d}" for number in range(1, 11)]


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
        self.board = connect(target("rpi4"), emulate=True, folder=name)

    def anew(self) -> Board:
        """The same board, by a connection of its own."""
        return connect(target("rpi4"), emulate=True, folder=self.name)

    def deploy(self, pack: Path, board: Board | None = None) -> deploys.Deployment:
        return deploys.deploy(board or self.board, str(pack), str(self.runtime))

    @property
    def home(self) -> Path:
        """The folder, on this computer."""
        return self.root / "home" / emulator.USER / self.name

    @property
    def current(self) -> str:
        return Path(os.readlink(self.home / "current")).name

    def program(self, *arguments: str) -> Any:
        return self.board.transport.run([self.board.path("ocr"), *arguments])


@pytest.fixture(scope="session")
def shared_site(emulated: Path, runtimes: dict[str, Path]) -> Iterator[Site]:
    """A folder that keeps the double's packages, so that others need not be sent them again."""
    # Several processes run tests of the board: each has a folder there.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    site = Site(f"tests{worker}", emulated, runtimes["armv8"])
    yield site
    with system(alone=False):
        deploys.undeploy(site.board)
    site.board.transport.close()


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The double's pack."""
    return double.pack(tmp_path_factory.mktemp("plain") / "pack")


class Rack:
    """Emulated boards with names.

    Attributes:
        user: home of somebody whose SSH configuration knows them.
        runtime: folder of the double.
    """

    def __init__(self, user: Path, seed: Site) -> None:
        self.user = user
        self.runtime = seed.runtime
        self._seed = seed.home
        self.environment = {
            **os.environ,
            "HOME": str(user),
            "LITE_OCR_HOME": str(user / "home"),
        }

    def furnish(self, name: str, folder: str = "lite-ocr") -> Path:
        """Put the releases of another board on one, as if they had been deployed to it."""
        there = emulator.home(MACHINE, name) / folder
        # Sending the packages ten times would take minutes; files of its own, or what is damaged
        # on one board is damaged on all.
        subprocess.run(["cp", "--archive", "-T", str(self._seed), str(there)], check=True)
        (there / ".lock").unlink(missing_ok=True)
        shutil.rmtree(there / "inbox", ignore_errors=True)
        return there

    def configure(self) -> None:
        """Write the SSH configuration; ports change whenever a board starts."""
        lines = []
        for name in NAMES:
            keys, state = emulator.folder(MACHINE, name), emulator.status(MACHINE, name)
            lines += [
                f"Host {name}",
                "  HostName 127.0.0.1",
                f"  Port {state.port if state else 1}",
                f"  User {emulator.USER}",
                f"  IdentityFile {keys / 'key'}",
                "  IdentitiesOnly yes",
                f"  UserKnownHostsFile {keys / 'known_hosts'}",
            ]
        place = self.user / ".ssh"
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        (place / "config").write_text("\n".join(lines) + "\n")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "invoke", *arguments],
            cwd=Path(__file__).parents[2],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def invoke(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        child = self.start(*arguments)
        out, error = child.communicate(timeout=600)
        return subprocess.CompletedProcess(arguments, child.returncode, out, error)

    def deploy(self, pack: Path) -> list[str]:
        """The words of a deploy, but for the boards."""
        return ["deploy", "--target", "rpi4", f"--pack={pack}", f"--runtime={self.runtime}"]

    def home(self, name: str) -> Path:
        """A board's folder of releases, on this computer."""
        return emulator.home(MACHINE, name) / "lite-ocr"

    def current(self, name: str) -> str | None:
        link = self.home(name) / "current"
        return Path(os.readlink(link)).name if link.is_symlink() else None

    def program(self, name: str, *arguments: str) -> Outcome:
        """Run a board's ``ocr``."""
        way = Ssh(name, config=self.user / ".ssh" / "config")
        try:
            return way.run([f"/home/{emulator.USER}/lite-ocr/ocr", *arguments])
        finally:
            way.close()


@pytest.fixture(scope="session")
def rack(
    shared_site: Site, deployed: Snapshot, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rack]:
    """Ten boards, up, with the plain pack in use."""
    rack = Rack(tmp_path_factory.mktemp("user"), shared_site)
    deployed.restore()
    try:
        with system(alone=False):
            for name in NAMES:
                emulator.down(MACHINE, name)
                emulator.remove(MACHINE, name)
                emulator.up(MACHINE, name)
                rack.furnish(name)
        rack.configure()
        yield rack
    finally:
        for name in NAMES:
            emulator.down(MACHINE, name)
            emulator.remove(MACHINE, name)


class Snapshot:
    """A folder as it was, to be put back: deploying to an emulated board again takes far longer."""

    def __init__(self, folder: Path, kept: Path) -> None:
        self._folder = folder
        self._kept = kept
        subprocess.run(["cp", "--archive", "-T", str(folder), str(kept)], check=True)
        self._state = self._files()

    def restore(self) -> None:
        """Does nothing if nothing has changed since."""
        if self._state != self._files():
            shutil.rmtree(self._folder)
            subprocess.run(
                ["cp", "--archive", "-T", str(self._kept), str(self._folder)], check=True
            )
            self._state = self._files()

    def _files(self) -> dict[Path, tuple[int, int, int]]:
        """What is different after any change: inode, size, and when its status changed, by path."""
        files = [path for path in self._folder.rglob("*") if path.is_symlink() or path.is_file()]
        states = {path: path.lstat() for path in files}
        return {path: (of.st_ino, of.st_size, of.st_ctime_ns) for path, of in states.items()}


@pytest.fixture(scope="session")
def deployed(shared_site: Site, plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The board's folder with the plain pack in use."""
    with system(alone=False):
        shared_site.deploy(plain)
    return Snapshot(shared_site.home, tmp_path_factory.mktemp("deployed") / "home")


@pytest.fixture
def site(shared_site: Site, deployed: Snapshot) -> Site:
    """The emulated board with the plain pack in use."""
    deployed.restore()
    return shared_site


@pytest.fixture
def in_board(emulated: Path) -> Iterator[Callable[..., None]]:
    """Runs a mount or umount as the board sees its files; mounts are gone in the end."""
    mounted: list[Path] = []

    def mount(place: Path, *options: str) -> None:
        run = ["nsenter", f"--mount=/proc/{emulator.up().pid}/ns/mnt"]
        subprocess.run([*run, "mount", *options, str(place)], check=True)
        if not any("remount" in option for option in options):
            mounted.append(place)

    yield mount
    for place in reversed(mounted):
        run = ["nsenter", f"--mount=/proc/{emulator.up().pid}/ns/mnt"]
        subprocess.run([*run, "umount", "--lazy", str(place)], check=True)


@pytest.fixture
def aside(alone: None) -> Iterator[Callable[[Path], None]]:
    """Takes files away until the test's end."""
    taken: list[Path] = []

    def take(path: Path) -> None:
        path.rename(path.with_name(f".{path.name}.aside"))
        taken.append(path)

    yield take
    for path in taken:
        path.with_name(f".{path.name}.aside").rename(path)


@pytest.fixture
def put_there(alone: None) -> Iterator[Callable[[Path, bytes], None]]:
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
