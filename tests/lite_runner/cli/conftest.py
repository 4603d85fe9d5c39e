"""What tests of the runner's commands share: a folder with pictures, and a fake engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import pytest

from lite_runner.arrays import Image
from lite_runner.cli import main
from lite_runner.predictor import wheel


@pytest.fixture
def folder(sheet: Image, engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a picture and something that is none; the engine is a fake."""
    monkeypatch.setattr(wheel, "WheelEngine", lambda threads, found: engine)
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("good.png", sheet)
    Path("bad.png").write_bytes(b"no picture")
    return tmp_path


def read(folder: Path, *arguments: str) -> int:
    return main.main(["read", "--pack", str(folder), *arguments])
