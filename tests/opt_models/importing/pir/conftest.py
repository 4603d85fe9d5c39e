"""Networks that paddlepaddle exports, and imported networks run by Paddle-Lite."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Sequence

import numpy.typing as npt
import pytest

from opt_models.formats.inference_model import ModelFiles
from opt_models.paddlelite import equality, opt
from opt_models.paddlelite.equality import Outputs
from opt_models.store import cache

Run = Callable[[ModelFiles, Sequence[npt.NDArray[Any]]], Sequence[Outputs]]

#: Version 4 of the format, the newest; the published networks are of version 1.
PADDLE = "3.3.1"
#: Each draws other attributes.
SEEDS = (1, 2)


@pytest.fixture(scope="session")
def paddle() -> Path:
    """A folder with paddlepaddle and what it needs: 190 MB to download, 20 s to install."""

    def install(folder: Path) -> None:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
        # Its package of C++ extensions, which it loads always, takes setuptools for granted.
        packages = [f"paddlepaddle=={PADDLE}", "setuptools"]
        subprocess.run([*command, "--disable-pip-version-check", *packages], check=True)

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return cache.folder(f"paddlepaddle-{PADDLE}-{version}", install)


@pytest.fixture(scope="session", params=SEEDS)
def exports(
    paddle: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Folders with networks and what paddlepaddle computes by them, see ``export.py``."""
    folder = tmp_path_factory.mktemp(f"exports{request.param}")
    program = Path(__file__).parent / "export.py"
    run = subprocess.run(
        [sys.executable, "-s", str(program), str(folder), str(request.param)],
        env={**os.environ, "PYTHONPATH": str(paddle), "GLOG_minloglevel": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return folder


@pytest.fixture
def run(downloads: Path, tmp_path: Path) -> Run:
    """Converts a network for x86 and runs it on inputs."""

    def run_on_host(files: ModelFiles, inputs: Sequence[npt.NDArray[Any]]) -> Sequence[Outputs]:
        target = tmp_path / "run.nb"
        opt.optimise(files.program, files.params, target, "x86")
        return equality.run(target, inputs, tmp_path)

    return run_on_host
