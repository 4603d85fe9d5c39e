"""A model host on this computer that does all that hosts and networks do to a download."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping
from urllib.parse import unquote

import pytest

from opt_models.store import config, http

PATH = "/20-09-22/mobile/det/x.tar"
BYTES = bytes(range(256)) * 1200
OTHER = BYTES[::-1]
PAGE = b"<html>log in first</html>"
DATE = "Tue, 22 Sep 2020 10:00:00 GMT"
#: What a host still has to send after a cut at 100 kB.
REST = len(BYTES) - 100_000


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

    def do_HEAD(self) -> None:
        self.send_response(200 if unquote(self.path) in self.server.files else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

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
            # Counted first: a client that has the last block may look at once.
            request.sent += len(block)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block) if answer.chunked else block)
            self.wfile.flush()
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


@contextmanager
def served(server: Any) -> Iterator[Any]:
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    try:
        yield server
    finally:
        if isinstance(server, Host):
            server.go.set()
        server.shutdown()
        server.server_close()
        thread.join(30)


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


@pytest.fixture
def alone(own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the user's settings nor any network count, and nothing is waited for."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in (
            *(config.MIRRORS, config.MODELS, config.OFFLINE),
            *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"),
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv(config.FOLDER, str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(http, "_BACK_OFF", 0.001)
    monkeypatch.setattr(http, "_PATIENCE", (5.0, 5.0))
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
def final(own_cache: Path) -> Path:
    return own_cache / "files" / PATH[1:]
