"""RapidOCR in an environment of its own, in the project's cache."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Sequence

from opt_models import cache
from opt_models.errors import FetchError
from opt_models.sources import pypi

#: The last release whose default models are those of the pack v4-mobile, as ONNX.
REQUIREMENT = "rapidocr-onnxruntime==1.4.4"


def python() -> Path:
    """The environment's interpreter; the environment is made on first use.

    Raises:
        FetchError: RapidOCR cannot be installed; with pip's own words.
    """
    version = "{}.{}".format(*sys.version_info[:2])
    folder = cache.folder(f"{REQUIREMENT.replace('==', '-')}-{version}", _make)
    return folder / "bin" / "python"


def _make(folder: Path) -> None:
    print(f"installing {REQUIREMENT} into the cache", file=sys.stderr, flush=True)
    _run([sys.executable, "-m", "venv", str(folder)])
    # The folder is renamed later, which breaks the environment's programs, but not its Python.
    pip = [str(folder / "bin" / "python"), "-m", "pip"]
    _run([*pip, "install", "--disable-pip-version-check", "--quiet", REQUIREMENT])


def _run(command: Sequence[str]) -> None:
    run = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        raise FetchError(f"cannot install {REQUIREMENT}: {pypi.reason(run.stderr or run.stdout)}")
