"""A peer on the emulated board: its packages for that processor read there as sessions do.

Not RapidOCR: releases of ONNX Runtime after 1.20 crash in the emulator.
"""

from __future__ import annotations

import json
from typing import Any

import cv2
import numpy as np

from cross_build.bench.peers import bundle, weights
from cross_build.bench.peers.peer import PEERS
from cross_build.deploys import deploy as deploys
from tests.board.conftest import Site

PEER = PEERS["rapidocrlite"]


def test_a_session_of_a_peer(site: Site) -> None:
    text = str(np.random.default_rng().integers(10_000_000, 100_000_000))
    line = np.full((80, 400, 3), 255, np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(line, text, (40, 55), font, 1.5, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.imwrite(str(site.home / "line.png"), line)
    facts = site.board.probe()
    made = bundle.make(PEER, weights.named("v6-tiny"), site.board.target, facts)
    pictures = [{"path": site.board.path("line.png"), "detect": False}]
    request = {"pictures": pictures, "warmup": 0, "passes": 1, "threads": 1}
    with site.board.lock():
        deploys.send(site.board, made, site.board.release("status")["free"])
        try:
            program = site.board.path("releases", made.name, "ocr")
            run = site.board.transport.run([program, "turn"], json.dumps(request))
        finally:
            site.board.release("discard", made.name)
    assert run.code == 0, run.stderr
    told: dict[str, Any] = {}
    for answer in run.stdout.splitlines():
        told.update(json.loads(answer))
    assert told["ready"]["reader"] == f"{PEER.title} {PEER.version}"
    assert told["ready"]["threads"] == 1
    ((lines, _),) = told["done"]["read"]
    assert lines == [text]
