"""The release in use on a board is what is measured where nothing else is asked for."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from cross_build.bench import staging
from cross_build.boards.board import Board
from cross_build.boards.transports.local import Local
from cross_build.bundles import bundle as bundles
from cross_build.bundles import manifest
from cross_build.deploys import deploy as deploys
from cross_build.targets.targets import target
from lite_runner import __version__

PROOF = {
    **{"pack": "tiny", "lite_version": "v0", "lines": ["a"]},
    "seconds": {"detect": 0.1, "classify": 0.1, "recognise": 0.1, "total": 0.3},
}
_OCR = """\
#!/bin/sh
[ "$1" = --version ] && echo 'lite-ocr {version}' || echo '{proof}'
"""
Deployed = Callable[[str], Board]


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Deployed:
    """A board with a release in use that calls itself some version."""
    monkeypatch.setenv("LITE_OCR_CACHE", str(tmp_path / "cache"))

    def make(version: str) -> Board:
        board = Board(target("local"), Local(tmp_path / "board"), sys.executable)
        program = tmp_path / "ocr"
        program.write_text(_OCR.format(version=version, proof=json.dumps(PROOF)))
        program.chmod(0o755)
        bundle = bundles.named({"ocr": manifest.item(program)}, {})
        with board.lock() as state:
            staged = deploys.stage(board, bundle, state.free)
            board.release("switch", bundle.name, stdin=json.dumps(staged.proof))
        return board

    return make


def test_a_release_in_use_is_measured_as_it_is(deployed: Deployed, tmp_path: Path) -> None:
    picture: Any = {"image": "x.png", "path": str(tmp_path / "x.png")}
    (tmp_path / "x.png").write_bytes(b"pixels")
    board = deployed(__version__)
    with staging.in_use(board, [picture]) as stage:
        assert stage is not None
        ((pack, program, peer),) = stage.programs
        assert (pack, peer) == ("tiny", False)
        assert program == board.path("releases", str(board.status().current), "ocr")
        assert Path(stage.pictures[0]["path"]).read_bytes() == b"pixels"
    assert not list(Path(board.path("inbox")).iterdir())


def test_what_cannot_be_measured_from_here_is_left(deployed: Deployed, tmp_path: Path) -> None:
    with staging.in_use(deployed("0.0.1"), []) as stage:
        assert stage is None
    board = deployed(__version__)
    (Path(board.path("releases", str(board.status().current))) / "ocr").unlink()
    with staging.in_use(board, []) as stage:
        assert stage is None
    bare = Board(target("local"), Local(tmp_path / "bare"), sys.executable)
    with staging.in_use(bare, []) as stage:
        assert stage is None
