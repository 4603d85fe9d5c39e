"""Checksums of fetched files: recorded once, never overwritten, fit to be merged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Callable, ContextManager

import pytest

from lite_runner.errors import UsageError
from opt_models.errors import FetchError
from opt_models.store import config, lockfile

Refuses = Callable[..., ContextManager[None]]

A, B, C = "a" * 64, "b" * 64, "c" * 64

#: A process that records ten files of its own, while others record theirs.
RECORDER = """
import sys
from opt_models.store import lockfile as checksums

for number in range(10):
    checksums.record(f"/{sys.argv[1]}/{number}.tar", "a" * 64, number)
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of checksums; neither it nor its folder is there."""
    folder = tmp_path / "config"
    monkeypatch.setenv(config.FOLDER, str(folder))
    for name in (config.MIRRORS, config.MODELS, config.OFFLINE):
        monkeypatch.delenv(name, raising=False)
    return folder / "catalog.lock"


def rows(file: Path) -> list[str]:
    header, *others = file.read_text().splitlines()
    assert header.startswith("# ")
    return others


def test_nothing_recorded(file: Path) -> None:
    assert lockfile.recorded("/x.tar") is None
    assert not file.parent.exists()


def test_recorded_sorted(file: Path) -> None:
    lockfile.record("/b/x.tar", B, 2)
    lockfile.record("/a/with space.tar", A, 0)
    lockfile.record("/c.tar", C, 4 << 30)
    assert lockfile.recorded("/b/x.tar") == (B, 2)
    assert lockfile.recorded("/a/with space.tar") == (A, 0)
    assert lockfile.recorded("/x.tar") is None
    assert rows(file) == [
        f"{A}  0  /a/with space.tar",
        f"{B}  2  /b/x.tar",
        f"{C}  {4 << 30}  /c.tar",
    ]
    assert [path.name for path in file.parent.glob("[!.]*")] == ["catalog.lock"]


def test_others_may_read(file: Path) -> None:
    lockfile.record("/x.tar", A, 1)
    assert file.stat().st_mode & 0o777 == 0o644


def test_known_is_not_written_again(file: Path) -> None:
    lockfile.record("/x.tar", A, 1)
    before = file.stat()
    lockfile.record("/x.tar", A, 1)
    assert file.stat().st_ino == before.st_ino


@pytest.mark.parametrize(("sha256", "size"), [(B, 1), (A, 2)])
def test_conflict(file: Path, refuses: Refuses, sha256: str, size: int) -> None:
    lockfile.record("/x.tar", A, 1)
    was = file.read_text()
    told = [f"sha256 is {sha256} ({size} bytes)", f"{file} recorded {A} (1 bytes)", "delete its"]
    with refuses(FetchError, *told):
        lockfile.record("/x.tar", sha256, size)
    assert file.read_text() == was


def test_what_people_wrote_stays(file: Path) -> None:
    file.parent.mkdir()
    lines = ["# ours", f"{A}  1  /a.tar", "", "# for the board", f"{C}  3  /c.tar"]
    file.write_text("\r\n".join(lines))
    lockfile.record("/b.tar", B, 2)
    lines.insert(4, f"{B}  2  /b.tar")
    assert file.read_text() == "".join(f"{line}\n" for line in lines)


def test_link_into_a_repository_stays(file: Path, tmp_path: Path) -> None:
    real = tmp_path / "repository" / "shared.lock"
    real.parent.mkdir()
    file.parent.mkdir()
    file.symlink_to(real)
    lockfile.record("/x.tar", A, 1)
    assert file.is_symlink()
    assert rows(real) == [f"{A}  1  /x.tar"]
    assert lockfile.recorded("/x.tar") == (A, 1)


def test_one_line_twice(file: Path) -> None:
    """As a union merge leaves it."""
    file.parent.mkdir()
    file.write_text(f"{A}  1  /x.tar\n" * 2)
    assert lockfile.recorded("/x.tar") == (A, 1)


@pytest.mark.parametrize(
    "line",
    [
        "<<<<<<< HEAD",
        f"{A} 1 /y.tar",
        f"{A}  1  y.tar",
        f"{A}  1",
        f"{A}  -1  /y.tar",
        f"{A[1:]}  1  /y.tar",
        f"{A.upper()}  1  /y.tar",
        f"  {A}  1  /y.tar",
        "{}",
        f"{B}  1  /x.tar",
        f"{A}  2  /x.tar",
        "\xf6",
    ],
)
def test_damaged(file: Path, refuses: Refuses, line: str) -> None:
    file.parent.mkdir()
    file.write_bytes(f"# sums\n{A}  1  /x.tar\n{line}\n{C}  3  /z.tar\n".encode("latin-1"))
    was = file.read_bytes()
    with refuses(UsageError, f"{file}:3: "):
        lockfile.recorded("/z.tar")
    with refuses(UsageError, f"{file}:3: "):
        lockfile.record("/new.tar", A, 1)
    assert file.read_bytes() == was


@pytest.mark.parametrize("path", ["x.tar", "/x\n.tar", "/x\x1b.tar", ""])
def test_senseless_path(file: Path, path: str) -> None:
    with pytest.raises(ValueError, match="cannot be recorded"):
        lockfile.record(path, A, 1)
    assert not file.exists()


def test_unwritable(file: Path, refuses: Refuses, monkeypatch: pytest.MonkeyPatch) -> None:
    file.parent.write_text("not a folder")
    # config.toml cannot be read there either; here it is about catalog.lock.
    found = config.Settings((), None, False, file)
    monkeypatch.setattr(config, "current", lambda: found)
    with refuses(UsageError, f"{file}: cannot be read or written", config.FOLDER):
        lockfile.record("/x.tar", A, 1)
    file.parent.unlink()
    file.mkdir(parents=True)
    with refuses(UsageError, f"{file}: cannot be read or written", config.FOLDER):
        lockfile.recorded("/x.tar")


def test_full_disk(
    disk: Callable[[str], Path], refuses: Refuses, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = disk("64k")
    monkeypatch.setenv(config.FOLDER, str(folder))
    lockfile.record("/x.tar", A, 1)
    was = (folder / "catalog.lock").read_text()
    room = folder / "room"
    with room.open("wb", buffering=0) as sink, pytest.raises(OSError, match="No space"):
        while True:
            sink.write(bytes(4096))
    with refuses(UsageError, "No space left", config.FOLDER):
        lockfile.record("/y.tar", B, 1)
    assert (folder / "catalog.lock").read_text() == was
    room.unlink()
    assert {path.name for path in folder.iterdir()} <= {"catalog.lock", ".catalog.lock.busy"}


def test_many_processes_at_once(file: Path) -> None:
    names = ["one", "two", "three"]
    running = [
        subprocess.Popen([sys.executable, "-c", RECORDER, name], cwd=Path(__file__).parents[3])
        for name in names
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    expected = sorted(f"/{name}/{number}.tar" for name in names for number in range(10))
    assert [row.split("  ")[2] for row in rows(file)] == expected


def test_what_is_shipped_is_known_before_first_use(
    file: Path, tmp_path: Path, refuses: Refuses, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "shipped.lock"
    monkeypatch.setattr(lockfile, "SHIPPED", shipped)
    lockfile.record("/a/x.tar", A, 1)
    shipped.write_text(f"# shipped\n{B}  2  /a/x.tar\n{C}  3  /a/y.tar\n")
    # It wins over what was recorded here.
    assert lockfile.recorded("/a/x.tar") == (B, 2)
    assert lockfile.is_shipped("/a/y.tar")
    assert not lockfile.is_shipped("/a/z.tar")
    lockfile.record("/a/y.tar", C, 3)
    with refuses(FetchError, "/a/y.tar", A, C, str(shipped)):
        lockfile.record("/a/y.tar", A, 3)
    assert rows(file) == [f"{A}  1  /a/x.tar"]


def test_what_the_project_ships_can_be_read() -> None:
    assert lockfile.recorded("/nothing") is None
    assert lockfile.SHIPPED.is_file()
