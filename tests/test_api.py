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
