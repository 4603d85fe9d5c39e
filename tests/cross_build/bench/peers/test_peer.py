"""Peers by name."""

from __future__ import annotations

import pytest

from cross_build.bench.peers import peer
from cross_build.errors import TargetError


def test_a_former_name_is_taken_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    found = peer.find("onnxruntime")
    assert found is peer.find("rapidocr")
    assert capsys.readouterr().err == "--peer onnxruntime: is now called rapidocr\n"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(TargetError, match=r"--peer tesseract: .*; known: rapidocr, rapidocrlite$"):
        peer.find("tesseract")
