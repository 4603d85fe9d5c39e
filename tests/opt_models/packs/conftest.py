"""A pack in the cache, and a copy of it outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from lite_runner import pack as packs
from opt_models.packs import pack_folder, resolve
from opt_models.runtime import Runtime

ARM = Runtime("v2.13-rc", "armv8")


@pytest.fixture(scope="module")
def made(downloads: Path) -> packs.Pack:
    return resolve.find("v4-mobile", ARM)


@pytest.fixture
def copy(made: packs.Pack, tmp_path: Path) -> packs.Pack:
    return pack_folder.write(made, tmp_path / "packs" / "mine")
