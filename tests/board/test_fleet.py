"""Ten boards at once: one system behind ten SSH servers, each with a home of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest

from cross_build import emulate
from tests import double
from tests.board.conftest import Site

ROOT = Path(__file__).parents[2]
MACHINE = "aarch64"
NAMES = [f"board-{number:02d}" for number in range(1, 11)]


class Rack:
    """Emulated boards with names.

    Attributes:
        user: home of somebody whose SSH configuration knows them.
        runtime: folder of the double.
        seed: a release that all of them have in use at first.
    """

    def __init__(self, user: Path, runtime: Path, seed: str) -> None:
        self.user = user
        self.runtime = runtime
        self.seed = seed
        self.environment = {
            **os.environ,
            "HOME": str(user),
            "LITE_OCR_HOME": str(user / "home"),
            # A process of its own may not wait for a board that is another test's.
            "TERM": "dumb",
        }

    def configure(self) -> None:
        """Write the SSH configuration; ports change whenever a board starts."""
        lines = []
        for name in NAMES:
            keys, state = emulate.folder(MACHINE, name), emulate.status(MACHINE, name)
            lines += [
                f"Host {name}",
                "  HostName 127.0.0.1",
                f"  Port {state.port if state else 1}",
                f"  User {emulate.USER}",
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
            cwd=ROOT,
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

    def deploy(self, pack: Path, *more: str) -> list[str]:
        return [
            *("deploy", "--target", "rpi4", "--pack", str(pack)),
            *("--runtime", str(self.runtime), *more),
        ]

    def current(self, name: str) -> str | None:
        link = emulate.home(MACHINE, name) / "lite-ocr/current"
        return link.readlink().name if link.is_symlink() else None


@pytest.fixture(scope="module")
def rack(
    shared_site: Site, plain: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rack]:
    """Ten boards, up, with the plain pack in use."""
    shared_site.deploy(plain)
    seed = shared_site.home
    rack = Rack(tmp_path_factory.mktemp("user"), shared_site.runtime, shared_site.current)
    try:
        for name in NAMES:
            emulate.down(MACHINE, name)
            emulate.remove(MACHINE, name)
            emulate.up(MACHINE, name)
            there = emulate.home(MACHINE, name) / "lite-ocr"
            # As links: ten times the packages would take minutes to send. Locks are no links.
            own = shutil.ignore_patterns(".lock", "inbox")
            shutil.copytree(seed, there, symlinks=True, ignore=own, copy_function=os.link)
            owner = seed.stat()
            for path in (there, *there.rglob("*")):
                os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
        rack.configure()
        yield rack
    finally:
        for name in NAMES:
            emulate.down(MACHINE, name)
            emulate.remove(MACHINE, name)


def hosts_file(folder: Path) -> Path:
    path = folder / "boards.txt"
    lines = [f"{name} rpi4" if number % 2 else name for number, name in enumerate(NAMES)]
    path.write_text("# the rack\n\n" + "\n".join(lines) + "   # the last one\n")
    return path


def test_ten_boards_at_once_one_of_them_killed_midway(rack: Rack, tmp_path: Path) -> None:
    pack = double.pack(tmp_path / "pack", {"rec": b"DOUBLE rec, for ten"})
    results = tmp_path / "results.json"
    victim = NAMES[3]
    # The board dies while its files are checked, or while it verifies.
    command = rack.deploy(pack, "--hosts", str(hosts_file(tmp_path)), "--json", str(results))
    child = rack.start(*command)
    said: list[str] = []
    assert child.stderr is not None and child.stdout is not None
    for line in child.stderr:
        said.append(line)
        if line.startswith(f"{victim}: verifying"):
            assert emulate.down(MACHINE, victim, signal.SIGKILL)
    out = child.stdout.read()
    assert child.wait(60) == 1, said

    rows = {row["host"]: row for row in json.loads(results.read_text())}
    assert list(rows) == NAMES
    release = {rows[name]["release"] for name in NAMES if name != victim}
    assert len(release) == 1 and None not in release
    (name_of_release,) = release
    for name in NAMES:
        if name != victim:
            assert rows[name]["state"] == "deployed", rows[name]
            assert rack.current(name) == name_of_release
    assert rows[victim]["state"] == "failed"
    assert "the connection was lost" in rows[victim]["error"]
    failures = [line for line in out.splitlines() if line.startswith(f"{victim}: ")]
    assert len(failures) == 1 and "run the same again" in failures[0]
    assert "9 of 10 boards have the release, 1 failed" in out
    assert "Traceback" not in "".join(said)

    # It runs what it ran before.
    assert rack.current(victim) == rack.seed
    emulate.up(MACHINE, victim)
    rack.configure()
    listed = rack.invoke("boards")
    assert re.search(rf"^{victim} .*{rack.seed}", listed.stdout, re.M) is None
    again = rack.invoke(*command)
    assert again.returncode == 0, again.stderr
    rows = {row["host"]: row for row in json.loads(results.read_text())}
    assert [rows[name]["state"] for name in NAMES if name != victim] == ["unchanged"] * 9
    assert rows[victim]["state"] == "deployed"
    assert rack.current(victim) == name_of_release
