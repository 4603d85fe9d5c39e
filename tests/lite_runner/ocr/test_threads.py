"""Readers used from several threads, and after they were closed."""

from __future__ import annotations

import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Iterator

import cv2
import numpy as np
import pytest

from lite_runner import ClosedError, LiteError, Ocr, Options, ReaderPool
from lite_runner.arrays import Floats, Image
from lite_runner.errors import EngineError, UsageError
from lite_runner.predictor.protocol import Output


class OwnThread:
    """An engine whose models must be run by the thread that opened them, and take some time."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.threads: set[Any] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def single_threaded(self) -> OwnThread:
        return self

    def open(self, model: Path) -> Any:
        predictor, opener = self._engine.open(model), threading.local()
        opener.here = True
        run = predictor.run

        def run_by_opener() -> Any:
            assert getattr(opener, "here", False), "run by a thread that did not open it"
            self.threads.add(threading.current_thread())
            time.sleep(0.001)
            return run()

        predictor.run = run_by_opener
        return predictor


@pytest.fixture
def own_thread(engine: Any) -> OwnThread:
    return OwnThread(engine)


def page(number: int) -> Image:
    """A page of its own size whose lines read ``l`` or ``r`` by the number's bits, lowest first."""
    image = np.full((64 + 32 * number, 320, 3), 255, np.uint8)
    for place in range(1 + number // 4):
        dark = (10, 90) if number >> place & 1 else (90, 10)
        line = image[20 + 50 * place :][:30]
        line[:, 40:160], line[:, 160:280] = dark
    return image


def text(number: int) -> str:
    return "".join("l" if number >> place & 1 else "r" for place in range(1 + number // 4))


def read(reader: Ocr | ReaderPool, number: int) -> str:
    return "".join(str(line.text) for line in reader.read(page(number)).lines)


@pytest.fixture
def serve() -> Iterator[Callable[[Ocr | ReaderPool], Callable[[int], str]]]:
    """Starts a web server around a reader; returns what posts a page to it."""
    servers = []

    def start(reader: Ocr | ReaderPool) -> Callable[[int], str]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                picture = self.rfile.read(int(self.headers["Content-Length"]))
                answer = "".join(str(line.text) for line in reader.read(picture)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 16

        server = Server(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

        def post(number: int) -> str:
            data = cv2.imencode(".png", page(number))[1].tobytes()
            address = f"http://127.0.0.1:{server.server_port}"
            with urllib.request.urlopen(address, data, timeout=60) as answer:
                return str(answer.read().decode())

        return post

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("workers", [1, 2])
def test_sixteen_requests_at_once_to_one_reader(
    workers: int, serve: Any, pack_folder: Path, own_thread: Any
) -> None:
    with Ocr(pack_folder, own_thread, Options(workers=workers)) as reader:
        post = serve(reader)
        with ThreadPoolExecutor(16) as clients:
            assert list(clients.map(post, range(16))) == [text(number) for number in range(16)]


@pytest.mark.parametrize("kind", [Ocr, ReaderPool])
def test_a_page_of_a_file_is_chosen(
    kind: Any, pack_folder: Path, engine: Any, tmp_path: Path
) -> None:
    scan = tmp_path / "scan.tif"
    cv2.imwritemulti(str(scan), [page(number) for number in (5, 6)])
    with kind(pack_folder, engine, options=Options(min_score=0.2)) as reader:
        result = reader.read(scan, page=2)
    assert (result.page, result.pages) == (2, 2)
    assert "".join(str(line.text) for line in result) == text(6)


def test_sixteen_requests_at_once_to_a_pool(
    serve: Any, pack_folder: Path, own_thread: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    with ReaderPool(pack_folder, own_thread, size=4) as readers:
        readers.warm()
        assert own_thread.events.count(("open", "det.nb")) == 4
        post = serve(readers)
        with ThreadPoolExecutor(16) as clients:
            assert list(clients.map(post, range(16))) == [text(number) for number in range(16)]
    assert own_thread.events.count(("open", "det.nb")) == 4
    assert own_thread.events.count(("close", "det.nb")) == 4
    assert 1 < len(own_thread.threads) <= 4


def test_one_thread_reads_by_itself(pack_folder: Path, own_thread: Any) -> None:
    with Ocr(pack_folder, own_thread) as reader:
        assert [read(reader, number) for number in (3, 6)] == [text(3), text(6)]
    assert own_thread.threads == {threading.current_thread()}


def test_threads_that_come_one_after_the_other(pack_folder: Path, own_thread: Any) -> None:
    """The system gives later threads the numbers of earlier ones."""
    with Ocr(pack_folder, own_thread) as reader:
        for number in range(4):
            answers: list[str] = []
            thread = threading.Thread(target=lambda n=number, a=answers: a.append(read(reader, n)))
            thread.start()
            thread.join()
            assert answers == [text(number)]
    # Once for the first thread, once for the one that reads from then on.
    assert own_thread.events.count(("open", "rec.nb")) == 2


def test_copies_read_at_the_same_time(pack_folder: Path, engine: Any) -> None:
    both, rule = threading.Barrier(2, timeout=10), engine.models["det.nb"]

    def detect(batch: Floats) -> Any:
        both.wait()  # two at once, or this fails
        return rule(batch)

    engine.models["det.nb"] = detect
    with Ocr(pack_folder, engine, Options(min_score=0.2)) as reader, reader.copy() as other:
        assert other.options == reader.options
        with ThreadPoolExecutor(2) as threads:
            assert list(threads.map(read, (reader, other), (5, 6))) == [text(5), text(6)]
    assert engine.events.count(("close", "det.nb")) == 2


def test_an_error_in_one_thread_is_that_threads_own(pack_folder: Path, own_thread: Any) -> None:
    rule = own_thread.models["det.nb"]

    def fail_at_192(batch: Floats) -> list[Output]:
        if batch.shape[2] == 192:  # the page of 64, with the border of a thin strip
            raise EngineError("det.nb: it failed")
        return rule(batch)  # type: ignore[no-any-return]

    own_thread.models["det.nb"] = fail_at_192
    with Ocr(pack_folder, own_thread) as reader, ThreadPoolExecutor(4) as threads:
        futures = [threads.submit(read, reader, number) for number in (0, 1, 0, 2)]
        for future, number in zip(futures, (0, 1, 0, 2)):
            if number == 0:
                with pytest.raises(EngineError, match="it failed"):
                    future.result()
            else:
                assert future.result() == text(number)


@pytest.mark.parametrize("kind", [Ocr, ReaderPool])
def test_closing_waits_for_what_is_read(kind: Any, pack_folder: Path, engine: Any) -> None:
    begun, rule = threading.Event(), engine.models["rec.nb"]

    def recognise(batch: Floats) -> Any:
        begun.set()
        time.sleep(0.05)
        return rule(batch)

    engine.models["rec.nb"] = recognise
    reader = kind(pack_folder, engine)
    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(read, reader, 7)
        assert begun.wait(10)
        reader.close()
        last_event = engine.events[-1]
        assert future.result() == text(7)
    assert last_event[0] == "close"
    assert engine.events[-1] == last_event


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", [Ocr, ReaderPool])
def test_a_closed_reader_says_so(kind: Any, workers: int, pack_folder: Path, engine: Any) -> None:
    reader = kind(pack_folder, engine, Options(workers=workers))
    reader.close()
    reader.close()
    for use in (lambda: reader.read(page(1)), reader.warm, reader.__enter__):
        with pytest.raises(ClosedError, match=r"was closed.*make a new one") as caught:
            use()
        assert isinstance(caught.value, LiteError)
        assert "\n" not in str(caught.value)
    assert engine.events == []


def test_models_are_opened_once_whether_warmed_before_or_after(
    pack_folder: Path, engine: Any
) -> None:
    with Ocr(pack_folder, engine) as reader:
        reader.warm()
        assert read(reader, 2) == text(2)
        reader.warm()
    assert sorted(name for kind, name, *_ in engine.events if kind == "open") == [
        *("cls.nb", "det.nb", "rec.nb")
    ]


def test_a_pool_has_no_more_readers_than_there_are_cores(
    pack_folder: Path, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    for size, words in ((0, "at least 1"), (3, "ReaderPool of size 3: this board has 2 cores")):
        with pytest.raises(UsageError, match=words):
            ReaderPool(pack_folder, engine, size=size)
