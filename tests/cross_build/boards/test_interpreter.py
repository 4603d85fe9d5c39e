"""Which Python of a board runs ours, and what is advised where there is none."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cross_build.boards import interpreter


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with all the programs that a board has: of Python an old one."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("cat", "getconf", "uname"):
        (folder / name).symlink_to(str(shutil.which(name)))
    (folder / "python3").write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.7.3\n')
    (folder / "python3").chmod(0o755)
    return folder


def run(programs: Path, home: Path) -> subprocess.CompletedProcess[str]:
    program = ["/bin/sh", "-c", interpreter.RUN, "sh", "import sys; print(sys.argv[1])", "answer"]
    environment = {"PATH": str(programs), "HOME": str(home)}
    return subprocess.run(program, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "path",
    [
        ".local/bin/python3.11",
        ".local/share/uv/python/cpython-3.8.20-linux-aarch64-gnu/bin/python3",
        ".pyenv/versions/3.10.13/bin/python3",
        "miniforge3/bin/python3",
    ],
)
def test_a_python_in_the_home_folder_does(programs: Path, tmp_path: Path, path: str) -> None:
    python = tmp_path / "my home" / path
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    outcome = run(programs, tmp_path / "my home")
    assert (outcome.returncode, outcome.stdout) == (0, "answer\n"), outcome.stderr


def test_a_board_without_one_says_what_it_is(programs: Path, tmp_path: Path) -> None:
    outcome = run(programs, tmp_path)
    assert outcome.returncode == interpreter.MISSING
    assert outcome.stderr == "there is no Python 3.8 or newer (Python 3.7.3)\n"
    for field in ("MACHINE", "LIBC"):
        assert f"\n{field}=" in outcome.stdout
    (programs / "python3").unlink()
    assert "(no python3 at all)" in run(programs, tmp_path).stderr


def answer(release: str, machine: str = "aarch64", libc: str = "glibc 2.28") -> str:
    return f"{release}\nMACHINE={machine}\nLIBC={libc}\n"


BUSTER = 'PRETTY_NAME="Debian GNU/Linux 10 (buster)"\nVERSION_ID="10"\nID=debian'


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (answer('ID=ubuntu\nVERSION_ID="18.04"'), "sudo apt-get install python3.8"),
        (answer('ID=ubuntu\nVERSION_ID="22.04"'), "sudo apt-get install python3"),
        (answer('VERSION_ID="12"\nID=raspbian', "armv7l"), "sudo apt-get install python3"),
        (answer("ID=archarm"), "sudo pacman -S python"),
    ],
)
def test_a_package_of_the_system_is_advised_where_it_has_one(text: str, command: str) -> None:
    assert interpreter.advice(text, wheels=True) == f"run there '{command}'"


def test_another_python_is_advised_where_the_systems_packages_are_too_old() -> None:
    text = interpreter.advice(answer(BUSTER), wheels=True)
    assert text.startswith("Debian GNU/Linux 10 (buster) has no newer one in its packages: put one")
    # Our packages for newer ones need a newer C library.
    assert "'~/.local/bin/uv python install 3.8'" in text
    newest = answer('NAME="Buildroot"\nID=buildroot', libc="glibc 2.36")
    assert "uv python install 3.11'" in interpreter.advice(newest, wheels=True)


@pytest.mark.parametrize(
    ("text", "wheels"),
    [
        (answer(BUSTER, "armv7l"), False),
        (answer(BUSTER, libc="glibc 2.24"), True),
        (answer("ID=alpine\nVERSION_ID=3.18.4", libc=""), True),
        ("", True),
    ],
)
def test_a_newer_system_is_advised_where_no_python_would_do(text: str, wheels: bool) -> None:
    assert interpreter.advice(text, wheels).startswith("use a newer system there")
