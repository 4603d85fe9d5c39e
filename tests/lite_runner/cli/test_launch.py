"""A release whose packages are missing: it says whose they are to bring."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lite_runner
from lite_runner.releases import release

LAUNCH = "app/lite_runner/cli/launch.py"


@pytest.mark.parametrize(
    ("site", "hint"),
    [(False, "sudo apt-get install python3-numpy"), (True, "deploy to this board again")],
)
def test_missing_packages_are_the_systems_or_the_releases(
    tmp_path: Path, site: bool, hint: str
) -> None:
    # Others may be compiling there.
    without = shutil.ignore_patterns("__pycache__")
    package = Path(lite_runner.__file__).parent
    shutil.copytree(package, tmp_path / "app/lite_runner", ignore=without)
    for folder in ("pack", *(["site"] if site else [])):
        (tmp_path / folder).mkdir()

    def told(command: str) -> subprocess.CompletedProcess[str]:
        program = tmp_path / "app/lite_runner/cli/launch.py"
        # -S: without any package but Python's own.
        words = [sys.executable, "-I", "-S", str(program), command]
        run = subprocess.run(words, capture_output=True, text=True, check=False)
        assert run.returncode == 1
        return run

    expected = f"ocr: a package is missing or damaged (No module named 'numpy'); {hint}\n"
    assert told("verify").stderr == expected
    assert f"No module named 'numpy'\n                      -> {hint}\n" in told("doctor").stdout


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """A board with two releases of the runner itself, and no package of theirs."""
    root = tmp_path / "board"
    source = Path(lite_runner.__file__).parent
    texts = {
        f"app/lite_runner/{path.relative_to(source).as_posix()}": path.read_bytes()
        for path in source.rglob("*.py")
    }
    for name in ("one", "two"):
        program = f'#!/bin/sh\nhere=$(dirname "$(readlink -f "$0")")\nexec {sys.executable} -I -S'
        files = {
            **texts,
            "ocr": f'{program} "$here/{LAUNCH}" "$@"\n'.encode(),
            "name": name.encode(),
        }
        entries = {
            path: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "mode": 0o755}
            for path, data in files.items()
        }
        for path in release.stage(root, name, {"files": entries})["missing"]:
            (root / "releases" / f"{name}.part" / path).write_bytes(files[path])
        release.seal(root, name, {"files": entries})
        release.switch(root, name, {})
    return root


def doctor(board: Path) -> subprocess.CompletedProcess[str]:
    command = [board / "ocr", "doctor", "--pack", str(board)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_doctor_tells_how_to_repair_the_release_in_use(board: Path) -> None:
    run = doctor(board)
    assert "release         two, whole" in " ".join(run.stdout.split("\n")), run.stdout
    assert run.stderr == ""
    file = board / "current" / LAUNCH
    file.unlink()  # the other release has it, too
    file.touch()
    run = doctor(board)
    assert run.stderr.startswith("ocr: release two is damaged, using the one before, one; deploy")
    lines = [line.strip() for line in run.stdout.splitlines()]
    number = next(n for n, line in enumerate(lines) if "two is damaged" in line)
    assert lines[number].startswith("MISS  release")
    assert lines[number].endswith("two is damaged; this is the one before, one")
    assert lines[number + 1] == "-> deploy to this board again"


def test_doctor_finds_damage_that_sizes_do_not_show(board: Path) -> None:
    file = board / "current" / "app/lite_runner/cli/draw.py"
    data = file.read_bytes()
    file.unlink()
    file.write_bytes(b"#" * len(data))
    assert "two is damaged\n" in doctor(board).stdout


def test_only_a_verification_leaves_what_is_compiled(board: Path) -> None:
    def compiled() -> set[str]:
        return {path.name.partition(".")[0] for path in (board / "current").rglob("*.pyc")}

    doctor(board)
    assert compiled() == set()
    subprocess.run([board / "ocr", "verify", "--pack", board], capture_output=True, check=False)
    assert {"main", "pack", "release"} <= compiled()


def test_half_a_compiled_module_is_told(board: Path) -> None:
    subprocess.run([board / "ocr", "verify", "--pack", board], capture_output=True, check=False)
    (file,) = (board / "current").rglob("main.*.pyc")
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    run = doctor(board)
    assert run.returncode == 1
    assert run.stderr.startswith("ocr: is damaged (")
    assert run.stderr.endswith("); deploy to this board again\n")
