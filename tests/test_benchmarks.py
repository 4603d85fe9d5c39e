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


def run(board: Board, name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    home = str(Path(board.transport.root).parent)
    command = [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]
    environment = {**os.environ, "LITE_OCR_HOME": home}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_the_comparison_with_rapidocr(board: Board, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    done = run(board, "compare_rapidocr", pictures, "--repeats", "2", "--json", out)
    assert done.returncode == 0, done.stderr
    # One wrong digit of 2 x 20 characters, on both sides alike.
    assert "Character error rate: Paddle-Lite 2.50 %, RapidOCR 2.50 %" in done.stdout
    assert "Threads 1, repeats 2" in done.stdout
    data = json.loads(out.read_text())
    assert data["sides"]["Paddle-Lite"]["Paddle-Lite"] == "v2.13-rc"
    assert data["sides"]["RapidOCR"]["rapidocr-onnxruntime"] == "1.4.4"


def test_own_parts(board: Board, pictures: Path) -> None:
    done = run(board, "own_part", pictures, "--repeats", "1")
    assert done.returncode == 0, done.stderr
    rows = {line.split("  ")[0]: line.split()[-8:] for line in done.stdout.splitlines()}
    for name in ("pictures/one.png", "pictures/two.png", "2 pictures"):
        total, engine, own, percent, sign, peer = map(str, rows[name][:6])
        assert sign == "%"
        # Whatever it took: the parts make the whole, and neither is nothing.
        assert float(engine) > 0 and float(own) > 0
        assert float(engine) + float(own) == pytest.approx(float(total), abs=0.2)
        assert float(percent) == pytest.approx(100 * float(own) / float(total), abs=1)
        assert float(peer) > 0
    assert "Imports of ocr read: " in done.stdout
    assert "Peak of resident memory: Paddle-Lite " in done.stdout


@pytest.mark.parametrize("name", ["compare_rapidocr", "own_part"])
def test_a_folder_without_labels_is_one_line(board: Board, tmp_path: Path, name: str) -> None:
    done = run(board, name, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{name}: ")
    assert done.stderr.count("\n") == 1
