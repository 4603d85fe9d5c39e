"""Downloads: places in their order, nothing wrong is kept, whatever happens to the processes."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, ContextManager, Iterator

import pytest

from lite_runner.errors import UsageError
from opt_models.errors import CacheError, FetchError
from opt_models.store import archive, cache, config, download, lockfile
from tests.opt_models.store.conftest import (
    BYTES,
    OTHER,
    PAGE,
    PATH,
    REST,
    Answer,
    Host,
    closed_port,
    left,
    put,
    served,
    until,
)

Refuses = Callable[..., ContextManager[None]]

pytestmark = pytest.mark.usefixtures("alone")

SUM = hashlib.sha256(BYTES).hexdigest()
WRONG = hashlib.sha256(OTHER).hexdigest()
WHOLE = {"x.tar": len(BYTES)}

#: A process that gets a file; arguments: the model host.
GETTER = f"""
import sys
from opt_models.store import download

print(download.get({PATH!r}, sys.argv[1], {SUM!r}, lambda file: None), flush=True)
"""


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A second host, which is the user's mirror."""
    with served(Host()) as mirror:
        monkeypatch.setenv(config.MIRRORS, mirror.url)
        yield mirror


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of models, empty."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv(config.MODELS, str(folder))
    return folder


def fine(file: Path) -> None:
    """A check that everything passes."""
    assert file.is_file()


def no_page(file: Path) -> None:
    if b"<html>" in file.read_bytes():
        raise FetchError("is a page, not a model")


def never(file: Path) -> None:
    pytest.fail("checked a file whose checksum is known")


def get(host: Host, pin: str | None = SUM, check: Callable[[Path], None] = fine) -> Path:
    return download.get(PATH, host.url, pin, check)


# First use and ever after.


def test_first_use(host: Host, final: Path, own_cache: Path, capfd: Any) -> None:
    assert get(host, None) == final
    assert final.read_bytes() == BYTES
    assert left(own_cache) == WHOLE
    assert not final.with_name("x.tar.part.json").exists()
    assert lockfile.recorded(PATH) == (SUM, len(BYTES))
    (request,) = host.requests
    assert request.path == PATH
    assert request.range is None
    assert request.headers["Accept-Encoding"] == "identity"
    assert request.headers["User-Agent"].startswith("lite-ocr/")
    assert capfd.readouterr() == ("", f"fetching x.tar (307.2 kB) from {host.url[7:]}\n")


def test_once(host: Host, capfd: Any) -> None:
    first = get(host, None)
    capfd.readouterr()
    assert get(host, None, never) == first
    assert len(host.requests) == 1
    assert capfd.readouterr() == ("", "")


def test_pinned(host: Host) -> None:
    """A pin says all; nothing is recorded."""
    get(host, SUM, never)
    get(host, SUM, never)
    assert len(host.requests) == 1
    assert lockfile.recorded(PATH) is None


def test_empty_file(host: Host, own_cache: Path) -> None:
    host.files[PATH] = b""
    get(host, None)
    assert left(own_cache) == {"x.tar": 0}


def test_strange_names(host: Host, own_cache: Path) -> None:
    path = "/模型/a b%20c?d#e.tar"
    host.files[path] = BYTES
    assert download.get(path, f"{host.url}/", None, fine) == own_cache / "files" / path[1:]
    assert lockfile.recorded(path) == (SUM, len(BYTES))


@pytest.mark.parametrize(
    "path", ["x.tar", "", "/", "/../x.tar", "/a/../../x", "//x", "/a/", "/a\\b", "/a\nb", "/./x"]
)
def test_no_path(host: Host, refuses: Refuses, own_cache: Path, path: str) -> None:
    with refuses(FetchError, repr(path), "expected one like /folder/x.tar"):
        download.get(path, host.url, None, fine)
    assert host.requests == []
    assert not own_cache.exists()


# What is wrong is never kept.


