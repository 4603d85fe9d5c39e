"""Transfers: from a host that does all that hosts and networks do, into a part."""

from __future__ import annotations

import gzip
import http.client
import io
import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, ContextManager, Mapping
from urllib.parse import urlsplit

import pytest

from opt_models.errors import FetchError
from opt_models.store import http as store_http
from opt_models.store.partial import PartialFile
from tests.opt_models.store.conftest import (
    BYTES,
    DATE,
    OTHER,
    PATH,
    REST,
    Answer,
    Handler,
    Host,
    closed_port,
    left,
    put,
    served,
    until,
)

Refuses = Callable[..., ContextManager[None]]

pytestmark = pytest.mark.usefixtures("alone")


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


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def part(final: Path) -> PartialFile:
    """Of the host's file; there is nothing of it yet."""
    final.parent.mkdir(parents=True)
    return PartialFile(final)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that were waited; they pass at once."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


def bring(host: Host, part: PartialFile) -> bytes:
    """What is in the part once all of the host's file is said to be."""
    store_http.transfer(host.url + PATH, part)
    return part.path.read_bytes()


# All at once.


def test_from_the_beginning(host: Host, part: PartialFile, own_cache: Path, capfd: Any) -> None:
    assert store_http.transfer(host.url + PATH, part) is False
    assert part.path.read_bytes() == BYTES
    assert left(own_cache) == {"x.tar.part": len(BYTES)}
    (request,) = host.requests
    assert request.path == PATH
    assert request.range is None
    assert request.headers["Accept-Encoding"] == "identity"
    assert request.headers["User-Agent"].startswith("lite-ocr/")
    assert capfd.readouterr() == ("", f"fetching x.tar (307.2 kB) from {host.url[7:]}\n")


def test_whole_part_is_not_asked_for_again(host: Host, part: PartialFile, capfd: Any) -> None:
    bring(host, part)
    capfd.readouterr()
    assert store_http.transfer(host.url + PATH, part) is True
    assert part.path.read_bytes() == BYTES
    assert len(host.requests) == 1
    assert capfd.readouterr() == ("", "")


def test_unknown_length(host: Host, part: PartialFile, capfd: Any) -> None:
    host.usual = Answer(chunked=True)
    assert bring(host, part) == BYTES
    assert capfd.readouterr().err == f"fetching x.tar from {host.url[7:]}\n"


def test_empty_file(host: Host, part: PartialFile) -> None:
    host.files[PATH] = b""
    assert bring(host, part) == b""


def test_progress_on_a_terminal(
    host: Host, part: PartialFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    bring(host, part)
    # The last state of the bar, without what colours it.
    shown = re.sub("\x1b[^A-Za-z]*[A-Za-z]", "", terminal.getvalue()).splitlines()[-1]
    assert shown.startswith("x.tar ")
    assert "307.2/307.2 kB" in shown
    assert "fetching" not in terminal.getvalue()


def test_redirect(host: Host, part: PartialFile) -> None:
    host.answers = [Answer(302, headers={"Location": "/moved.tar?token=1"})]
    host.files["/moved.tar?token=1"] = BYTES
    assert bring(host, part) == BYTES


def test_packed_file_that_is_called_packed(host: Host, part: PartialFile) -> None:
    """Some servers announce a .tar.gz as a .tar packed by gzip; no byte of it may change."""
    packed = gzip.compress(BYTES)
    host.usual = Answer(body=packed, headers={"Content-Encoding": "gzip"})
    assert bring(host, PartialFile(part.final.with_name("y.tar.gz"))) == packed


# Answers without the file.


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
        (Answer(headers={"Content-Encoding": "gzip"}), "comes packed as gzip"),
        (Answer(302, headers={"Location": "file:///etc/passwd"}), "file:///etc/passwd"),
        (Answer(cut=0, headers={"Content-Length": "9" * 13}), "has 10000.0 GB, more than the 4.3"),
    ],
)
def test_bad_answer(
    host: Host, part: PartialFile, own_cache: Path, refuses: Refuses, answer: Answer, why: str
) -> None:
    host.usual = answer
    with refuses(FetchError, why):
        bring(host, part)
    assert left(own_cache) == {}


def test_redirected_in_a_circle(host: Host, part: PartialFile, refuses: Refuses) -> None:
    host.usual = Answer(302, headers={"Location": PATH})
    with refuses(FetchError, "redirected more than 10 times"):
        bring(host, part)
    assert len(host.requests) == 11


def test_password_in_a_librarys_words_is_not_shown(host: Host, part: PartialFile) -> None:
    host.usual = Answer(302, headers={"Location": "ftp://user:secret@one.example/x.tar"})
    with pytest.raises(FetchError, match=r"ftp://one\.example/x\.tar"):
        bring(host, part)


@pytest.mark.parametrize("chunked", [False, True])
def test_too_large(
    host: Host, part: PartialFile, refuses: Refuses, monkeypatch: pytest.MonkeyPatch, chunked: bool
) -> None:
    monkeypatch.setattr("opt_models.store.partial.LARGEST", len(BYTES) - 1)
    host.usual = Answer(chunked=chunked)
    with refuses(FetchError, "more than the 307.2 kB a model may have"):
        bring(host, part)
    assert list(part.final.parent.iterdir()) == []


