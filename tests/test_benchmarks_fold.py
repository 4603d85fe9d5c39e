"""The benchmark of folding: its table on this computer, and what it says without an ARM runtime."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benchmarks import fold
from benchmarks.emulated import arm
from cross_build.errors import InstructionsError


def test_the_table(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv(arm.VARIABLE, raising=False)
    asked = ["ch_ppocr_mobile_v2.0_cls", "PP-OCRv6_small_rec"]
    chosen = [word for name in asked for word in ("--network", name)]
    target = tmp_path / "figures.json"
    left_out = ["--without", "uneven strides"]
    assert fold.main([*chosen, *left_out, "--rounds", "2", "--json", str(target)]) == 0
    rows = json.loads(target.read_text(encoding="utf-8"))["x86"]
    sides = ["not folded", "folded", "folded without uneven strides", "ONNX Runtime"]
    assert [row["side"] for row in rows] == sides * 2
    assert [row["network"].split()[0] for row in rows[::4]] == asked
    for row in rows:
        assert 0 < row["low"] <= row["amount"] <= row["high"]
        assert row["difference"] <= 1e-4
    shown = capsys.readouterr().out
    assert all(row["side"] in shown for row in rows)
    assert f"not measured: {arm.VARIABLE} is not set" in shown


def test_unknown_networks_and_passes(capsys: pytest.CaptureFixture[str]) -> None:
    for option, known in (("--network", "PP-OCRv6_tiny_det"), ("--without", "max pools")):
        with pytest.raises(SystemExit):
            fold.main([option, "none of them"])
        assert known in capsys.readouterr().err


def test_a_folder_that_is_no_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(arm.VARIABLE, str(tmp_path))
    with pytest.raises(InstructionsError, match=r"expected include/paddle_api\.h"):
        arm.runtime()


def test_missing_tools_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda tool: None)
    with pytest.raises(InstructionsError, match=r"apt-get install g\+\+-aarch64-linux-gnu'"):
        arm.Core(tmp_path)
