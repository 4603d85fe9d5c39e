"""What a board says it is, and whether a release fits it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from lite_runner.releases import probe

FOUND: dict[str, Any] = {
    **{"machine": "aarch64", "glibc": (2, 36), "glibcxx": 30, "python": "3.9", "missing": []},
}
FITS = {"machine": "aarch64", "glibc": [2, 31], "glibcxx": 28, "python": "3.9"}


def test_this_computer_is_what_it_is() -> None:
    found = probe.facts(["libc.so.6", "libnothing.so.1"])
    assert found["machine"] == os.uname().machine
    assert found["missing"] == ["libnothing.so.1"]
    assert found["executable"] == sys.executable
    assert probe.glibc(found["libc"]) >= (2, 17)
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("found", "wanted", "words"),
    [
        ({}, {}, ""),
        ({}, {"machine": "armv7l"}, "expected a armv7l board, this is aarch64; choose another --t"),
        (
            {"machine": "armv6l"},
            {},
            "expected a aarch64 board, this is armv6l; Paddle-Lite has",
        ),
        (
            {"missing": ["libgomp.so.1", "libx.so.1"]},
            {},
            "the board lacks libgomp.so.1, libx.so.1; run there 'sudo apt-get install libgomp1 lib",
        ),
        ({}, {"python": "3.99"}, "built for Python 3.99, the board has 3.9; choose another --syst"),
        ({}, {"glibc": [2, 37]}, "built for GLIBC_2.37, the board has GLIBC_2.36; choose another"),
        ({}, {"glibc": [2, 9]}, ""),
        ({}, {"glibcxx": 31}, "built for GLIBCXX_3.4.31, the board has GLIBCXX_3.4.30; choose ano"),
        ({"glibcxx": None}, {"glibcxx": 31}, ""),
    ],
)
def test_what_does_not_fit_is_told(found: Any, wanted: Any, words: str) -> None:
    said = probe.incompatibility(SimpleNamespace(**{**FOUND, **found}), {**FITS, **wanted})
    assert said.startswith(words)
    assert bool(said) == bool(words)


def test_another_python_of_the_board_will_do(tmp_path, monkeypatch) -> None:
    (tmp_path / "python3.99").write_text("#!/bin/sh\n")
    (tmp_path / "python3.99").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert probe.incompatibility(SimpleNamespace(**FOUND), {**FITS, "python": "3.99"}) == ""


@pytest.mark.parametrize("libc", [None, "", "musl 1.2"])
def test_another_c_library_is_told(libc) -> None:
    with pytest.raises(ValueError, match="the C library is"):
        probe.glibc(libc)


def test_it_answers_as_a_program() -> None:
    wanted = {"machine": "vax", "libraries": []}
    run = subprocess.run(
        [sys.executable, "-I", probe.__file__, "--misfit", json.dumps(wanted)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout)["misfit"].startswith("expected a vax board, this is ")
