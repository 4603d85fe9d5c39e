"""A 32-bit emulated board: the system's own numpy and OpenCV, no wheels.

It takes some more minutes to make, so it is only used where it is made already (``invoke board up
--machine armv7l``), or with ``LITE_OCR_EMULATE=all``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Iterator

import pytest

from cross_build.boards import emulator
from cross_build.boards.board import Board
from cross_build.boards.connect import connect
from cross_build.bundles import paddlelite
from cross_build.deploys import deploy as deploys
from cross_build.deploys import remote_read
from cross_build.errors import BoardError
from cross_build.targets.targets import target
from lite_runner.pictures.inputs import Source
from lite_runner.scoring.cer import compare
from opt_models.store import config
from tests import double
from tests.board.conftest import REQUIRED
from tests.board.test_published import PICTURES, WORST

MACHINE = "armv7l"
#: Of the board's user, on this computer.
HOME = emulator.root_folder(MACHINE) / "home" / emulator.USER
pytestmark = pytest.mark.skipif(
    not emulator.root_folder(MACHINE).is_dir() and os.environ.get(REQUIRED) != "all",
    reason=f"the 32-bit board is not made; 'invoke board up --machine {MACHINE}' makes it",
)


@pytest.fixture(scope="module")
def small() -> Iterator[Board]:
    running = emulator.status(MACHINE) is not None
    board = connect(target("armv7hf"), emulate=True, folder="tests")
    yield board
    deploys.undeploy(board)
    board.transport.close()
    if not running:
        emulator.down(MACHINE)


def test_the_double_reads_on_it(small: Board, runtimes: dict[str, Path], plain: Path) -> None:
    facts = small.probe(["libgomp.so.1"])
    assert facts.machine == MACHINE
    assert facts.packages == ("numpy 1.24.2", "cv2 4.6.0")
    done = deploys.deploy(small, str(plain), str(runtimes["armv7hf"]))
    assert done.proof["lines"] == list(double.LINES)
    # Runner, pack and library: the packages are the board's own.
    assert done.total < 60
    manifest = json.loads((HOME / "tests/current/bundle.json").read_text(encoding="utf-8"))
    assert manifest["wheels"][0] == "numpy 1.24.2 (the board's own)"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cv2.cpython-311-arm-linux-gnueabihf.so", "no wheels of cv2 .*install python3-opencv'"),
        ("numpy", "no wheels of numpy .*install python3-numpy'"),
    ],
)
def test_missing_packages_are_told_before_anything_is_sent(
    small: Board, runtimes: dict[str, Path], plain: Path, name: str, words: str
) -> None:
    package = emulator.root_folder(MACHINE) / "usr/lib/python3/dist-packages" / name
    before = sorted(HOME.rglob("*"))
    package.rename(package.with_name("aside"))
    try:
        # numpy gone, cv2 cannot be imported either: what is missing is told first.
        with pytest.raises(BoardError, match=words):
            deploys.deploy(small, str(plain), str(runtimes["armv7hf"]))
    finally:
        package.with_name("aside").rename(package)
    assert sorted(HOME.rglob("*")) == before


@pytest.mark.skipif(
    not os.environ.get(paddlelite.VARIABLES["armv7hf"]),
    reason=f"{paddlelite.VARIABLES['armv7hf']} names no library",
)
@pytest.mark.parametrize("name", list(WORST))
def test_published_models_read_on_it(
    small: Board, published_models: Path, real_images: Path, name: str
) -> None:
    labels = json.loads((real_images / "labels.json").read_text(encoding="utf-8"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(config.MODELS, str(published_models))
        done = deploys.deploy(small, name)
    print(name, done.proof["freedom"])
    results = remote_read.read(small, [Source(one, real_images / one, None) for one in PICTURES])
    found = [
        compare(labels[one["image"]], [line["text"] for line in one["lines"]]) for one in results
    ]
    cer = sum(one.errors for one in found) / sum(one.characters for one in found)
    print(f"{name}: character error rate {cer:.2%}")
    # Another OpenCV, other kernels: a point more.
    assert cer <= WORST[name] + 0.01