def test_https_to_a_plain_host(
    host: Host, part: PartialFile, refuses: Refuses, own_cache: Path
) -> None:
    """What encryption does not like is not tried again."""
    with refuses(FetchError, "SSL"):
        store_http.transfer(host.url.replace("http", "https") + PATH, part)
    assert host.connections == 1
    assert left(own_cache) == {}


def test_password_is_sent_but_not_written(host: Host, part: PartialFile) -> None:
    host.usual = Answer(cut=100_000, ranges=False)
    with pytest.raises(FetchError):
        store_http.transfer(host.url.replace("://", "://user:secret@") + PATH, part)
    assert host.requests[0].headers["Authorization"] == "Basic dXNlcjpzZWNyZXQ="
    note = part.note.read_text()
    assert json.loads(note)["url"] == host.url + PATH
    assert "secret" not in note


def test_proxy(host: Host, part: PartialFile, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy: Any = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    proxy.asked, proxy.behind = [], host
    with served(proxy):
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.server_port}")
        store_http.transfer(f"http://host.invalid{PATH}", part)
    assert part.path.read_bytes() == BYTES
    assert proxy.asked == [f"http://host.invalid{PATH}"]
    assert len(host.requests) == 1


def test_no_proxy(part: PartialFile, refuses: Refuses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://user:secret@127.0.0.1:{closed_port()}")
    with refuses(FetchError, "the proxy: Connection refused"):
        store_http.transfer(f"http://host.invalid{PATH}", part)


# Patience.


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_trouble(host: Host, part: PartialFile, waits: list[float], status: int) -> None:
    host.answers = [Answer(status)] * 3
    assert bring(host, part) == BYTES
    assert len(host.requests) == 4
    # The first retry comes at once; from then on each waits for twice as long.
    assert waits == [pytest.approx(0.002), pytest.approx(0.004)]


@pytest.mark.parametrize("status", [403, 404, 410, 501])
def test_lasting_trouble_is_not_tried_again(
    host: Host, part: PartialFile, refuses: Refuses, status: int
) -> None:
    host.usual = Answer(status)
    with refuses(FetchError, f"{status} "):
        bring(host, part)
    assert len(host.requests) == 1


def test_trouble_that_does_not_pass(
    host: Host, part: PartialFile, refuses: Refuses, waits: list[float]
) -> None:
    host.usual = Answer(503)
    with refuses(FetchError, "503 Service Unavailable"):
        bring(host, part)
    assert len(host.requests) == 5


@pytest.mark.parametrize(
    ("asked", "expected"), [("7", [7.0]), ("99999", [30.0]), ("soon", []), ("0", []), ("-5", [])]
)
def test_wait_as_the_server_asks(
    host: Host, part: PartialFile, waits: list[float], capfd: Any, asked: str, expected: list[float]
) -> None:
    host.answers = [Answer(503, headers={"Retry-After": asked})]
    bring(host, part)
    assert waits == expected
    for seconds in expected:
        told = f"the server says 503 Service Unavailable; waiting {seconds:.0f} s\n"
        assert told in capfd.readouterr().err


def test_no_answer(
    host: Host,
    part: PartialFile,
    refuses: Refuses,
    own_cache: Path,
    capfd: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store_http, "_PATIENCE", (5.0, 0.1))
    monkeypatch.setattr(store_http, "_RETRIES", 1)
    monkeypatch.setattr(Handler, "end_headers", lambda self: host.go.wait(60))
    with refuses(FetchError, "no answer within 0.1 s"):
        bring(host, part)
    assert len(host.requests) == 2
    assert capfd.readouterr().err == "no answer within 0.1 s; trying again\n"
    assert left(own_cache) == {}


def test_slow_but_steady(host: Host, part: PartialFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it takes longer than the longest silence may."""
    monkeypatch.setattr(store_http, "_PATIENCE", (5.0, 0.6))
    host.usual = Answer(pause=0.12)
    begun = time.monotonic()
    assert bring(host, part) == BYTES
    assert time.monotonic() - begun > 0.6
    assert host.ranges == [None]


def test_what_has_come_is_kept_at_once(host: Host, part: PartialFile) -> None:
    """However little it is."""
    host.usual = Answer(wait=10)
    thread = threading.Thread(target=bring, args=(host, part), daemon=True)
    thread.start()
    try:
        until(lambda: part.path.is_file() and part.path.stat().st_size == 10)
    finally:
        host.go.set()
        thread.join(30)
    assert part.path.read_bytes() == BYTES
    # Not because the silence was too long.
    assert host.ranges == [None]


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
    host: Host, part: PartialFile, capfd: Any, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    if answer.wait:
        monkeypatch.setattr(store_http, "_PATIENCE", (5.0, 0.5))
    host.answers = [answer]
    host.usual = Answer(etag=answer.etag)
    assert store_http.transfer(host.url + PATH, part) is True
    assert part.path.read_bytes() == BYTES
    assert host.ranges == [None, "bytes=100000-"]
    validator = '"one"' if answer.etag == '"one"' else DATE
    assert host.requests[1].headers["If-Range"] == validator
    assert host.requests[1].sent == REST
    said = capfd.readouterr().err
    assert "after 100.0 kB; going on" in said
    assert "100.0 kB of it here already" in said


def test_goes_on_after_a_reset(host: Host, part: PartialFile) -> None:
    """What of it had come is up to the system; what is asked for then is just the rest."""
    host.answers = [Answer(cut=100_000, reset=True)]
    assert bring(host, part) == BYTES
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
def test_begins_anew(
    host: Host, part: PartialFile, second: Answer, ranges: list[str | None]
) -> None:
    host.answers = [Answer(cut=100_000), second]
    assert bring(host, part) == BYTES
    assert host.ranges == ranges
    assert host.requests[-1].sent == len(BYTES)


def test_begins_anew_without_validator(host: Host, part: PartialFile) -> None:
    host.answers = [Answer(cut=100_000, etag=None, date=None)]
    assert bring(host, part) == BYTES
    assert host.ranges == [None, None]


def test_changed_meanwhile(host: Host, part: PartialFile) -> None:
    """Not a mixture of both."""
    host.answers = [Answer(cut=100_000, body=OTHER, etag='"old"', date=None)]
    assert bring(host, part) == BYTES
    assert host.ranges == [None, "bytes=100000-"]


@pytest.mark.parametrize(
    "headers",
    [{"ETag": '"new"'}, {"ETag": '"one"', "Content-Range": f"bytes 100000-9/{len(BYTES) + 1}"}],
)
def test_partial_answer_of_another_file(
    host: Host, part: PartialFile, headers: Mapping[str, str]
) -> None:
    usual = {"Content-Range": f"bytes 100000-{len(BYTES) - 1}/{len(BYTES)}"}
    rest = Answer(206, headers={**usual, **headers}, body=OTHER[100_000:])
    host.answers = [Answer(cut=100_000), rest]
    assert bring(host, part) == BYTES
    assert host.ranges == [None, "bytes=100000-", None]


def test_gives_up_and_goes_on_another_day(
    host: Host, part: PartialFile, own_cache: Path, refuses: Refuses
) -> None:
    host.answers = [Answer(cut=100_000)]
    host.usual = Answer(cut=1000)
    with refuses(FetchError, "the connection was cut after 104.0 kB, 5 times"):
        bring(host, part)
    assert len(host.requests) == 5
    assert left(own_cache) == {"x.tar.part": 104_000}
    host.usual = Answer()
    assert store_http.transfer(host.url + PATH, part) is True
    assert part.path.read_bytes() == BYTES
    assert host.ranges[-1] == "bytes=104000-"


def test_does_not_give_up_while_it_gets_on(
    host: Host, part: PartialFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_http, "_PROGRESS", 20_000)
    host.usual = Answer(cut=20_000)
    assert bring(host, part) == BYTES
    assert len(host.requests) == len(BYTES) // 20_000 + 1


def test_server_without_ranges_that_is_always_cut(
    host: Host,
    part: PartialFile,
    own_cache: Path,
    refuses: Refuses,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beginning anew is not getting on."""
    monkeypatch.setattr(store_http, "_PROGRESS", 20_000)
    host.answers = [Answer(cut=cut, ranges=False) for cut in (100_000, 50_000) * 2]
    host.usual = Answer(cut=100_000, ranges=False)
    with refuses(FetchError, "the connection was cut"):
        bring(host, part)
    assert len(host.requests) == 5
    assert left(own_cache) == {"x.tar.part": 100_000}


def test_part_from_another_place_is_not_used(
    host: Host, part: PartialFile, refuses: Refuses, own_cache: Path
) -> None:
    with served(Host()) as before:
        before.usual = Answer(cut=100_000, ranges=False, body=OTHER)
        with refuses(FetchError, "the connection was cut"):
            bring(before, part)
    assert left(own_cache) == {"x.tar.part": 100_000}
    assert store_http.transfer(host.url + PATH, part) is False
    assert part.path.read_bytes() == BYTES
    assert host.ranges == [None]


@pytest.mark.parametrize(
    "note",
    [
        *("", "{", "[]", "null", '{"url": 1}', '{"url": "{url}"}'),
        '{"url": "{url}", "validator": "x", "total": "many"}',
        '{"url": "{url}", "validator": "x", "total": 9}',
        '{"url": "{url}", "validator": 5, "total": 999999}',
    ],
)
def test_damaged_note(host: Host, part: PartialFile, note: str) -> None:
    put(part.path, OTHER[:100_000])
    put(part.note, note.replace("{url}", host.url + PATH).encode())
    assert bring(host, part) == BYTES
    assert host.ranges == [None]


def test_part_without_note(host: Host, part: PartialFile) -> None:
    put(part.path, OTHER[:100_000])
    assert bring(host, part) == BYTES
    assert host.ranges == [None]
