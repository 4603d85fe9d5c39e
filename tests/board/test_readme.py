"""The README's commands for boards, as they stand there, on the emulated one with the double."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.board.conftest import Site
from tests.test_readme import COMMANDS, ROOT

HOST = "--host pi@raspberrypi.local"
#: Commands that need a board; tests/test_readme.py runs all others.
LINES = [line for line in COMMANDS if HOST in line or "--emulate" in line or "board up" in line]


def test_there_are_some() -> None:
    assert len(LINES) >= 4


@pytest.mark.parametrize("line", LINES)
def test_command(line: str, site: Site, plain: Path, tmp_path: Path) -> None:
    where = f"--emulate --folder {site.name}"
    line = line.replace(HOST, where).replace("out/", f"{tmp_path}/")
    if line.endswith("--emulate"):
        line = f"{line} --folder {site.name}"
    words = [sys.executable, "-m", *shlex.split(line)]
    if "deploy" in words:
        # The real library is not to be had everywhere.
        words += ["--runtime", str(site.runtime), "--pack", str(plain)]
    run = subprocess.run(words, cwd=ROOT, env=os.environ, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    if "--draw" in words:
        assert list(tmp_path.rglob("*.png"))
