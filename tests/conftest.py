"""What several rooms' tests share: a board that is really deployed, and where real pictures are."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Callable, Iterator

import pytest

from cross_build.board import Board, connect
from cross_build.deploy import deploy
from cross_build.targets import target

ROOT = Path(__file__).parent.parent
#: Names a folder with images/ (pictures and labels.json) and models/ (published .nb files).
DATA = "LITE_OCR_TEST_DATA"


@pytest.fixture(scope="session")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    """The board `local` with its default pack deployed, in a folder of the tests' own."""
    found = connect(target("local"), tmp_path_factory.mktemp("home") / "local")
    deploy(found)
    return found


@pytest.fixture(scope="session")
def samples() -> Path:
    return ROOT / "samples"


@pytest.fixture(scope="session")
def real_images() -> Path:
    """Real labelled pictures."""
    if DATA not in os.environ:
        pytest.skip(f"{DATA} names no folder with real pictures")
    return Path(os.environ[DATA]) / "images"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a disk of a given size, as in ``small_disk("256k")``."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    disk = tmp_path / "disk"

    def mount(size: str) -> Path:
        disk.mkdir()
        options = f"size={size},mode=0755"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", disk], check=True)
        return disk

    yield mount
    if disk.exists():
        subprocess.run(["umount", disk], check=True)
