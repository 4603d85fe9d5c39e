"""A release whose packages are missing: it says whose they are to bring."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lite_runner


@pytest.mark.parametrize(
    ("site", "mend"),
    [(False, "sudo apt-get install python3-numpy"), (True, "deploy to this board again")],
)
def test_missing_packages_are_the_systems_or_the_releases(
    tmp_path: Path, site: bool, mend: str
) -> None:
    shutil.copytree(Path(lite_runner.__file__).parent, tmp_path / "app/lite_runner")
    for folder in ("pack", *(["site"] if site else [])):
        (tmp_path / folder).mkdir()

    def told(command: str) -> subprocess.CompletedProcess[str]:
        program = tmp_path / "app/lite_runner/launch.py"
        # -S: without any package but Python's own.
        words = [sys.executable, "-I", "-S", str(program), command]
        run = subprocess.run(words, capture_output=True, text=True, check=False)
        assert run.returncode == 1
        return run

    expected = f"ocr: a package is missing or damaged (No module named 'numpy'); {mend}\n"
    assert told("verify").stderr == expected
    assert f"No module named 'numpy'\n                      -> {mend}\n" in told("doctor").stdout
