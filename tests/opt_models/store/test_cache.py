"""The cache: folders whole or not at all, whatever happens to the processes that make them."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Callable, ContextManager, Iterator

import pytest

from lite_runner.releases.release import sha256
from opt_models.errors import CacheError, FetchError
from opt_models.store import cache, manifest

Refuses = Callable[..., ContextManager[None]]
Disk = Callable[[str], Path]

NAME = "things/one-1.0"
FILES = {"a.txt": "first", "sub/b.txt": "second"}
WHOLE = {"things", NAME, f"{NAME}/a.txt", f"{NAME}/sub", f"{NAME}/sub/b.txt"}
NOBODY = 65534

#: A process that makes a folder: it writes one file, says so, and goes on when told to.
MAKER = """
import sys
from pathlib import Path
from lite_runner.releases.release import sha256
from opt_models.store import cache, manifest

def make(folder):
    with Path(sys.argv[1]).open("a") as log:
        log.write("made\\n")
    (folder / "a.txt").write_text("first")
    print("half", flush=True)
    sys.stdin.readline()
    (folder / "sub").mkdir()
    (folder / "sub" / "b.txt").write_text("second")

print(cache.folder("things/one-1.0", make), flush=True)
"""


def make(folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


def never(folder: Path) -> None:
    pytest.fail("made a folder that was there")


def content(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def left(root: Path) -> set[str]:
    """All there is in a cache besides locks and manifests."""
    own = (".lock", ".manifest.json")
    paths = (path for path in root.rglob("*") if not path.name.endswith(own))
    return {str(path.relative_to(root)) for path in paths}


@contextmanager
def process(log: Path) -> Iterator[subprocess.Popen[str]]:
    """A process in the middle of making the folder, or waiting for another one to do so."""
    with subprocess.Popen(
        [sys.executable, "-c", MAKER, str(log)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def said(*streams: IO[str] | None) -> list[IO[str]]:
    """Those of a process's streams where something can be read, as soon as there is one."""
    ready, _, _ = select.select([stream for stream in streams if stream], [], [], 60)
    assert ready, "the process says nothing"
    return ready


def line(stream: IO[str] | None) -> str:
    return said(stream)[0].readline().strip()


@contextmanager
def not_root() -> Iterator[None]:
    """Permissions do not count for root."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(mine)


def test_made_once(own_cache: Path) -> None:
    folder = cache.folder(NAME, make)
    assert folder == own_cache / NAME
    assert content(folder) == FILES
    assert cache.folder(NAME, never) == folder
    assert left(own_cache) == WHOLE


def test_others_may_read(own_cache: Path) -> None:
    assert cache.folder(NAME, make).stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("error", [ValueError("no"), FetchError("no"), KeyboardInterrupt()])
def test_failure_leaves_nothing(own_cache: Path, error: BaseException) -> None:
    def fail(folder: Path) -> None:
        make(folder)
        raise error

    with pytest.raises(type(error)) as caught:
        cache.folder(NAME, fail)
    assert caught.value is error
    assert left(own_cache) == {"things"}
    assert content(cache.folder(NAME, make)) == FILES


def test_two_processes_make_one_folder(own_cache: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with process(log) as first, process(log) as second:
        # Either may be the first to get the lock.
        ready = said(first.stdout, second.stdout)
        maker, other = (first, second) if first.stdout in ready else (second, first)
        assert line(maker.stdout) == "half"
        assert line(other.stderr) == f"another process is making {NAME}; waiting for it"
        # Nothing tells that it goes on waiting but that it does not begin.
        assert other.stdout is not None
        assert not select.select([other.stdout], [], [], 0.5)[0]
        assert not (own_cache / NAME).exists()
        answers = [maker.communicate("go\n", 60)[0], other.communicate(timeout=60)[0]]
    assert answers == [f"{own_cache / NAME}\n"] * 2
    assert [first.returncode, second.returncode] == [0, 0]
    assert log.read_text() == "made\n"
    assert content(own_cache / NAME) == FILES


def test_remains_of_a_killed_process_go(own_cache: Path, tmp_path: Path) -> None:
    with process(tmp_path / "log") as child:
        assert line(child.stdout) == "half"
        child.kill()
        child.wait(60)
    (remains,) = own_cache.glob("things/.one-1.0.*")
    assert content(remains) == {"a.txt": "first"}
    assert content(cache.folder(NAME, make)) == FILES
    assert not remains.exists()
    assert left(own_cache) == WHOLE


def test_work_for_another_folder_stays(own_cache: Path) -> None:
    other = own_cache / "things" / ".one-1.00.abc"
    other.mkdir(parents=True)
    cache.folder(NAME, make)
    assert other.is_dir()


@pytest.fixture(params=["forbidden", "closed", "file", "proc"])
def unwritable(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A cache that cannot be made, in one of several ways."""
    # Not tmp_path, which only its owner may enter.
    outside = Path(tempfile.mkdtemp())
    outside.chmod(0o755)
    place = outside / "place"
    if request.param == "file":
        place.write_text("")
    else:
        place.mkdir(mode={"forbidden": 0o555, "closed": 0o000}.get(request.param, 0o755))
    yield Path("/proc/lite-ocr") if request.param == "proc" else place / "cache"
    place.chmod(0o755)
    shutil.rmtree(outside)