def test_not_the_pinned_file(
    host: Host, refuses: Refuses, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refuses(FetchError, f"{host.url}{PATH}: sha256 is {SUM}", f"expected {WRONG}", "PPOCR_"):
        get(host, WRONG)
    assert left(own_cache) == {}
    assert len(host.requests) == 1


def test_not_the_recorded_file(
    host: Host, refuses: Refuses, own_cache: Path, tmp_path: Path
) -> None:
    lock = tmp_path / "config" / "catalog.lock"
    lockfile.record(PATH, WRONG, 9)
    told = [f"sha256 is {SUM}", f"{lock} recorded {WRONG} (9 bytes)", "delete its line there"]
    with refuses(FetchError, *told):
        get(host, None)
    assert left(own_cache) == {}
    # As the error says.
    lock.write_text("".join(line for line in lock.open() if PATH not in line))
    get(host, None)
    assert left(own_cache) == WHOLE
    assert lockfile.recorded(PATH) == (SUM, len(BYTES))


def test_log_in_page(host: Host, refuses: Refuses, own_cache: Path, tmp_path: Path) -> None:
    host.usual = Answer(body=PAGE)
    with refuses(FetchError, f"{host.url}{PATH}: is a page, not a model"):
        get(host, None, no_page)
    assert left(own_cache) == {}
    assert lockfile.recorded(PATH) is None


@pytest.mark.parametrize("body", [PAGE, b"", PAGE * 9999, gzip.compress(PAGE, mtime=0)])
def test_no_archive(host: Host, refuses: Refuses, own_cache: Path, body: bytes) -> None:
    host.usual = Answer(body=body)
    with refuses(FetchError, host.url, "is not a whole archive"):
        get(host, None, archive.check)
    assert left(own_cache) == {}
    assert lockfile.recorded(PATH) is None


@pytest.mark.parametrize("pin", [SUM, None])
@pytest.mark.parametrize("damage", [BYTES[:-1], b"", OTHER])
def test_damage_in_the_cache(
    host: Host, final: Path, own_cache: Path, capfd: Any, pin: str | None, damage: bytes
) -> None:
    get(host, pin)
    final.write_bytes(damage)
    capfd.readouterr()
    assert get(host, pin).read_bytes() == BYTES
    assert left(own_cache) == WHOLE
    assert len(host.requests) == 2
    assert f"{final}: sha256 is " in capfd.readouterr().err


def test_in_the_cache_without_record(host: Host, final: Path, tmp_path: Path) -> None:
    """As if another configuration folder had been used before."""
    get(host, None)
    (tmp_path / "config" / "catalog.lock").unlink()
    get(host, None, no_page)
    assert len(host.requests) == 1
    assert lockfile.recorded(PATH) == (SUM, len(BYTES))


def test_page_in_the_cache(host: Host, final: Path) -> None:
    put(final, PAGE)
    assert get(host, None, no_page).read_bytes() == BYTES
    assert lockfile.recorded(PATH) == (SUM, len(BYTES))


def test_damaged_record(host: Host, refuses: Refuses, own_cache: Path, tmp_path: Path) -> None:
    lock = put(tmp_path / "config" / "catalog.lock", b"<<<<<<< ours\n")
    with refuses(UsageError, f"{lock}:1: "):
        get(host, None)
    assert host.requests == []
    assert left(own_cache) == {}


def test_record_cannot_be_written(
    host: Host, refuses: Refuses, own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the file is not in use yet; once it can be, nothing is downloaded again."""
    monkeypatch.setattr(cache, "full", lambda place: False)
    busy = tmp_path / "config" / ".catalog.lock.busy"
    busy.mkdir(parents=True)
    with refuses(UsageError, "catalog.lock", config.FOLDER):
        get(host, None)
    assert left(own_cache) == {"x.tar.part": len(BYTES)}
    busy.rmdir()
    get(host, None)
    assert left(own_cache) == WHOLE
    assert len(host.requests) == 1


# The user's folder of models.


@pytest.mark.parametrize("place", [PATH[1:], "x.tar", "deep/er/x.tar"])
@pytest.mark.parametrize("pin", [SUM, None])
def test_folder(
    host: Host, models: Path, own_cache: Path, final: Path, place: str, pin: str | None
) -> None:
    source = put(models / place)
    source.chmod(0o444)
    before = source.stat()
    assert get(host, pin) == final
    assert left(own_cache) == WHOLE
    assert final.read_bytes() == BYTES
    assert host.requests == []
    assert (lockfile.recorded(PATH) is None) == (pin is not None)
    assert source.read_bytes() == BYTES
    assert source.stat().st_mtime_ns == before.st_mtime_ns
    assert not final.samefile(source)
    assert os.access(final, os.W_OK)


def test_order_in_the_folder(host: Host, models: Path) -> None:
    put(models / "sub" / "x.tar", b"third")
    put(models / "x.tar", b"second")
    put(models / PATH[1:], b"first")
    assert get(host, None).read_bytes() == b"first"


def test_right_one_in_the_folder(host: Host, models: Path) -> None:
    put(models / PATH[1:], OTHER)
    put(models / "x.tar", PAGE)
    put(models / "a" / "x.tar", OTHER)
    put(models / "b" / "x.tar")
    assert get(host).read_bytes() == BYTES
    assert host.requests == []


def test_same_several_times_in_the_folder(host: Host, models: Path) -> None:
    put(models / "a" / "x.tar")
    put(models / "b" / "x.tar")
    assert get(host, None).read_bytes() == BYTES
    assert host.requests == []


def test_several_in_the_folder(host: Host, models: Path, refuses: Refuses, own_cache: Path) -> None:
    one, two = put(models / "a" / "x.tar"), put(models / "b" / "x.tar", OTHER)
    with refuses(FetchError, one, two, "different content", models / PATH[1:]):
        get(host, None)
    assert host.requests == []
    assert left(own_cache) == {}


@pytest.mark.parametrize(
    ("content", "pin", "why"), [(OTHER, SUM, "sha256 is"), (PAGE, None, "is a page")]
)
def test_wrong_in_the_folder(
    host: Host, models: Path, capfd: Any, content: bytes, pin: str | None, why: str
) -> None:
    source = put(models / "x.tar", content)
    assert get(host, pin, no_page).read_bytes() == BYTES
    assert source.read_bytes() == content
    said = capfd.readouterr().err.splitlines()
    assert said[0].startswith(f"x.tar: {source}: {why}")
    assert said[0].endswith("; trying the next place")


def test_not_in_the_folder(host: Host, models: Path, capfd: Any) -> None:
    put(models / "y.tar")
    (models / "x.tar").mkdir()
    assert get(host).read_bytes() == BYTES
    assert f"x.tar: {models}: there is no x.tar in it; trying" in capfd.readouterr().err


def test_no_folder(host: Host, models: Path, capfd: Any) -> None:
    models.rmdir()
    assert get(host).read_bytes() == BYTES
    assert f"x.tar: {models}: there is no such f" in capfd.readouterr().err


def test_unreadable_in_the_folder(
    host: Host, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = put(models / "x.tar")
    real = Path.open

    def closed(self: Path, *rest: Any, **more: Any) -> Any:
        if self == source:
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *rest, **more)

    monkeypatch.setattr(Path, "open", closed)
    assert get(host).read_bytes() == BYTES


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        *((PATH[1:], True), ("x.tar", True), ("deep/er/x.tar", True)),
        *(("x.tar.part", False), ("ax.tar", False), ("X.tar", False), ("x.tar/a", False)),
    ],
)
def test_is_in(tmp_path: Path, file: str, expected: bool) -> None:
    put(tmp_path / "models" / "sub" / "other.tar")
    put(tmp_path / "models" / file)
    assert download.is_in(PATH, tmp_path / "models") is expected


def test_nothing_is_in_no_folder(tmp_path: Path) -> None:
    assert download.is_in(PATH, tmp_path / "nowhere") is False


# Mirrors.


def test_mirror_first(host: Host, mirror: Host) -> None:
    get(host)
    assert (len(mirror.requests), len(host.requests)) == (1, 0)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(404), "404 Not Found"),
        (Answer(body=OTHER), f"sha256 is {WRONG}"),
        (Answer(body=PAGE), "sha256 is"),
    ],
)
def test_next_after_a_bad_answer(
    host: Host, mirror: Host, own_cache: Path, capfd: Any, answer: Answer, why: str
) -> None:
    mirror.usual = answer
    assert get(host).read_bytes() == BYTES
    assert left(own_cache) == WHOLE
    said = [line for line in capfd.readouterr().err.split("\n") if "trying the next" in line]
    assert len(said) == 1
    assert said[0].startswith(f"x.tar: {mirror.url}{PATH}: {why}")


def test_next_after_a_refused_connection(
    host: Host, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = f"http://127.0.0.1:{closed_port()}"
    monkeypatch.setenv(config.MIRRORS, f"{bad}, http://nowhere.invalid {host.url}")
    get(host)
    first, second, _ = capfd.readouterr().err.splitlines()
    assert first == f"x.tar: {bad}{PATH}: Connection refused; trying the next place"
    told = f"x.tar: http://nowhere.invalid{PATH}: Name or service not known; trying the next place"
    assert second == told
    assert len(host.requests) == 1


def test_host_that_is_a_mirror_too_is_asked_once(
    host: Host, refuses: Refuses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(config.MIRRORS, f"{host.url}/")
    host.files.clear()
    with refuses(FetchError, "404"):
        get(host)
    assert len(host.requests) == 1


@pytest.mark.parametrize("form", ["folder", "url"])
def test_folder_as_mirror(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    base = tmp_path / "mirror"
    put(base / PATH[1:])
    monkeypatch.setenv(config.MIRRORS, str(base) if form == "folder" else base.as_uri())
    assert get(host, None).read_bytes() == BYTES
    assert host.requests == []
    assert lockfile.recorded(PATH) == (SUM, len(BYTES))


def test_all_fail(
    host: Host, mirror: Host, models: Path, refuses: Refuses, own_cache: Path, tmp_path: Path
) -> None:
    mirror.files.clear()
    host.usual = Answer(body=OTHER)
    told = [
        "cannot fetch x.tar: ",
        f"{models}: there is no x.tar in it; ",
        f"{mirror.url}{PATH}: 404 Not Found; ",
        f"{host.url}{PATH}: sha256 is {WRONG} ({len(OTHER)} bytes), expected {SUM}; ",
        f"set PPOCR_MIRROR to a mirror of {host.url}, or PPOCR_MODELS to a folder with x.tar",
    ]
    with refuses(FetchError, *told):
        get(host)
    assert left(own_cache) == {}


def test_password_is_sent_but_not_shown(
    host: Host, own_cache: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = host.url.replace("://", "://user:sec%20ret@")
    monkeypatch.setenv(config.MIRRORS, base)
    host.answers = [Answer(cut=100_000), Answer(cut=10), Answer(body=OTHER), Answer(body=OTHER)]
    with pytest.raises(FetchError) as caught:
        download.get(PATH, base.replace(str(host.server_port), str(closed_port())), SUM, fine)
    assert host.requests[0].headers["Authorization"] == "Basic dXNlcjpzZWMgcmV0"
    said = str(caught.value) + "".join(capfd.readouterr())
    assert host.url in said
    assert "sec" not in said
    assert "user" not in said


# Offline.


def test_offline(
    host: Host, mirror: Host, refuses: Refuses, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(config.OFFLINE, "1")
    told = [
        f"{host.url}{PATH}: not asked, being offline",
        mirror.url,
        "leave out --offline (LITE_OCR_OFFLINE",
    ]
    with refuses(FetchError, *told, "PPOCR_MODELS"):
        get(host)
    assert (host.connections, mirror.connections) == (0, 0)
    assert left(own_cache) == {}


@pytest.mark.parametrize("source", ["models", "mirror", "cache"])
def test_offline_with_the_file(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    if source == "cache":
        get(host, None)
    else:
        put(tmp_path / source / PATH[1:])
        variable = {"models": config.MODELS, "mirror": config.MIRRORS}[source]
        monkeypatch.setenv(variable, str(tmp_path / source))
    asked = host.connections
    monkeypatch.setenv(config.OFFLINE, "1")
    assert get(host, None).read_bytes() == BYTES
    assert host.connections == asked


# Parts.


@pytest.mark.parametrize(("pin", "check"), [(SUM, fine), (None, no_page)])
def test_server_that_does_not_tell_of_a_change(
    host: Host, own_cache: Path, capfd: Any, pin: str | None, check: Callable[[Path], None]
) -> None:
    """Two halves of different files do not pass; without them it does."""
    host.answers = [Answer(cut=100_000, body=(PAGE * 20_000)[: len(BYTES)])]
    assert get(host, pin, check).read_bytes() == BYTES
    assert host.ranges == [None, "bytes=100000-", None]
    assert "; downloading it anew\n" in capfd.readouterr().err
    assert left(own_cache) == WHOLE
    assert lockfile.recorded(PATH) in (None, (SUM, len(BYTES)))


def test_mirror_that_is_gone_does_not_cost_the_part(
    host: Host, refuses: Refuses, mirror: Host
) -> None:
    mirror.files.clear()
    host.usual = Answer(cut=100_000, ranges=False)
    with refuses(FetchError, host.url):
        get(host)
    host.usual = Answer()
    assert get(host).read_bytes() == BYTES
    assert host.ranges[-1] == "bytes=100000-"


def test_ended_in_the_middle_of_a_copy(
    host: Host, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is downloaded behind what was copied, though there was a part of a download."""

    def stop(reading: Any, sink: Any, *size: int) -> None:
        sink.write(reading.read(100_000))
        raise KeyboardInterrupt

    host.usual = Answer(cut=100_000, ranges=False)
    with pytest.raises(FetchError):
        get(host)
    source = put(models / "x.tar", OTHER)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shutil, "copyfileobj", stop)
        get(host)
    source.unlink()
    host.usual = Answer()
    host.requests.clear()
    assert get(host).read_bytes() == BYTES
    assert host.ranges == [None]


def test_ended_just_before_it_was_checked(host: Host, own_cache: Path) -> None:
    def stop(file: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(host, None, stop)
    assert left(own_cache) == {"x.tar.part": len(BYTES)}
    assert lockfile.recorded(PATH) is None
    get(host, None)
    assert left(own_cache) == WHOLE
    assert len(host.requests) == 1


# Room.


def test_too_large_in_the_folder(
    host: Host, models: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    host.files[PATH] = b"small"
    put(models / "x.tar")
    monkeypatch.setattr("opt_models.store.partial.LARGEST", len(BYTES) - 1)
    assert get(host, None).read_bytes() == b"small"
    assert "more than the" in capfd.readouterr().err


@pytest.mark.parametrize("source", ["host", "chunked", "models"])
def test_full_disk(
    host: Host,
    tmp_path: Path,
    disk: Callable[[str], Path],
    refuses: Refuses,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
) -> None:
    """No other place is tried."""
    root = disk("256k")
    monkeypatch.setenv(cache.VARIABLE, str(root))
    host.usual = Answer(chunked=source == "chunked")
    with served(Host()) as mirror:
        monkeypatch.setenv(config.MIRRORS, host.url)
        if source == "models":
            put(tmp_path / "models" / "x.tar")
            monkeypatch.setenv(config.MODELS, str(tmp_path / "models"))
        words = "No space left" if source == "chunked" else "x.tar needs 307.2 kB, 2"
        with refuses(CacheError, root / "files", words, cache.VARIABLE):
            get(mirror)
        assert mirror.requests == []
    assert set(left(root)) <= {"x.tar.part"}


def test_unwritable_cache(host: Host, refuses: Refuses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, "/proc/lite-ocr")
    with refuses(CacheError, "/proc/lite-ocr", cache.VARIABLE):
        get(host)
    assert host.requests == []


# Several processes, and their ends.


@contextmanager
def process(host: Host) -> Iterator[subprocess.Popen[str]]:
    """A process that gets the file."""
    with subprocess.Popen(
        [sys.executable, "-c", GETTER, host.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as child:
        try:
            yield child
        finally:
            child.kill()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_ended_in_the_middle(host: Host, final: Path, own_cache: Path, end: signal.Signals) -> None:
    host.answers = [Answer(wait=100_000)]
    part = final.with_name("x.tar.part")
    with process(host) as child:
        until(lambda: part.is_file() and part.stat().st_size == 100_000)
        child.send_signal(end)
        child.wait(60)
    assert child.returncode != 0
    assert left(own_cache) == {"x.tar.part": 100_000}
    assert get(host).read_bytes() == BYTES
    assert host.ranges == [None, "bytes=100000-"]
    assert host.requests[1].sent == REST
    assert left(own_cache) == WHOLE


def test_two_processes_at_once(host: Host, final: Path, own_cache: Path) -> None:
    host.usual = Answer(wait=100_000)
    with process(host) as first, process(host) as second:
        lines: dict[int, list[str]] = {0: [], 1: []}
        threads = []
        for number, child in enumerate((first, second)):
            assert child.stderr is not None
            thread = threading.Thread(
                target=lines[number].extend, args=(child.stderr,), daemon=True
            )
            thread.start()
            threads.append(thread)
        part = final.with_name("x.tar.part")
        until(lambda: part.is_file() and part.stat().st_size == 100_000)
        # Only once the other has waited for long enough to have begun, had it not to wait.
        waiting = "another process is fetching x.tar; waiting for it\n"
        until(lambda: any(waiting in said for said in lines.values()))
        assert not final.exists()
        host.go.set()
        for child in (first, second):
            assert child.stdout is not None
            assert child.wait(60) == 0
            assert child.stdout.read() == f"{final}\n"
        for thread in threads:
            thread.join(30)
    assert sorted(map(len, lines.values())) == [1, 1]
    assert len(host.requests) == 1
    assert left(own_cache) == WHOLE


# Where a file would be taken from.


def test_a_file_is_looked_up_without_a_download(
    host: Host, mirror: Host, models: Path, final: Path
) -> None:
    assert download.look_up(PATH, host.url) == f"{mirror.url}{PATH}"
    mirror.files.clear()
    assert download.look_up(PATH, host.url) == f"{host.url}{PATH}"
    put(models / "deep" / "x.tar")
    assert download.look_up(PATH, host.url) == models / "deep" / "x.tar"
    put(final)
    assert download.look_up(PATH, host.url) == final
    assert not host.requests + mirror.requests


def test_what_is_nowhere_is_told(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.files.clear()
    with pytest.raises(FetchError, match="the server says 404"):
        download.look_up(PATH, host.url)
    with pytest.raises(FetchError, match="Connection refused"):
        download.look_up(PATH, f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv(config.OFFLINE, "1")
    with pytest.raises(FetchError, match="not asked, being offline"):
        download.look_up(PATH, host.url)
