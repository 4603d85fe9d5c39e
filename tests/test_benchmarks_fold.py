"""The benchmark of folding: its table on this computer, and what it says without an ARM runtime."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks import fold
from benchmarks.emulated import arm

_PROGRAM = "int main(void) { volatile long n = 0; for (int i = 0; i < %d; i++) n += i; }"


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
    with pytest.raises(arm.EmulationError, match=r"expected include/paddle_api\.h"):
        arm.runtime()


def test_missing_tools_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda tool: None)
    with pytest.raises(arm.EmulationError, match=r"apt-get install g\+\+-aarch64-linux-gnu gcc"):
        arm.Core(tmp_path)


@pytest.fixture
def core(tmp_path: Path) -> arm.Core:
    try:
        return arm.Core(tmp_path)
    except arm.EmulationError as error:
        pytest.skip(str(error))


def test_instructions_are_counted(core: arm.Core, tmp_path: Path) -> None:
    counts = []
    for rounds in (1000, 1000, 2000, 3000):
        source, program = tmp_path / "loop.c", tmp_path / "loop"
        source.write_text(_PROGRAM % rounds, encoding="utf-8")
        compiler = ["aarch64-linux-gnu-gcc", "-O1", "-static", "-o", str(program), str(source)]
        subprocess.run(compiler, check=True)
        counts.append(core.count([str(program)]))
    assert counts[0] == counts[1]
    # A loop more is as many instructions more, each time.
    once = counts[2] - counts[1]
    assert once == counts[3] - counts[2]
    assert 3000 <= once <= 10000


def test_a_failing_program_is_told(core: arm.Core, tmp_path: Path) -> None:
    with pytest.raises(arm.EmulationError, match="qemu-aarch64 ended with"):
        core.count([str(tmp_path / "none")])
