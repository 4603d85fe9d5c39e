"""What goes wrong with boards: what was in use stays, a line tells, the next deploy repairs it."""

from __future__ import annotations

import contextlib
import inspect
import json
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from cross_build.boards import board as boards
from cross_build.boards import emulator
from cross_build.boards.board import Board
from cross_build.boards.transports.ssh import Ssh
from cross_build.deploys import deploy as deploys
from cross_build.errors import BoardError, DeployError, TargetError
from cross_build.targets.targets import target
from lite_runner.errors import LiteError
from lite_runner.releases import release
from tests import double
from tests.board.conftest import Site

#: Files of a changed pack, and the size of each: far more than what a connection holds on its way,
#: which a cut loses.
PIECES, PIECE = 8, 1_500_000


class Proxy:
    """A way to the board that breaks after a number of bytes, and stays broken.

    The host loses its connection at once; what was carried by then the board still gets, as from a
    cable that is cut.

    Attributes:
        port: on the loopback.
        carried: bytes of both directions so far.
    """

    def __init__(self, behind: int, budget: int | None) -> None:
        self._behind = behind
        self._budget = budget
        self._near: list[socket.socket] = []
        self._far: list[socket.socket] = []
        self.carried = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.create_connection(("127.0.0.1", self._behind))
                self._near.append(near)
                self._far.append(far)
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(16384):
                self.carried += len(data)
                if self._budget is not None and self.carried > self._budget:
                    self.cut()
                else:
                    other.sendall(data)
        self.cut()

    def cut(self) -> None:
        """The host's side breaks, the board's gets an end."""
        for sockets, how in ((self._near, socket.SHUT_RDWR), (self._far, socket.SHUT_WR)):
            for one in sockets:
                with contextlib.suppress(OSError):
                    one.shutdown(how)

    def close(self) -> None:
        self.cut()
        for one in (self._server, *self._near):
            one.close()


@contextlib.contextmanager
def through(site: Site, budget: int | None, tmp_path: Path) -> Iterator[tuple[Board, Proxy]]:
    """The board behind a proxy."""
    proxy = Proxy(emulator.up().port, budget)
    key = (emulator.folder() / "known_hosts").read_text().split()[1:]
    known = tmp_path / f"known{proxy.port}"
    known.write_text(f"[127.0.0.1]:{proxy.port} {' '.join(key)}\n")
    way = Ssh(f"pi@127.0.0.1:{proxy.port}", site.name, known, emulator.folder() / "key")
    try:
        yield Board(target("rpi4"), way), proxy
    finally:
        way.close()
        proxy.close()


def is_one_line(error: BaseException) -> bool:
    return "\n" not in str(error) and len(str(error)) < 400


def test_a_connection_cut_at_ten_points_loses_nothing(site: Site, tmp_path: Path) -> None:
    first = site.current
    with through(site, None, tmp_path) as (board, proxy):
        site.deploy(double.heavy(tmp_path / "measured", 1, PIECES, PIECE), board)
        total = proxy.carried
    assert total > PIECES * PIECE
    deploys.rollback(site.board)
    told, kept = set(), []
    for tenth in range(10):
        # Other files each time: what an earlier cut left would not have to be sent again.
        pack = double.heavy(tmp_path / f"cut{tenth}", 2 + tenth, PIECES, PIECE)
        budget = int(total * (tenth + 0.5) / 10)
        with through(site, budget, tmp_path) as (board, _), pytest.raises(LiteError) as caught:
            site.deploy(pack, board)
        assert is_one_line(caught.value), caught.value
        told.add(str(caught.value).split(": ", 1)[1][:24])
        assert site.current == first
        kept.append(arrived(site, pack))
    assert site.program("verify").code == 0
    assert kept[0] <= 1
    assert kept[-1] >= PIECES / 2, "what has come is kept"
    assert any("the connection was lost" in one for one in told), told
    done = site.deploy(pack)
    assert done.changed
    # Only what was under way is sent again, and pack.json, which names the pieces and comes last.
    assert done.sent <= PIECES + 1 - kept[-1]
    assert site.program("verify").code == 0


def arrived(site: Site, pack: Path) -> int:
    """Pieces of a pack that lie whole in releases on their way.

    By their bytes: those of an earlier cut may be landing still.
    """
    found = site.home.glob("releases/*.part/pack/*.bin")
    return sum(one.read_bytes() == (pack / one.name).read_bytes() for one in found)


