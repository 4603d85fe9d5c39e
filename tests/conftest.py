"""What several rooms' tests share: a board that is really deployed, and where real pictures are."""

from __future__ import annotations

import os
from pathlib import Path

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
