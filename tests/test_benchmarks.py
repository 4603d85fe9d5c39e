"""The benchmarks run and say what they measured; what they measured is nobody's to pass or fail."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cross_build.board import Board

ROOT = Path(__file__).parent.parent


@pytest.fixture
def pictures(board: Board, tmp_path: Path) -> Path:
    """Two quick pictures with their text."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("one.png", "two.png"):
        shutil.copy(board.path("current", "pack", "golden.png"), folder / name)
    true = ["你好，世界", "Paddle-Lite 2026"]
    labels = {"about": "a note", "one.png": true, "two.png": [true[0], "Paddle-Lite 2027"]}
    (folder / "labels.json").write_text(json.dumps(labels))
    return folder


def compare(board: Board, *arguments: object) -> subprocess.CompletedProcess[str]:
    home = str(Path(board.transport.root).parent)
    command = [sys.executable, "-m", "benchmarks.compare_rapidocr", *map(str, arguments)]
    environment = {**os.environ, "LITE_OCR_HOME": home}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_the_comparison_with_rapidocr(board: Board, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    run = compare(board, pictures, "--repeats", "2", "--json", out)
    assert run.returncode == 0, run.stderr
    # One wrong digit of 2 x 20 characters, on both sides alike.
    assert "Character error rate: Paddle-Lite 2.50 %, RapidOCR 2.50 %" in run.stdout
    assert "Threads 1, repeats 2" in run.stdout
    data = json.loads(out.read_text())
    assert data["sides"]["Paddle-Lite"]["Paddle-Lite"] == "v2.13-rc"
    assert data["sides"]["RapidOCR"]["rapidocr-onnxruntime"] == "1.4.4"


def test_a_folder_without_labels_is_one_line(board: Board, tmp_path: Path) -> None:
    run = compare(board, tmp_path)
    assert run.returncode == 1
    assert run.stderr.startswith("compare_rapidocr: ")
    assert run.stderr.count("\n") == 1