def test_a_full_disk_keeps_the_release_in_use_and_room_repairs_it(
    site: Site, in_board: Callable[..., None], tmp_path: Path
) -> None:
    small = Site("tests-small", site.root, site.runtime)
    small.home.mkdir(exist_ok=True)
    owner = site.home.stat().st_uid
    in_board(small.home, "-t", "tmpfs", "-o", f"size=220m,uid={owner},gid={owner}", "tmpfs")
    run = small.board.transport.run
    assert run(["cp", "-a", f"{site.board.transport.root}/.", small.board.transport.root]).code == 0
    before, root = site.current, small.board.transport.root
    fill = f"dd if=/dev/zero of={root}/filling bs=64k 2>/dev/null; truncate -s -1M {root}/filling"

    def current() -> str:
        return run(["readlink", f"{root}/current"]).stdout.strip().rpartition("/")[2]

    run(["sh", "-c", fill])
    with pytest.raises(DeployError, match=r"MB must be sent, .*tests-small has 1 MB free; make"):
        small.deploy(double.heavy(tmp_path / "large", 3, PIECES, PIECE))
    assert current() == before
    run(["rm", f"{root}/filling"])

    class Filling(Ssh):
        """A way during which somebody else fills the disk."""

        def put(self, files: Any, folder: str, on_bytes: Any = len) -> None:
            run(["sh", "-c", fill])
            super().put(files, folder, on_bytes)

    keys = (emulator.folder() / "known_hosts", emulator.folder() / "key")
    way = Filling(f"pi@127.0.0.1:{emulator.up().port}", "tests-small", *keys)
    with pytest.raises(BoardError, match=r"No space left on device; make room there and deploy"):
        small.deploy(tmp_path / "large", Board(target("rpi4"), way))
    assert current() == before
    assert run([f"{root}/ocr", "verify"]).code == 0
    run(["rm", f"{root}/filling"])
    assert small.deploy(tmp_path / "large").changed
    assert current() != before


#: Put behind the text of lite_runner.releases.release: the process kills itself at its Nth rename.
_KILL = """
import os, signal
_renamed = []
def _killing(real):
    def rename(self, target):
        if len(_renamed) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        _renamed.append(target)
        return real(self, target)
    return rename
Path.replace, Path.rename = _killing(Path.replace), _killing(Path.rename)
"""


