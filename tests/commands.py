"""The project's commands, as a user gives them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Mapping

ROOT = Path(__file__).parents[1]
#: What the script does that a wheel installs; .ci/steps/wheel runs the script itself.
LITE_OCR = (
    "import sys; sys.argv[0] = 'lite-ocr'; from cross_build.cli import program; program.main()"
)


def invoke(*arguments: str) -> subprocess.CompletedProcess[str]:
    return _run("-m", "invoke", *arguments)


def lite_ocr(*arguments: str) -> subprocess.CompletedProcess[str]:
    return _run("-c", LITE_OCR, *arguments)


def begun(*arguments: object, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """A command that has printed its first line and goes on."""
    child = subprocess.Popen(
        [sys.executable, "-m", "invoke", *map(str, arguments)],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    child.stdout.readline()
    return child


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
