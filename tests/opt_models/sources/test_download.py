"""Downloads from a model host on this computer that does all that hosts and networks do to one."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, ContextManager, Iterator, Mapping
from urllib.parse import unquote, urlsplit

import pytest

from lite_runner.errors import UsageError
from opt_models import cache
from opt_models.errors import CacheError, FetchError
from opt_models.sources import archive, checksums, download, settings

Refuses = Callable[..., ContextManager[None]]

PATH = "/20-09-22/mobile/det/x.tar"
BYTES = bytes(range(256)) * 1200
OTHER = BYTES[::-1]
SUM = hashlib.sha256(BYTES).hexdigest()
WRONG = hashlib.sha256(OTHER).hexdigest()
PAGE = b"<html>log in first</html>"
DATE = "Tue, 22 Sep 2020 10:00:00 GMT"

#: A process that gets a file; arguments: the model host.
GETTER = f"""
import sys
from opt_models.sources import download

print(download.get({PATH!r}, sys.argv[1], {SUM!r}, lambda file: None), flush=True)
"""


@dataclass(frozen=True)
class Answer:
    """What the host does with one request.

    Attributes:
        status, reason, headers: 200 or 206 if None, by whether a range is served.
        body: instead of the file.
        ranges: whether they are served.
        etag, date: of the file.
        start: where the host pretends that the range begins.
        cut: bytes of the body after which the connection goes away.
        reset: whether it goes away by a reset.
        wait: bytes of the body after which the host waits to be told to go on.
        chunked: whether the size is left out.
        pause: seconds to wait before each tenth of the body.
    """

    status: int | None = None
    reason: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    ranges: bool = True
    etag: str | None = '"one"'
    date: str | None = DATE
    start: int | None = None
    cut: int | None = None
    reset: bool = False
    wait: int | None = None
    chunked: bool = False
    pause: float = 0.0


@dataclass
class Request:
    """What the host was asked, and how many bytes of a body it sent."""

    path: str
    headers: Mapping[str, str]
    sent: int = 0

    @property
    def range(self) -> str | None:
        return self.headers.get("Range")


class Host(ThreadingHTTPServer):
    """A model host: its files, and what it shall do with the next requests for them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {PATH: BYTES}
        self.answers: list[Answer] = []
        self.usual = Answer()
        self.requests: list[Request] = []
        self.connections = 0
        self.go = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def ranges(self) -> list[str | None]:
        return [request.range for request in self.requests]

    def get_request(self) -> Any:
        self.connections += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may go away."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Host

    def log_message(self, *words: Any) -> None:
        pass

    def do_GET(self) -> None:
        request = Request(unquote(self.path), dict(self.headers))
        self.server.requests.append(request)
        answer = self.server.answers.pop(0) if self.server.answers else self.server.usual
        body = self.server.files.get(request.path) if answer.body is None else answer.body
        status, headers = answer.status or 200, dict(answer.headers)
        if body is None:
            status, body = 404, b"no such file"
        elif status == 200:
            headers.update({"ETag": answer.etag} if answer.etag else {})
            headers.update({"Last-Modified": answer.date} if answer.date else {})
            same = request.headers.get("If-Range") in (None, answer.etag, answer.date)
            if request.range and answer.ranges and same:
                start = int(request.range[len("bytes=") : -1])
                said = start if answer.start is None else answer.start
                headers["Content-Range"] = f"bytes {said}-{len(body) - 1}/{len(body)}"
                status, body = 206, body[start:]
        if answer.chunked:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers.setdefault("Content-Length", str(len(body)))
        self.send_response(status, answer.reason)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self._send(body, answer, request)

    def _send(self, body: bytes, answer: Answer, request: Request) -> None:
        size = len(body) // 10 + 1 if answer.pause else 10_000
        if answer.wait == 0:
            self.server.go.wait(60)
        while request.sent < len(body):
            stops = [stop for stop in (answer.cut, answer.wait) if stop is not None]
            end = min([request.sent + size, *(stop for stop in stops if stop > request.sent)])
            block = body[request.sent : end]
            if answer.pause:
                self.server.go.wait(answer.pause)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block) if answer.chunked else block)
            self.wfile.flush()
            request.sent += len(block)
            if request.sent == answer.wait:
                self.server.go.wait(60)
            if request.sent == answer.cut:
                if answer.reset:
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.shutdown(socket.SHUT_RD)
                self.close_connection = True
                return
        if answer.chunked:
            self.wfile.write(b"0\r\n\r\n")


