"""What a board's own numpy and OpenCV must be, and what the runner takes of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from cross_build.errors import BoardError
from cross_build.targets import system_packages

GOOD = {
    "numpy": {"version": "1.24.2", "lacking": []},
    "cv2": {"version": "4.6.0", "lacking": []},
}


def answered(folder: Path) -> Any:
    """What a Python says that finds the packages of a folder first."""
    # -I would leave the folder out, too: the probe itself is what is tested here.
    code = f"import sys; sys.path.insert(0, {str(folder)!r})\n{system_packages.PROBE}"
    run = subprocess.run(
        [sys.executable, "-I", "-c", code],
        input=system_packages.question(),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


def test_names_are_those_the_runner_takes() -> None:
    names = system_packages.names("cv2")
    assert {"findContours", "minAreaRect", "warpPerspective", "__version__"} <= set(names)
    # The runner asks for this one itself, and does without.
    assert "FontFace" not in names
    # Only type checkers look at these.
    assert not [name for name in system_packages.names("numpy") if name.startswith("typing")]
    assert "linalg.norm" in system_packages.names("numpy")


def test_this_computers_packages_have_them_all(tmp_path: Path) -> None:
    found = system_packages.check("here", answered(tmp_path))
    assert found == (f"numpy {np.__version__}", f"cv2 {cv2.__version__}")


@pytest.mark.parametrize("names", [["numpy"], ["cv2"], ["numpy", "cv2"]])
def test_missing_ones_are_told_with_the_command(names: list[str]) -> None:
    answer = {name: said for name, said in GOOD.items() if name not in names}
    debian = {"numpy": "python3-numpy", "cv2": "python3-opencv"}
    command = f"'sudo apt-get install {' '.join(debian[name] for name in names)}'"
    with pytest.raises(BoardError, match=f"no wheels of {' and '.join(names)} for .*{command}"):
        system_packages.check("zero2w-32", answer)


def test_a_folder_of_that_name_is_no_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nothing_here").mkdir()
    asked = json.dumps({"nothing_here": ["array"]})
    monkeypatch.setattr(system_packages, "question", lambda: asked)
    assert answered(tmp_path) == {}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "raise ImportError('libGL.so.1: none')",
            r"cannot be imported \(ImportError: libGL",
        ),
        ("import nothing_there", r"cannot be imported \(ModuleNotFoundError: .*nothing_there"),
        ("__version__ = '3.2.0'", r"its cv2 is 3\.2\.0, the runner needs 4\.5 or newer"),
        (
            "__version__ = '4.6.0'",
            r"its cv2 4\.6\.0 lacks BORDER_CONSTANT, BORDER_REPLICATE, .*warpPerspective;",
        ),
    ],
)
def test_packages_that_would_fail_are_refused(tmp_path: Path, source: str, words: str) -> None:
    (tmp_path / "cv2.py").write_text(f"{source}\n", encoding="utf-8")
    with pytest.raises(BoardError, match=f"zero2w-32: .*{words}"):
        system_packages.check("zero2w-32", answered(tmp_path))


def test_the_oldest_are_let_in() -> None:
    oldest = {
        one.module: {"version": ".".join(map(str, (*one.least, 0))), "lacking": []}
        for one in system_packages.PACKAGES
    }
    assert system_packages.check("rpi2", oldest) == ("numpy 1.19.0", "cv2 4.5.0")
