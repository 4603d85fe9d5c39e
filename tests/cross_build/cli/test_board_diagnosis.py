"""What ``doctor`` says of what deploys to boards need."""

from __future__ import annotations

from pathlib import Path

import pytest

from cross_build.bundles import paddlelite
from cross_build.cli import board_diagnosis
from cross_build.targets.targets import target
from lite_runner.cli import doctor
from lite_runner.cli.doctor import Check
from opt_models.store import config
from tests.commands import invoke


@pytest.fixture(autouse=True)
def bare_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer without programs and network."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("LITE_OCR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(config.OFFLINE, "1")
    for variable in paddlelite.VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    for variable in ("ANDROID_HOME", "ANDROID_SDK_ROOT"):
        monkeypatch.delenv(variable, raising=False)


def of(name: str = "") -> dict[str, Check]:
    rows = board_diagnosis.checks(target(name) if name else None)
    return {check.name: check for check in rows}


def test_what_is_missing_is_called_so() -> None:
    checks = of()
    missing = {name for name, check in checks.items() if not check.ok}
    tools = {"compiler armv8", "compiler armv7hf", "adb", "mmdebstrap", "dpkg-deb"}
    assert missing == {*tools, "Paddle-Lite armv8", "Paddle-Lite armv7hf"}
    assert not any(check.needed for check in checks.values() if not check.ok)
    command = "for 64-bit ARM boards: sudo apt-get install g++-aarch64-linux-gnu"
    assert checks["compiler armv8"].hint == command
    library = checks["Paddle-Lite armv8"]
    assert library.detail == "v2.13-rc, https://github.com: not asked, being offline"
    assert "armv8.gcc.with_extra.with_cv.tar.gz into a folder that PPOCR_MODELS" in library.hint


def test_of_one_kind_of_board_all_is_needed(tmp_path: Path) -> None:
    checks = of("rpi4")
    assert {name for name, check in checks.items() if check.needed and not check.ok} == {
        "compiler armv8",
        "Paddle-Lite armv8",
    }
    assert "adb" not in checks
    compiler = tmp_path / "bin" / "aarch64-linux-gnu-g++"
    compiler.write_text("")
    compiler.chmod(0o755)
    assert of("rpi4")["compiler armv8"].detail == str(compiler)
    assert not {"compiler armv8", "Paddle-Lite armv8"} & set(of("local"))


def test_an_archive_that_is_here_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = paddlelite.published(target("rpi4").runtime).path
    models = tmp_path / "models"
    for folder in (models / "any", tmp_path / "cache" / "files" / Path(path[1:]).parent):
        monkeypatch.setenv(config.MODELS, str(models))
        folder.mkdir(parents=True)
        archive = folder / Path(path).name
        archive.write_bytes(b"archive")
        check = of("rpi4")["Paddle-Lite armv8"]
        assert (check.ok, check.detail) == (True, f"v2.13-rc, {archive}")


def test_a_library_of_the_users_own_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(paddlelite.VARIABLES["armv8"], str(tmp_path))
    check = of("rpi4")["Paddle-Lite armv8"]
    assert not check.ok
    assert "expected include/paddle_api.h and lib/" in check.detail


def test_what_only_some_boards_need_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    good = Check("python", True, "3.11")
    optional = Check("adb", False, "no adb", "for phones: get it", needed=False)
    assert doctor.show([good, optional]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "ok    python  3.11",
        "MISS  adb     no adb",
        "              -> for phones: get it",
        "all is well here; of what some boards need, 1 missing",
    ]
    assert doctor.show([Check("cache", False, "full", "make room"), optional]) == 1
    assert capsys.readouterr().out.endswith("1 to fix\n")


def test_the_command_asks_for_a_kind_of_board() -> None:
    run = invoke("doctor", "--host", "pi@board")
    assert (run.returncode, run.stderr) == (
        2,
        "invoke: --host: say which kind of board, with --target\n",
    )