def test_unwritable_cache(
    unwritable: Path, refuses: Refuses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(unwritable))
    parent = str(unwritable.parent) if unwritable.parent != Path("/proc") else str(unwritable)
    with refuses(CacheError, parent, f"set {cache.VARIABLE} to another folder"), not_root():
        cache.folder(NAME, never)
    with refuses(CacheError, parent, cache.VARIABLE), not_root():
        cache.write(unwritable / "known.json", "{}")


def test_error_names_the_file(own_cache: Path, refuses: Refuses) -> None:
    def fail(folder: Path) -> None:
        (folder / "none" / "a.txt").write_text("")

    with refuses(CacheError, "/none/a.txt: No such file or directory; ", cache.VARIABLE):
        cache.folder(NAME, fail)


def test_lock_of_unwritable_cache(refuses: Refuses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, "/proc/lite-ocr")
    with refuses(CacheError, "/proc/lite-ocr", cache.VARIABLE), cache.lock("board", "wait"):
        pytest.fail("no lock is held")


@pytest.mark.parametrize("error", [None, FetchError("pip: something went wrong")])
def test_full_disk(
    disk: Disk, refuses: Refuses, monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    """Also when whoever writes there tells the cause in other words."""
    root = disk("2m")
    monkeypatch.setenv(cache.VARIABLE, str(root))

    def fill(folder: Path) -> None:
        try:
            (folder / "big").write_bytes(bytes(3 << 20))
        except OSError as full:
            raise error or full from None

    with refuses(CacheError, root / "things", "disk is full", cache.VARIABLE):
        cache.folder(NAME, fill)
    assert left(root) == {"things"}
    # There is room again.
    assert content(cache.folder(NAME, make)) == FILES


def test_failure_on_a_disk_with_room_keeps_its_words(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(disk("2m")))

    def fail(folder: Path) -> None:
        raise FetchError("no such wheel")

    with pytest.raises(FetchError, match="no such wheel"):
        cache.folder(NAME, fail)


def test_write_on_a_full_disk(disk: Disk, refuses: Refuses) -> None:
    root = disk("64k")
    known = root / "known.json"
    cache.write(known, "old")
    with refuses(CacheError, known.name, "No space left", cache.VARIABLE):
        cache.write(known, "new" * 40_000)
    assert [(path.name, path.read_text()) for path in root.iterdir()] == [("known.json", "old")]


def test_write_makes_folders_and_replaces(own_cache: Path) -> None:
    path = own_cache / "deep" / "known.json"
    for text in ("one", "zwei 二"):
        cache.write(path, text)
        assert path.read_text(encoding="utf-8") == text
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/somewhere/else", "/somewhere/else"),
        ("~/ocr cache", "{home}/ocr cache"),
        ("here", "{cwd}/here"),
        ("", "{home}/.cache/lite-ocr"),
        (None, "{home}/.cache/lite-ocr"),
    ],
)
def test_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None, expected: str
) -> None:
    home, cwd = tmp_path / "home", tmp_path / "cwd"
    cwd.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.chdir(cwd)
    if value is None:
        monkeypatch.delenv(cache.VARIABLE, raising=False)
    else:
        monkeypatch.setenv(cache.VARIABLE, value)
    assert str(cache.root()) == expected.format(home=home, cwd=cwd)