def test_killed_during_the_switch_one_release_is_whole(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two of its renames; tests/power kills the release manager at every operation."""
    pack = double.pack(tmp_path / "p", {"cls": b"DOUBLE cls, kill"})
    source = inspect.getsource(release)
    killing = source.replace('if __name__ == "__main__":', f'{_KILL}\nif __name__ == "__main__":')
    real = boards.Board.release

    def switch(self: Board, command: str, *arguments: str, stdin: str = "") -> object:
        with monkeypatch.context() as patch:
            if command == "switch":
                patch.setattr(boards.inspect, "getsource", lambda module: killing)
            return real(self, command, *arguments, stdin=stdin)

    with monkeypatch.context() as patch:
        patch.setattr(boards.Board, "release", switch)
        with pytest.raises(BoardError, match="rpi4: ") as caught:
            site.deploy(pack)
    assert is_one_line(caught.value)
    assert site.program("verify").code == 0
    site.deploy(pack)
    assert site.program("verify").code == 0
    current = json.loads((site.home / "current/bundle.json").read_text())
    assert current["files"]["pack/cls.nb"]["size"] == (pack / "cls.nb").stat().st_size


def test_corrupted_files_are_told_and_repaired(site: Site, plain: Path) -> None:
    names = ("pack/rec.nb", "lib/libpaddle_light_api_shared.so", "site/cv2/__init__.py")
    files = [site.home / "current" / name for name in (*names, "app/lite_runner/cli/main.py")]
    good = [file.read_bytes() for file in files]
    for file, data in zip(files, good):
        # Of the same size and in its place: releases that share the file are damaged with it.
        file.write_bytes(b"(" * len(data))
    run = site.program("verify")
    assert run.code == 1
    assert "Traceback" not in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    done = site.deploy(plain)
    assert (done.changed, done.sent) == (True, len(files))
    assert [file.read_bytes() for file in files] == good
    assert site.program("verify").code == 0


def test_boards_of_another_architecture_are_refused(
    site: Site, plain: Path, runtimes: dict[str, Path]
) -> None:
    wrong = Board(target("zero2w-32"), site.board.transport)
    with pytest.raises(BoardError, match="expected a armv7l board, this is aarch64; choose"):
        deploys.deploy(wrong, str(plain), str(runtimes["armv7hf"]))
    with pytest.raises(TargetError, match="is for armv7l, expected aarch64"):
        deploys.deploy(site.board, str(plain), str(runtimes["armv8"].parent / "armv7hf"))
    assert site.program("verify").code == 0


#: Run by the board's Python whenever it starts.
_OLD = b"import os; os.confstr = lambda name: 'glibc 2.16'\n"


def test_too_old_a_libc_is_told(
    site: Site, plain: Path, emulated: Path, put_there: Callable[[Path, bytes], None]
) -> None:
    place = emulated / "usr/lib/python3/dist-packages/old.pth"
    put_there(place, _OLD)
    with pytest.raises(BoardError, match=r"needs GLIBC_2\.17, the board has GLIBC_2\.16; use a"):
        site.deploy(plain, site.anew())
    assert site.program("verify").code == 0


def test_a_missing_libgomp_is_told(
    site: Site, plain: Path, emulated: Path, aside: Callable[[Path], None]
) -> None:
    before = site.current
    aside(emulated / "usr/lib/aarch64-linux-gnu/libgomp.so.1")
    with pytest.raises(
        BoardError, match=r"lacks libgomp\.so\.1; run there 'sudo apt-get install lib"
    ):
        site.deploy(plain, site.anew())
    assert site.current == before


def test_a_missing_python_is_told(
    site: Site, plain: Path, emulated: Path, aside: Callable[[Path], None]
) -> None:
    before = site.current
    for name in ("python3", "python3.11"):
        aside(emulated / "usr/bin" / name)
    with pytest.raises(BoardError, match=r"no Python 3\.8 or newer.*apt-get install python3'"):
        site.deploy(plain, site.anew())
    assert site.current == before


def test_a_python_that_went_later_is_told(
    site: Site, emulated: Path, aside: Callable[[Path], None]
) -> None:
    aside(emulated / "usr/bin/python3")
    run = site.program("verify")
    assert run.code == 1
    assert run.stderr == "ocr: /usr/bin/python3 is gone; deploy to this board again\n"


_CLOCK = """
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/time.h>
#include <time.h>
time_t time(time_t* to) { if (to) *to = 60; return 60; }
int gettimeofday(struct timeval* to, void* zone) { to->tv_sec = 60; to->tv_usec = 0; return 0; }
static long ticks;
int clock_gettime(clockid_t clock, struct timespec* to) {
  to->tv_sec = 60 + ++ticks / 1000; to->tv_nsec = ticks % 1000 * 1000000; return 0;
}
"""


def test_a_clock_of_1970_does_no_harm(
    site: Site, emulated: Path, tmp_path: Path, put_there: Callable[[Path, bytes], None]
) -> None:
    source, built = tmp_path / "clock.c", tmp_path / "clock.so"
    source.write_text(_CLOCK)
    subprocess.run(
        ["aarch64-linux-gnu-gcc", "-shared", "-fPIC", str(source), "-o", str(built)], check=True
    )
    put_there(emulated / "usr/lib/clock1970.so", built.read_bytes())
    put_there(emulated / "etc/ld.so.preload", b"/usr/lib/clock1970.so\n")
    board = site.anew()
    assert board.transport.run(["date", "+%Y"]).stdout == "1970\n"
    done = site.deploy(double.pack(tmp_path / "p", {"cls": b"DOUBLE cls, 1970"}), board)
    assert (done.changed, done.sent) == (True, 2)
    assert not site.deploy(tmp_path / "p", site.anew()).changed


def test_a_read_only_home_is_told(
    alone: None, site: Site, plain: Path, emulated: Path, in_board: Callable[..., None]
) -> None:
    before = site.current
    home = emulated / "home" / emulator.USER
    in_board(home, "--bind", str(home))
    in_board(home, "-o", "remount,bind,ro")
    with pytest.raises(BoardError, match=r"Read-only file system; give another folder .*--folder"):
        site.deploy(plain, site.anew())
    assert site.current == before
    assert site.program("verify").code == 0
