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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(arm.VARIABLE, raising=False)
    assert fold.main(["--rounds", "2", "--json", str(tmp_path / "figures.json")]) == 0
    rows = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["x86"]
    assert {row["network"].split()[0] for row in rows} == {"det", "cls", "rec"}
    amd = "AuthenticAMD" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    assert len(rows) == 3 * (5 if amd else 3)
    for row in rows:
        assert 0 < row["low"] <= row["amount"] <= row["high"]
        assert row["difference"] <= 1e-4
    sides = [row["side"] for row in rows if row["network"].startswith("rec")]
    assert sides[:2] == ["published", "folded"]
    assert sides[-1] == "ONNX Runtime"
    shown = capsys.readouterr().out
    assert all(row["side"] in shown for row in rows)
    assert f"not measured: {arm.VARIABLE} is not set" in shown


def test_a_folder_that_is_no_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(arm.VARIABLE, str(tmp_path))
    with pytest.raises(InstructionsError, match=r"expected include/paddle_api\.h"):
        arm.runtime()


def test_missing_tools_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda tool: None)
    with pytest.raises(InstructionsError, match=r"apt-get install g\+\+-aarch64-linux-gnu'"):
        arm.Core(tmp_path)
