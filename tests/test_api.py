"""The class Ocr as users' own scripts use it, inside a deployed release."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from cross_build.boards.board import Board

SCRIPT = """
import io, json, sys
import cv2, numpy as np
from lite_runner import ImageError, Ocr, Options

path = sys.argv[1]
data = open(path, "rb").read()
bgr = cv2.imread(path)
grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
bgra = cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA)
kept = bgr.copy()
found = {}
with Ocr() as ocr:
    for name, source in dict(
        path=path, bytes=data, file=io.BytesIO(data), bgr=bgr, grey=grey, bgra=bgra,
        column=grey[:, :, None], view=np.repeat(bgr, 2, axis=0)[::2],
    ).items():
        page = ocr.read(source)
        found[name] = [line.text.replace(" ", "") for line in page]
        assert len(page) == len(page.lines) and page.seconds.total > 0
    assert (bgr == kept).all(), "the caller's array was changed"
    try:
        ocr.read(b"nothing")
    except ImageError as error:
        found["error"] = str(error)
ocr.close()
with Ocr(options=Options(recognise=False)) as ocr:
    found["boxes"] = [[line.text, line.box.shape, line.box.dtype.name] for line in ocr.read(path)]
print(json.dumps(found))
"""


def test_every_kind_of_source_reads_the_same(board: Board, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    golden = board.path("current", "pack", "golden.png")
    command = [board.path("ocr"), "python", str(tmp_path / "script.py"), golden]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found.pop("error").startswith("is not a picture")
    assert found.pop("boxes") == [[None, [4, 2], "float32"]] * 2
    assert len(found) == 8
    for name, lines in found.items():
        assert lines == ["你好，世界", "Paddle-Lite2026"], name


def test_numpy_2_is_refused_instead_of_reading_garbage(board: Board, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import numpy; numpy.__version__ = '2.4.6'\n"
        "from lite_runner.predictor.wheel import WheelEngine\nWheelEngine()\n"
    )
    command = [board.path("ocr"), "python", str(tmp_path / "script.py")]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1
    assert "built for numpy 1, this is numpy 2.4.6" in run.stderr.splitlines()[-1]


SERVER = """
import json, sys, threading, urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import cv2
from lite_runner import Ocr, ReaderPool

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        page = self.server.reader.read(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps([line.text.replace(" ", "") for line in page]).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass

class Server(ThreadingHTTPServer):
    request_queue_size = 16

golden = cv2.imread(sys.argv[1])
half = golden.shape[0] // 2
# Pictures of different sizes, each with one line of the golden picture.
lines = [golden[half * (n % 2) : half * (n % 2 + 1), : golden.shape[1] - n] for n in range(16)]
pictures = [cv2.imencode(".png", line)[1].tobytes() for line in lines]

def post(picture):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}", picture) as answer:
        return json.loads(answer.read())

for kind in (Ocr, ReaderPool):
    with kind() as reader, Server(("127.0.0.1", 0), Handler) as server:
        server.reader = reader
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with ThreadPoolExecutor(16) as clients:
            print(json.dumps(list(clients.map(post, pictures))))
        server.shutdown()
"""


def test_a_web_server_around_a_reader_answers_sixteen_requests_at_once(
    board: Board, tmp_path: Path
) -> None:
    (tmp_path / "server.py").write_text(SERVER)
    golden = board.path("current", "pack", "golden.png")
    command = [board.path("ocr"), "python", str(tmp_path / "server.py"), golden]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    for answers in run.stdout.splitlines():
        assert json.loads(answers) == [["你好，世界"], ["Paddle-Lite2026"]] * 8
    assert len(run.stdout.splitlines()) == 2