# Damage: files that a power cut, a disk or somebody changed behind our back


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda file: file.write_text(""), "a.txt has 0 bytes instead of 5"),
        (lambda file: file.write_text("firsT"), "a.txt has changed"),
        (Path.unlink, "a.txt: No such file or directory"),
    ],
)
def test_a_damaged_folder_is_made_anew_and_told(
    own_cache: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], object],
    words: str,
) -> None:
    folder = cache.folder(NAME, make)
    spoil(folder / "a.txt")
    assert content(cache.folder(NAME, make)) == FILES
    assert capsys.readouterr().err == f"{folder}: {words}; making it anew\n"
    cache.folder(NAME, never)
    assert left(own_cache) == WHOLE


def test_what_is_damaged_stays_until_there_is_another_one(own_cache: Path) -> None:
    folder = cache.folder(NAME, make)
    (folder / "a.txt").write_text("")

    def fail(fresh: Path) -> None:
        raise FetchError("offline")

    with pytest.raises(FetchError, match="offline"):
        cache.folder(NAME, fail)
    assert content(folder) == {**FILES, "a.txt": ""}
    assert left(own_cache) == WHOLE
    assert content(cache.folder(NAME, make)) == FILES


def test_files_of_another_time_and_files_that_came_later_are_no_damage(own_cache: Path) -> None:
    folder = cache.folder(NAME, make)
    os.utime(folder / "a.txt", (1, 1))
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.pyc").touch()
    cache.folder(NAME, never)
    # Its new time is known now: not even a look into it would tell this.
    (folder / "a.txt").write_text("firsT")
    os.utime(folder / "a.txt", (1, 1))
    cache.folder(NAME, never)
    assert manifest.doubt(folder / "a.txt")
    assert content(cache.folder(NAME, make)) == FILES


@pytest.mark.parametrize("text", [None, "", "[]", '{"a.txt": 1}', '{"a.txt": [5, "x", ""]}'])
def test_a_folder_without_a_manifest_is_taken_as_it_is(own_cache: Path, text: str | None) -> None:
    folder = cache.folder(NAME, make)
    place = folder.with_name("one-1.0.manifest.json")
    place.unlink()
    if text is not None:
        place.write_text(text)
    cache.folder(NAME, never)
    assert manifest.hashes(folder / "sub") == {"b.txt": sha256(folder / "sub/b.txt")}
    (folder / "a.txt").write_text("")
    assert content(cache.folder(NAME, make)) == FILES


def test_content_that_makes_no_sense_is_made_anew(
    own_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def check(folder: Path) -> None:
        if (folder / "a.txt").read_text() != "first":
            raise FetchError("a.txt is not the first")

    folder = cache.folder(NAME, make)
    (folder / "a.txt").write_text("")
    folder.with_name("one-1.0.manifest.json").unlink()
    assert content(cache.folder(NAME, make, check)) == FILES
    assert "a.txt is not the first; making it anew" in capsys.readouterr().err


def test_a_folder_that_is_worked_in_is_left_alone(own_cache: Path) -> None:
    folder = cache.folder(NAME, make, fixed=False)
    (folder / "a.txt").write_text("other")
    assert cache.folder(NAME, never, fixed=False) == folder
    assert left(own_cache) == WHOLE


def test_what_is_linked_into_another_cache_is_damage_there(own_cache: Path, tmp_path: Path) -> None:
    folder = cache.folder(NAME, make)
    elsewhere = tmp_path / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    cache.folder(NAME, never)
    (elsewhere / "a.txt").write_text("")
    assert content(cache.folder(NAME, make)) == FILES
    assert not folder.is_symlink()
    assert content(elsewhere) == {**FILES, "a.txt": ""}, "others' files are theirs"
