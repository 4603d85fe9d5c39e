"""The benchmarks run and say what they measured; what they measured is nobody's to pass or fail."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cross_build.boards.board import Board
from cross_build.targets.targets import target

ROOT = Path(__file__).parent.parent
#: What is compared if nobody says.
PACK = target("local").pack


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


def test_the_comparison_with_peers(board: Board, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    done = run(board, "compare_peers", pictures, "--repeats", "2", "--each", "--json", out)
    assert done.returncode == 0, done.stderr
    names = [f"{reader}, {PACK}" for reader in ("lite-ocr", "rapidocr", "rapidocrlite")]
    data = json.loads(out.read_text())
    assert [one["threads"] for one in data["runs"]] == ["1", "own"]
    for one in data["runs"]:
        assert list(one["total"]) == names
        for name, total in one["total"].items():
            # One wrong digit of 2 x 20 characters, the same by all; a line more is a space more.
            assert (total["errors"], total["characters"]) == (1, 40)
            assert total["spaced_characters"] == 40 + 2 + 2
            assert 0 < total["fastest"] <= total["seconds"]
            ours = one["total"][names[0]]
            assert total["ratios"]["seconds"] == ours["seconds"] / total["seconds"]
            assert total["peak"] > 50e6
            readings = one["pictures"][0]["readers"][name]["readings"]
            assert len(readings) == 2
    (one,), (own,) = ([each for each in data["runs"] if each["threads"] == n] for n in ("1", "own"))
    assert one["readers"][names[0]]["Paddle-Lite"] == "v2.13-rc"
    assert one["readers"][names[1]]["rapidocr"] == "3.10.0"
    assert own["readers"][names[2]]["rapidocrlite"] == "5.0.0a15"
    shown = [line.split() for line in done.stdout.splitlines()]
    assert sum(words[:2] == ["rapidocrlite,", PACK] for words in shown) == 2
    assert sum(words[:1] == ["pictures/one.png"] for words in shown) == 2 * len(names)


def test_other_networks_for_the_peers(board: Board, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    options = ["--peer", "rapidocrlite", "--threads", "1", "--repeats", "1", "--json", out]
    options += ["--weights", "v6-tiny", "--weights", "v4-mobile"]
    done = run(board, "compare_peers", pictures, *options)
    assert done.returncode == 0, done.stderr
    (only,) = json.loads(out.read_text())["runs"]
    readers = only["pictures"][0]["readers"]
    assert list(readers) == [
        f"lite-ocr, {PACK}",
        "rapidocrlite, v6-tiny",
        "rapidocrlite, v4-mobile",
    ]
    newer, older = (readers[name]["readings"][0]["lines"] for name in list(readers)[1:])
    assert older == ["你好，世界", "Paddle-Lite 2026"]
    # The newer detector takes the gap behind the full-width comma for one between lines.
    assert newer[-1] == older[-1]
    assert newer != older


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
    assert f"Peak of resident memory: lite-ocr, {PACK} " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--peer", "tesseract"], "--peer tesseract: there is no such peer; known: rapidocr, "),
        (["--weights", "v3"], "pack v3: there is no ONNX file of ch_PP-OCRv3_det"),
        (["--pack", "v9"], "there is no pack 'v9';"),
        (["--threads", "9999"], "argument --threads: 9999 is more than this computer's "),
        (["--threads", "all"], "argument --threads: 'all' is not a whole number of at least 1"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    board: Board, pictures: Path, arguments: list[str], words: str
) -> None:
    done = run(board, "compare_peers", pictures, *arguments)
    assert done.returncode != 0
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["compare_peers", "own_part"])
def test_a_folder_without_labels_is_one_line(board: Board, tmp_path: Path, name: str) -> None:
    done = run(board, name, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{name}: ")
    assert done.stderr.count("\n") == 1


def test_a_long_run_tells_the_memory_held(board: Board, pictures: Path) -> None:
    arguments = ("--reads", 3, "--from", 1, "--max-side", 64, "--memory", 1)
    done = run(board, "long_run", pictures, "--pack", PACK, *arguments)
    assert done.returncode in (0, 1), done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [row[0] for row in rows[2:5]] == ["1", "2", "3"]
    assert all(20 < int(row[1]) < 2000 for row in rows[2:5])
    assert "from 1 to 3 reads" in done.stdout
