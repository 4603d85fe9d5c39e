"""What goes wrong with phones and their cables: one line tells, and the next deploy goes on."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Callable

import pytest

from cross_build.boards.connect import connect
from cross_build.boards.transports.adb import Adb
from cross_build.deploys import deploy as deploys
from cross_build.errors import BoardError, DeployError, TargetError
from cross_build.targets.targets import target
from lite_runner.errors import LiteError
from tests import double
from tests.phone import adb_stand_in
from tests.phone.adb_stand_in import SERIAL
from tests.phone.conftest import FOLDER, Phone

PIECES, PIECE = 4, 1_500_000


def is_one_line(error: BaseException) -> bool:
    return "\n" not in str(error) and len(str(error)) < 400


@pytest.mark.parametrize(
    ("phones", "kind", "words"),
    [
        ({}, BoardError, r"there is no phone; plug one in, and switch on 'USB debugging'"),
        (
            {"A1": "device", "B2": "device"},
            TargetError,
            r"2 phones; choose one with --host: A1, B2",
        ),
        ({SERIAL: "unauthorized"}, BoardError, r"unlock it, accept 'Allow USB debugging'"),
        ({SERIAL: "offline"}, BoardError, r"it does not answer; unplug it"),
        (
            {SERIAL: "no permissions (user in plugdev?); see [url]"},
            BoardError,
            r"run 'sudo apt-get",
        ),
        ({SERIAL: "recovery"}, BoardError, r"is in state 'recovery'; start its Android"),
    ],
)
def test_phones_that_cannot_be_worked_with(
    fresh: Phone, phones: dict[str, str], kind: type[LiteError], words: str
) -> None:
    fresh.settle(phones=phones)
    with pytest.raises(kind, match=words) as caught:
        fresh.board.probe()
    assert is_one_line(caught.value)


def test_one_of_several_phones_is_chosen(fresh: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh.settle(phones={"A1": "unauthorized", SERIAL: "device"})
    assert Adb(SERIAL).run(["echo", "it's 2"]).stdout == "it's 2\n"
    with pytest.raises(TargetError, match=r"no phone 'C3'; choose one with --host: A1, STANDIN01"):
        Adb("C3").run(["true"])
    monkeypatch.setenv("ANDROID_SERIAL", SERIAL)
    assert Adb().host == SERIAL
    assert Adb(SERIAL, "/sdcard/x").root == "/sdcard/x"
    assert Adb(SERIAL, "x").root == "/data/local/tmp/x"


def test_how_a_command_ended_is_told(fresh: Phone) -> None:
    way = Adb()
    ended = way.run(["sh", "-c", "read line; echo $line; echo -n no >&2; exit 3"], "hello\n")
    assert (ended.code, ended.stdout, ended.stderr) == (3, "hello\n", "no")
    assert way.run(["sh", "-c", "kill -9 $$"]).code == -9
    assert way.run(["/nothing"]).code == 127


def test_a_missing_adb_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("ANDROID_HOME", "ANDROID_SDK_ROOT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BoardError, match=r"adb is missing.*'sudo apt-get install adb'"):
        Adb().run(["true"])
    (tmp_path / "platform-tools").mkdir()
    program = tmp_path / "platform-tools/adb"
    program.write_text("#!/bin/sh\necho 'cannot bind' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("ANDROID_HOME", str(tmp_path))
    with pytest.raises(BoardError, match="its server does not start: cannot bind"):
        Adb().run(["true"])


def test_too_old_an_android_is_told(fresh: Phone) -> None:
    fresh.settle(features="cmd")
    with pytest.raises(BoardError, match="has no 'shell_v2'; expected Android 7 or newer"):
        fresh.board.probe()


@pytest.mark.parametrize(
    ("machine", "abi", "words"),
    [
        ("armv7l", "armeabi-v7a", "is armeabi-v7a (armv7l); take --target android-armv7"),
        ("x86_64", "x86_64", "this phone is x86_64 (x86_64); there is no target for it"),
        ("aarch64", "armeabi-v7a", None),
    ],
)
def test_phones_of_another_processor(
    fresh: Phone, tools: tuple[Path, Path], machine: str, abi: str, words: str | None
) -> None:
    shutil.rmtree(fresh.place)
    properties = {"product.cpu.abi": abi, "product.cpu.abilist": abi}
    adb_stand_in.make(fresh.place, *tools, **properties)
    name = fresh.root / "system/bin/uname"
    name.unlink()
    name.write_text(f"#!/system/bin/sh\necho {machine}\n")
    name.chmod(0o755)
    if words is None:  # a 64-bit kernel under a 32-bit Android
        assert fresh.board.probe().machine == "aarch64"
        return
    with pytest.raises(BoardError) as caught:
        fresh.board.probe()
    assert words in str(caught.value)


def test_storage_that_runs_no_program_is_told_before_anything_is_sent(
    fresh: Phone, plain: Path, mounted: Callable[..., None]
) -> None:
    mounted(fresh.root / "sdcard", "noexec")
    board = fresh.at("/sdcard/lite-ocr")
    with pytest.raises(BoardError, match=r"no program can be run in /sdcard/lite-ocr .*--folder"):
        fresh.deploy(plain, board)
    assert [path.name for path in fresh.root.glob("sdcard/lite-ocr/*")] == []


def test_a_folder_that_cannot_be_written_is_told(fresh: Phone, plain: Path) -> None:
    with pytest.raises(BoardError, match=r"Permission denied; give another folder .*--folder"):
        fresh.deploy(plain, fresh.at("/data/lite-ocr"))


def test_a_disk_too_small_is_told_before_anything_is_sent(
    fresh: Phone, plain: Path, mounted: Callable[..., None]
) -> None:
    mounted(fresh.root / "data/local/tmp", "size=30m")
    with pytest.raises(DeployError, match=r"36 MB must be sent, .* has 31 MB free; make room"):
        fresh.deploy(plain)
    assert not list(fresh.root.glob("data/local/tmp/lite-ocr/releases/*"))


def test_a_disk_that_fills_up_is_told(
    fresh: Phone, mounted: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mounted(fresh.root / "data/local/tmp", "size=4m")
    pieces = double.heavy(tmp_path / "p", 1, PIECES, PIECE)
    with pytest.raises(BoardError, match=r"No space left on device; make room there and deploy"):
        Adb().put({one.name: one for one in pieces.glob("*.bin")}, f"/{FOLDER}/releases/x.part")


def test_a_cable_pulled_at_any_point_loses_nothing(
    fresh: Phone, deployed: Path, plain: Path, tmp_path: Path
) -> None:
    # In the middle of the system: nothing there runs yet.
    fresh.settle(push_bytes=9_000_000)
    with pytest.raises(BoardError, match=r"the connection was lost.*goes on from where") as caught:
        fresh.deploy(plain)
    assert is_one_line(caught.value)
    fresh.settle(phones={SERIAL: "device"})
    assert deploys.undeploy(fresh.board), "what is left of it is ours"
    assert not fresh.home.exists()
    # In the middle of a release, over one in use.
    subprocess.run(["cp", "-al", str(deployed), str(fresh.home)], check=True)
    before = fresh.current
    pack = double.heavy(tmp_path / "p", 2, PIECES, PIECE)
    fresh.settle(push_bytes=PIECE * 2 + PIECE // 2)
    with pytest.raises(BoardError, match="the connection was lost"):
        fresh.deploy(pack)
    fresh.settle(phones={SERIAL: "device"})
    assert fresh.current == before
    # While it is verified: probing, looking and sending take some commands each.
    fresh.settle(shells=9)
    with pytest.raises(LiteError) as caught:
        fresh.deploy(pack)
    assert "the connection was lost" in str(caught.value)
    fresh.settle(phones={SERIAL: "device"})
    assert fresh.current == before
    assert fresh.program("verify").code == 0
    done = fresh.deploy(pack)
    assert done.changed
    assert done.sent < PIECES, "what has come is not sent again"


def test_a_system_damaged_on_its_way_is_not_taken(
    fresh: Phone, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Adb.put

    def damaging(self: Adb, files: dict[str, Path], folder: str, *others: object) -> None:
        real(self, files, folder)
        one = fresh.root / folder.strip("/") / "system/lib/python3.11/this.py"
        one.write_bytes(b"#" * one.stat().st_size)

    monkeypatch.setattr(Adb, "put", damaging)
    with pytest.raises(DeployError, match=r"1 files arrived damaged, first system/lib/python3"):
        fresh.deploy(plain)
    assert not (fresh.home / "current").exists()


def test_no_phone_is_emulated() -> None:
    with pytest.raises(TargetError, match="no phone can be emulated"):
        connect(target("android-arm64"), emulate=True)
