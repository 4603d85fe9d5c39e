"""Deploys from this computer, killed at any moment here or on the board."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.power.board import Archives, folder_name, remains, running
from tests.power.test_power_cut import VARIABLE

_KILLS = int(os.environ.get(VARIABLE, "12"))
#: Seconds a deploy may take; it takes two.
_LONGEST = 60
#: Deploys a folder of files under a name of its own.
_DEPLOY = """
import sys
from pathlib import Path
from types import SimpleNamespace
from cross_build.bundles import bundle, manifest
from cross_build.deploys import deploy
from cross_build.boards.board import Board
from cross_build.targets.targets import target
from cross_build.boards.transports.local import Local

folder, home, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
items = manifest.items(folder)
del items["bundle.json"]
bundle.make = lambda *given: bundle.Bundle(name, items, {"pack": "tiny"})
deploy.resolve.find = lambda name, runtime: SimpleNamespace(name="tiny")
deploy.deploy(Board(target("local"), Local(home), sys.executable))
"""


def start(folder: Path, home: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _DEPLOY, folder, home, folder_name(folder.name)]
    environment = {**os.environ, "LITE_OCR_CACHE": str(home.parent / "cache")}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """What a deploy runs on the board, as soon as there is something; nothing if it ends first."""
    listing = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    found: list[int] = []
    while not found and process.poll() is None:
        with contextlib.suppress(OSError):
            found = [int(word) for word in listing.read_text().split()]
    return found


@pytest.mark.timeout(600 + 20 * _KILLS)
def test_killed_at_any_moment_a_release_runs_and_the_next_deploy_repairs_all(fast: Path) -> None:
    archives, home = Archives(fast / "archives"), fast / "work" / "board"
    home.parent.mkdir()
    begun = time.monotonic()
    assert start(archives.folder("one"), home).wait(_LONGEST) == 0
    seconds = time.monotonic() - begun
    chance = random.Random(0)  # noqa: S311 (to be the same each time)
    broken, killed = [], {"host": 0, "board": 0}
    for number in range(_KILLS):
        name, before = ("two", "one")[number % 2], running(home)
        process = start(archives.folder(name), home)
        time.sleep(chance.uniform(0.3, 1) * seconds)
        where = "host" if number % 4 < 2 else "board"
        victims = [process.pid] if where == "host" else children(process)
        for victim in victims:
            with contextlib.suppress(ProcessLookupError):  # it has come to its end just now
                os.kill(victim, signal.SIGKILL)
        killed[where] += 1
        process.wait(_LONGEST)
        if running(home) not in (before, name):
            broken.append(f"{number}: runs {running(home)}")
        code = start(archives.folder(name), home).wait(_LONGEST)
        if (code, running(home), remains(home)) != (0, name, []):
            broken.append(f"{number}: {code}, runs {running(home)}, {remains(home)} stay")
    print(f"killed {killed}, {len(broken)} broken")
    assert not broken
    assert all(killed.values())
