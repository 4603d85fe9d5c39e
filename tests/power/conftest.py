"""What tests of cuts share: a fast folder, and what is preloaded into the programs that are cut."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Iterator

import pytest

from tests.power import intercepted
from tests.power.board import OLD, Archives, Step

#: In memory: nothing has to reach a disk here.
_MEMORY = Path("/dev/shm")  # noqa: S108
STEPS = (
    *("first deploy", "deploy", "deploy of many files", "deploy over damage"),
    *("rollback", "undeploy", "undeploy for good"),
    *(f"deploy over damage{OLD}", f"rollback{OLD}"),
)


@pytest.fixture(scope="session")
def preloaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("gcc missing")
    return intercepted.library(tmp_path_factory.mktemp("intercept"))


@pytest.fixture
def fast() -> Iterator[Path]:
    """An empty folder, in memory where there is room for it."""
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Path(folder)


@pytest.fixture(params=STEPS)
def step(request: pytest.FixtureRequest, fast: Path) -> Step:
    """Each step that may be cut off."""
    return Archives(fast / "archives").step(request.param)
