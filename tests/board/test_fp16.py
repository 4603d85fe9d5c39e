"""fp16 on emulated boards of both kinds; a real library with its kernels, where there is one.

``LITE_OCR_TEST_FP16`` names a library for armv8 that was built with ``--with_arm82_fp16=ON``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator

import pytest

from cross_build.bench import evaluation
from cross_build.boards.board import Board
from cross_build.boards.connect import connect
from cross_build.bundles import fp16
from cross_build.deploys import deploy as deploys
from cross_build.errors import BoardError, DeployError
from cross_build.targets.targets import target
from lite_runner.bench import pictures
from tests import double
from tests.board.conftest import Site

REAL = "LITE_OCR_TEST_FP16"


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory, runtimes: dict[str, Path]) -> Path:
    """The double for ARMv8.2."""
    place = tmp_path_factory.mktemp("halves") / "armv8"
    return double.runtime(place, "aarch64-linux-gnu-g++", double.FP16)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pack") / "fp16"
    return double.pack(place, precision="fp16", name="double-fp16")


@pytest.fixture(params=["rpi5", "rpi4"])
def board(request: pytest.FixtureRequest, emulated: Path) -> Iterator[Board]:
    # The packages that other tests sent are there already: nothing is sent twice.
    found = connect(target(request.param), emulate=True, folder="tests")
    yield found
    found.transport.close()


def test_boards_tell_their_features(board: Board) -> None:
    has = {"rpi5": {"asimd", "asimdhp", "asimddp"}, "rpi4": {"asimd"}}
    assert board.probe().features == has[board.target.name]


def test_a_board_of_armv82_reads_and_an_older_one_is_refused(
    site: Site, board: Board, halves: Path, pack: Path
) -> None:
    before = site.current
    if board.target.name == "rpi4":
        with pytest.raises(BoardError, match=r"rpi4: pack double-fp16 is in fp16, which needs ARM"):
            deploys.deploy(board, str(pack), str(halves))
        assert site.current == before
    else:
        done = deploys.deploy(board, str(pack), str(halves))
        assert (done.proof["pack"], done.proof["lines"]) == ("double-fp16", list(double.LINES))


@pytest.mark.parametrize("board", ["rpi4"], indirect=True)
def test_what_is_refused_would_have_ended_the_process(
    site: Site, board: Board, halves: Path, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a deploy that looks at nothing fails at its verification, with the old release in use."""
    monkeypatch.setattr(fp16, "check", lambda *given: None)
    before = site.current
    with pytest.raises(DeployError, match="verification failed, the release in use was kept"):
        deploys.deploy(board, str(pack), str(halves))
    assert site.current == before


@pytest.mark.skipif(not os.environ.get(REAL), reason=f"{REAL} names no library with fp16 kernels")
def test_a_real_library_reads_in_halves_as_well_as_in_floats(
    emulated: Path, samples: Path, tmp_path: Path
) -> None:
    found = connect(target("rpi5"), emulate=True, folder="tests-fp16")
    shown = pictures.find([str(samples / name) for name in ("shop_sign.jpg", "name_plate.jpg")])
    try:
        done = evaluation.evaluate(
            *(found, "v4-mobile-fp16", "v4-mobile", os.environ[REAL], shown),
            limit=0.5,
            emulated=True,
        )
    finally:
        deploys.undeploy(found)
        found.transport.close()
    print(evaluation.text(done))
    assert done.passed
    assert done.record["candidates"][0]["accuracy"]["characters"] > 50