class Proxy(BaseHTTPRequestHandler):
    """Gets whatever it is asked for from the one model host."""

    server: Any

    def log_message(self, *words: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        behind = http.client.HTTPConnection("127.0.0.1", self.server.behind.server_port)
        behind.request("GET", urlsplit(self.path).path)
        answer = behind.getresponse()
        self.send_response(answer.status)
        self.send_header("Content-Length", answer.headers["Content-Length"])
        self.end_headers()
        self.wfile.write(answer.read())
        behind.close()


@contextmanager
def served(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        if isinstance(server, Host):
            server.go.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def alone(own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the user's settings nor any network count, and nothing is waited for."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in (
            *(settings.MIRRORS, settings.MODELS, settings.OFFLINE),
            *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"),
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv(settings.FOLDER, str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(download, "_BACK_OFF", 0.001)
    monkeypatch.setattr(download, "_PATIENCE", (5.0, 5.0))
    real = socket.getaddrinfo

    def only_here(host: Any, *rest: Any, **more: Any) -> Any:
        if host in ("127.0.0.1", b"127.0.0.1"):
            return real(host, *rest, **more)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", only_here)


@pytest.fixture
def host() -> Iterator[Host]:
    with served(Host()) as host:
        yield host


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A second host, which is the user's mirror."""
    with served(Host()) as mirror:
        monkeypatch.setenv(settings.MIRRORS, mirror.url)
        yield mirror


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of models, empty."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv(settings.MODELS, str(folder))
    return folder


@pytest.fixture
def final(own_cache: Path) -> Path:
    return own_cache / "files" / PATH[1:]


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


def left(own_cache: Path) -> dict[str, int]:
    """All there is in a cache besides locks: names and sizes."""
    return {
        path.name: path.stat().st_size
        for path in own_cache.rglob("*")
        if path.is_file() and path.suffix not in (".lock", ".json")
    }


def put(path: Path, content: bytes = BYTES) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(what: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.005)


WHOLE = {"x.tar": len(BYTES)}
REST = len(BYTES) - 100_000


# First use and ever after.


def test_first_use(host: Host, final: Path, own_cache: Path, capfd: Any) -> None:
    assert get(host, None) == final
    assert final.read_bytes() == BYTES
    assert left(own_cache) == WHOLE
    assert not final.with_name("x.tar.part.json").exists()
    assert checksums.recorded(PATH) == (SUM, len(BYTES))
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
    assert checksums.recorded(PATH) is None


def test_unknown_length(host: Host, final: Path, capfd: Any) -> None:
    host.usual = Answer(chunked=True)
    get(host)
    assert final.read_bytes() == BYTES
    assert capfd.readouterr().err == f"fetching x.tar from {host.url[7:]}\n"


def test_empty_file(host: Host, own_cache: Path) -> None:
    host.files[PATH] = b""
    get(host, None)
    assert left(own_cache) == {"x.tar": 0}


def test_strange_names(host: Host, own_cache: Path) -> None:
    path = "/模型/a b%20c?d#e.tar"
    host.files[path] = BYTES
    assert download.get(path, f"{host.url}/", None, fine) == own_cache / "files" / path[1:]
    assert checksums.recorded(path) == (SUM, len(BYTES))


@pytest.mark.parametrize(
    "path", ["x.tar", "", "/", "/../x.tar", "/a/../../x", "//x", "/a/", "/a\\b", "/a\nb", "/./x"]
)
def test_no_path(host: Host, refuses: Refuses, own_cache: Path, path: str) -> None:
    with refuses(FetchError, repr(path), "expected one like /folder/x.tar"):
        download.get(path, host.url, None, fine)
    assert host.requests == []
    assert not own_cache.exists()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    get(host)
    assert "x.tar: 100%" in terminal.getvalue()
    assert "307k/307k" in terminal.getvalue()
    assert "fetching" not in terminal.getvalue()


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
    checksums.record(PATH, WRONG, 9)
    told = [f"sha256 is {SUM}", f"{lock} recorded {WRONG} (9 bytes)", "delete its line there"]
    with refuses(FetchError, *told):
        get(host, None)
    assert left(own_cache) == {}
    # As the error says.
    lock.write_text("".join(line for line in lock.open() if PATH not in line))
    get(host, None)
    assert left(own_cache) == WHOLE
    assert checksums.recorded(PATH) == (SUM, len(BYTES))


def test_log_in_page(host: Host, refuses: Refuses, own_cache: Path, tmp_path: Path) -> None:
    host.usual = Answer(body=PAGE)
    with refuses(FetchError, f"{host.url}{PATH}: is a page, not a model"):
        get(host, None, no_page)
    assert left(own_cache) == {}
    assert checksums.recorded(PATH) is None


@pytest.mark.parametrize("body", [PAGE, b"", PAGE * 9999, gzip.compress(PAGE)])
def test_no_archive(host: Host, refuses: Refuses, own_cache: Path, body: bytes) -> None:
    host.usual = Answer(body=body)
    with refuses(FetchError, host.url, "is not a whole archive"):
        get(host, None, archive.check)
    assert left(own_cache) == {}
    assert checksums.recorded(PATH) is None


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
    assert checksums.recorded(PATH) == (SUM, len(BYTES))


def test_page_in_the_cache(host: Host, final: Path) -> None:
    put(final, PAGE)
    assert get(host, None, no_page).read_bytes() == BYTES
    assert checksums.recorded(PATH) == (SUM, len(BYTES))


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
    with refuses(UsageError, "catalog.lock", settings.FOLDER):
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
    assert (checksums.recorded(PATH) is None) == (pin is not None)
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


# Mirrors.


def test_mirror_first(host: Host, mirror: Host) -> None:
    get(host)
    assert (len(mirror.requests), len(host.requests)) == (1, 0)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(404), "404 Not Found"),
        (Answer(403), "403 Forbidden"),
        (Answer(410), "410 Gone"),
        (Answer(500), "500 Internal Server Error"),
        (Answer(304), "304 Not Modified"),
        (Answer(206, headers={"Content-Range": "bytes 0-9/10"}, body=b"x" * 10), "206 Partial"),
        (Answer(404, "a\x1b[31m\tb"), "404 a [31m b"),
        (Answer(body=OTHER), f"sha256 is {WRONG}"),
        (Answer(body=PAGE), "sha256 is"),
        (Answer(headers={"Content-Encoding": "gzip"}), "comes packed as gzip"),
        (Answer(302, headers={"Location": PATH}), "redirected more than 10 times"),
        (Answer(302, headers={"Location": "file:///etc/passwd"}), "file:///etc/passwd"),
        (Answer(cut=0, headers={"Content-Length": "9" * 13}), "9999.0 GB"),
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
    if "9999" not in why:
        assert said[0].startswith(f"x.tar: {mirror.url}{PATH}: ")
        assert why in said[0]
    assert "\x1b" not in said[0]


def test_next_after_a_refused_connection(
    host: Host, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = f"http://127.0.0.1:{closed_port()}"
    monkeypatch.setenv(settings.MIRRORS, f"{bad}, http://nowhere.invalid {host.url}")
    get(host)
    first, second, _ = capfd.readouterr().err.splitlines()
    assert first == f"x.tar: {bad}{PATH}: Connection refused; trying the next place"
    told = f"x.tar: http://nowhere.invalid{PATH}: Name or service not known; trying the next place"
    assert second == told
    assert len(host.requests) == 1


def test_host_that_is_a_mirror_too_is_asked_once(
    host: Host, refuses: Refuses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(settings.MIRRORS, f"{host.url}/")
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
    monkeypatch.setenv(settings.MIRRORS, str(base) if form == "folder" else base.as_uri())
    assert get(host, None).read_bytes() == BYTES
    assert host.requests == []
    assert checksums.recorded(PATH) == (SUM, len(BYTES))


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


def test_https_to_a_plain_host(host: Host, refuses: Refuses, own_cache: Path) -> None:
    """What encryption does not like is not tried again."""
    with refuses(FetchError, "SSL"):
        download.get(PATH, host.url.replace("http", "https"), None, fine)
    assert host.connections == 1
    assert left(own_cache) == {}


def test_password_is_sent_but_not_shown(
    host: Host, own_cache: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = host.url.replace("://", "://user:sec%20ret@")
    monkeypatch.setenv(settings.MIRRORS, base)
    host.answers = [Answer(cut=100_000), Answer(cut=10), Answer(body=OTHER), Answer(body=OTHER)]
    with pytest.raises(FetchError) as caught:
        download.get(PATH, base.replace(str(host.server_port), str(closed_port())), SUM, fine)
    assert host.requests[0].headers["Authorization"] == "Basic dXNlcjpzZWMgcmV0"
    said = str(caught.value) + "".join(capfd.readouterr())
    assert host.url in said
    assert "sec" not in said
    assert "user" not in said


def test_password_is_not_written(host: Host, own_cache: Path, final: Path) -> None:
    host.usual = Answer(cut=100_000, ranges=False)
    with pytest.raises(FetchError):
        download.get(PATH, host.url.replace("://", "://user:secret@"), SUM, fine)
    note = final.with_name("x.tar.part.json").read_text()
    assert json.loads(note)["url"] == host.url + PATH
    assert "secret" not in note


def test_proxy(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy: Any = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    proxy.asked, proxy.behind = [], host
    with served(proxy):
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.server_port}")
        assert download.get(PATH, "http://host.invalid", SUM, fine).read_bytes() == BYTES
    assert proxy.asked == [f"http://host.invalid{PATH}"]
    assert len(host.requests) == 1


def test_no_proxy(refuses: Refuses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://user:secret@127.0.0.1:{closed_port()}")
    with refuses(FetchError, "the proxy: Connection refused"):
        download.get(PATH, "http://host.invalid", SUM, fine)


def test_redirect(host: Host) -> None:
    host.files["/moved.tar"] = BYTES
    host.answers = [Answer(302, headers={"Location": "/moved.tar?token=1"})]
    host.files["/moved.tar?token=1"] = BYTES
    assert get(host).read_bytes() == BYTES


def test_packed_file_that_is_called_packed(host: Host) -> None:
    """Some servers announce a .tar.gz as a .tar packed by gzip; no byte of it may change."""
    packed = gzip.compress(BYTES)
    path = "/a/y.tar.gz"
    host.files[path] = packed
    host.usual = Answer(headers={"Content-Encoding": "gzip"})
    assert download.get(path, host.url, None, fine).read_bytes() == packed


# Offline.


def test_offline(
    host: Host, mirror: Host, refuses: Refuses, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(settings.OFFLINE, "1")
    told = [f"{host.url}{PATH}: not asked, being offline", mirror.url, "unset LITE_OCR_OFFLINE"]
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
        variable = {"models": settings.MODELS, "mirror": settings.MIRRORS}[source]
        monkeypatch.setenv(variable, str(tmp_path / source))
    asked = host.connections
    monkeypatch.setenv(settings.OFFLINE, "1")
    assert get(host, None).read_bytes() == BYTES
    assert host.connections == asked


# Patience.


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that were waited; they pass at once."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_trouble(host: Host, waits: list[float], status: int) -> None:
    host.answers = [Answer(status)] * 3
    assert get(host).read_bytes() == BYTES
    assert len(host.requests) == 4
    # The first retry comes at once; from then on each waits for twice as long.
    assert waits == [pytest.approx(0.002), pytest.approx(0.004)]


@pytest.mark.parametrize("status", [403, 404, 410, 501])
def test_lasting_trouble_is_not_tried_again(host: Host, refuses: Refuses, status: int) -> None:
    host.usual = Answer(status)
    with refuses(FetchError, f"{host.url}{PATH}: {status} "):
        get(host)
    assert len(host.requests) == 1


def test_trouble_that_does_not_pass(host: Host, refuses: Refuses, waits: list[float]) -> None:
    host.usual = Answer(503)
    with refuses(FetchError, "503 Service Unavailable"):
        get(host)
    assert len(host.requests) == 5


@pytest.mark.parametrize(
    ("asked", "expected"), [("7", [7.0]), ("99999", [30.0]), ("soon", []), ("0", []), ("-5", [])]
)
def test_wait_as_the_server_asks(
    host: Host, waits: list[float], capfd: Any, asked: str, expected: list[float]
) -> None:
    host.answers = [Answer(503, headers={"Retry-After": asked})]
    get(host)
    assert waits == expected
    for seconds in expected:
        told = f"the server says 503 Service Unavailable; waiting {seconds:.0f} s\n"
        assert told in capfd.readouterr().err


def test_no_answer(
    host: Host, refuses: Refuses, own_cache: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_PATIENCE", (5.0, 0.1))
    monkeypatch.setattr(download, "_RETRIES", 1)
    monkeypatch.setattr(Handler, "end_headers", lambda self: host.go.wait(60))
    with refuses(FetchError, "no answer within 0.1 s"):
        get(host)
    assert len(host.requests) == 2
    assert capfd.readouterr().err == "no answer within 0.1 s; trying again\n"
    assert left(own_cache) == {}


def test_slow_but_steady(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it takes longer than the longest silence may."""
    monkeypatch.setattr(download, "_PATIENCE", (5.0, 0.6))
    host.usual = Answer(pause=0.12)
    begun = time.monotonic()
    assert get(host).read_bytes() == BYTES
    assert time.monotonic() - begun > 0.6
    assert host.ranges == [None]


def test_what_has_come_is_kept_at_once(host: Host, final: Path) -> None:
    """However little it is."""
    host.usual = Answer(wait=10)
    thread = threading.Thread(target=get, args=(host,))
    thread.start()
    try:
        part = final.with_name("x.tar.part")
        until(lambda: part.is_file() and part.stat().st_size == 10)
        assert not final.exists()
    finally:
        host.go.set()
        thread.join()
    assert final.read_bytes() == BYTES


# Cuts.


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(cut=100_000), id="closed"),
        pytest.param(Answer(cut=100_000, wait=100_000, reset=True), id="stalled"),
        pytest.param(Answer(cut=100_000, chunked=True), id="chunked"),
        pytest.param(Answer(cut=100_000, etag=None), id="by date"),
        pytest.param(Answer(cut=100_000, etag='W/"one"'), id="weak tag"),
    ],
)
def test_goes_on_after_a_cut(
    host: Host, final: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    if answer.wait:
        monkeypatch.setattr(download, "_PATIENCE", (5.0, 0.5))
    host.answers = [answer]
    host.usual = Answer(etag=answer.etag)
    assert get(host).read_bytes() == BYTES
    assert host.ranges == [None, "bytes=100000-"]
    validator = '"one"' if answer.etag == '"one"' else DATE
    assert host.requests[1].headers["If-Range"] == validator
    assert host.requests[1].sent == REST
    said = capfd.readouterr().err
    assert "after 100.0 kB; going on" in said
    assert "100.0 kB of it here already" in said
    assert not final.with_name("x.tar.part.json").exists()


def test_goes_on_after_a_reset(host: Host) -> None:
    """What of it had come is up to the system; what is asked for then is just the rest."""
    host.answers = [Answer(cut=100_000, reset=True)]
    assert get(host).read_bytes() == BYTES
    assert len(host.requests) == 2
    text = host.requests[1].range
    start = int(text[6:-1]) if text else 0
    assert 0 <= start <= 100_000
    assert host.requests[1].sent == len(BYTES) - start


@pytest.mark.parametrize(
    ("second", "ranges"),
    [
        pytest.param(Answer(ranges=False), [None, "bytes=100000-"], id="no ranges"),
        pytest.param(Answer(416), [None, "bytes=100000-", None], id="not satisfiable"),
        pytest.param(Answer(start=5), [None, "bytes=100000-", None], id="another range"),
        pytest.param(Answer(etag='"2"', date="x"), [None, "bytes=100000-"], id="another tag"),
    ],
)
def test_begins_anew(host: Host, second: Answer, ranges: list[str | None]) -> None:
    host.answers = [Answer(cut=100_000), second]
    assert get(host).read_bytes() == BYTES
    assert host.ranges == ranges
    assert host.requests[-1].sent == len(BYTES)


def test_begins_anew_without_validator(host: Host) -> None:
    host.answers = [Answer(cut=100_000, etag=None, date=None)]
    assert get(host).read_bytes() == BYTES
    assert host.ranges == [None, None]


def test_changed_meanwhile(host: Host) -> None:
    """Not a mixture of both."""
    host.answers = [Answer(cut=100_000, body=OTHER, etag='"old"', date=None)]
    assert get(host, None).read_bytes() == BYTES
    assert host.ranges == [None, "bytes=100000-"]
    assert checksums.recorded(PATH) == (SUM, len(BYTES))


@pytest.mark.parametrize(
    "headers",
    [{"ETag": '"new"'}, {"ETag": '"one"', "Content-Range": f"bytes 100000-9/{len(BYTES) + 1}"}],
)
def test_partial_answer_of_another_file(host: Host, headers: Mapping[str, str]) -> None:
    usual = {"Content-Range": f"bytes 100000-{len(BYTES) - 1}/{len(BYTES)}"}
    rest = Answer(206, headers={**usual, **headers}, body=OTHER[100_000:])
    host.answers = [Answer(cut=100_000), rest]
    assert get(host, None).read_bytes() == BYTES
    assert host.ranges == [None, "bytes=100000-", None]


@pytest.mark.parametrize(("pin", "check"), [(SUM, fine), (None, no_page)])
def test_server_that_does_not_tell_of_a_change(
    host: Host, own_cache: Path, capfd: Any, pin: str | None, check: Callable[[Path], None]
) -> None:
    """Two halves of different files do not pass; without them it does."""
    host.answers = [Answer(cut=100_000, body=PAGE * 20_000)]
    assert get(host, pin, check).read_bytes() == BYTES
    assert host.ranges[-1] is None
    assert left(own_cache) == WHOLE
    assert checksums.recorded(PATH) in (None, (SUM, len(BYTES)))


def test_gives_up_and_goes_on_another_day(
    host: Host, own_cache: Path, refuses: Refuses, capfd: Any
) -> None:
    host.answers = [Answer(cut=100_000)]
    host.usual = Answer(cut=1000)
    with refuses(FetchError, f"{host.url}{PATH}: the connection was cut after 104.0 kB, 5 times"):
        get(host)
    assert len(host.requests) == 5
    assert left(own_cache) == {"x.tar.part": 104_000}
    host.usual = Answer()
    assert get(host).read_bytes() == BYTES
    assert host.ranges[-1] == "bytes=104000-"
    assert left(own_cache) == WHOLE


def test_does_not_give_up_while_it_gets_on(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_PROGRESS", 20_000)
    host.usual = Answer(cut=20_000)
    assert get(host).read_bytes() == BYTES
    assert len(host.requests) == len(BYTES) // 20_000 + 1


def test_server_without_ranges_that_is_always_cut(
    host: Host, own_cache: Path, refuses: Refuses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beginning anew is not getting on."""
    monkeypatch.setattr(download, "_PROGRESS", 20_000)
    host.usual = Answer(cut=100_000, ranges=False)
    with refuses(FetchError, "the connection was cut"):
        get(host)
    assert len(host.requests) == 5
    assert left(own_cache) == {"x.tar.part": 100_000}


def test_part_from_another_place_is_not_used(
    host: Host, refuses: Refuses, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(Host()) as before:
        before.usual = Answer(cut=100_000, ranges=False, body=OTHER)
        with refuses(FetchError, before.url):
            get(before)
    assert left(own_cache) == {"x.tar.part": 100_000}
    assert get(host).read_bytes() == BYTES
    assert host.ranges == [None]


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


@pytest.mark.parametrize(
    "note",
    [
        *("", "{", "[]", "null", '{"url": 1}', '{"url": "{url}"}'),
        '{"url": "{url}", "validator": "x", "total": "many"}',
        '{"url": "{url}", "validator": "x", "total": 9}',
        '{"url": "{url}", "validator": 5, "total": 999999}',
    ],
)
def test_damaged_note(host: Host, final: Path, note: str) -> None:
    put(final.with_name("x.tar.part"), OTHER[:100_000])
    text = note.replace("{url}", host.url + PATH)
    put(final.with_name("x.tar.part.json"), text.encode())
    assert get(host, None).read_bytes() == BYTES
    assert host.ranges == [None]


def test_part_without_note(host: Host, final: Path) -> None:
    put(final.with_name("x.tar.part"), OTHER[:100_000])
    assert get(host, None).read_bytes() == BYTES
    assert host.ranges == [None]


def test_ended_just_before_it_was_checked(host: Host, own_cache: Path) -> None:
    def stop(file: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(host, None, stop)
    assert left(own_cache) == {"x.tar.part": len(BYTES)}
    assert checksums.recorded(PATH) is None
    get(host, None)
    assert left(own_cache) == WHOLE
    assert len(host.requests) == 1


# Room.


@pytest.mark.parametrize("chunked", [False, True])
def test_too_large(
    host: Host, own_cache: Path, refuses: Refuses, monkeypatch: pytest.MonkeyPatch, chunked: bool
) -> None:
    monkeypatch.setattr(download, "LARGEST", len(BYTES) - 1)
    host.usual = Answer(chunked=chunked)
    with refuses(FetchError, host.url, "more than the"):
        get(host)
    assert left(own_cache) == {}


def test_too_large_in_the_folder(
    host: Host, models: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    host.files[PATH] = b"small"
    put(models / "x.tar")
    monkeypatch.setattr(download, "LARGEST", len(BYTES) - 1)
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
        monkeypatch.setenv(settings.MIRRORS, host.url)
        if source == "models":
            put(tmp_path / "models" / "x.tar")
            monkeypatch.setenv(settings.MODELS, str(tmp_path / "models"))
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
            thread = threading.Thread(target=lines[number].extend, args=(child.stderr,))
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
            assert child.stdout.read() == f"{final}\n"
            assert child.wait(60) == 0
        for thread in threads:
            thread.join()
    assert sorted(map(len, lines.values())) == [1, 1]
    assert len(host.requests) == 1
    assert left(own_cache) == WHOLE
