"""Published slim models on a real Paddle-Lite library, on the emulated board: real text is read.

With ``PADDLE_LITE_RUNTIME_ARMV8`` naming a library and ``LITE_OCR_TEST_DATA`` the models.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Iterator

import pytest

from cross_build.boards.board import Board
from cross_build.boards.connect import connect
from cross_build.bundles import paddlelite
from cross_build.deploys import deploy as deploys
from cross_build.deploys import remote_read
from cross_build.targets.targets import target
from lite_runner.pictures.inputs import Source
from lite_runner.scoring.cer import compare
from opt_models.errors import CatalogError
from opt_models.store import config
from tests.conftest import DATA

LIBRARY = os.environ.get(paddlelite.VARIABLES["armv8"], "")
pytestmark = [
    pytest.mark.skipif(not LIBRARY, reason=f"{paddlelite.VARIABLES['armv8']} names no library"),
    pytest.mark.skipif(DATA not in os.environ, reason=f"{DATA} names no folder of models"),
]
#: Of several sizes, so that the detector's input changes its shape; quick to read.
PICTURES = ("en.jpg", "img_exif_orientation.jpg", "ch_en_num.jpg")
#: Character error rates on these, in the worse of v2.9 and v2.13-rc, and half a point.
WORST = {"v1.1-slim": 0.073, "v2.0-slim": 0.102}


@pytest.fixture(scope="module", params=list(WORST))
def deployed(
    request: pytest.FixtureRequest, emulated: Path, published_models: Path
) -> Iterator[tuple[str, Board]]:
    name = request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(config.MODELS, str(published_models))
        board = connect(target("rpi4"), emulate=True, folder=f"tests-{name}")
        done = deploys.deploy(board, name)
        assert done.proof["pack"] == name
        yield name, board
    deploys.undeploy(board)
    board.transport.close()


def test_real_text_is_read_in_any_order_of_pictures(
    deployed: tuple[str, Board], real_images: Path
) -> None:
    name, board = deployed
    labels = json.loads((real_images / "labels.json").read_text(encoding="utf-8"))
    read = []
    for order in (PICTURES, PICTURES[::-1]):
        sources = [Source(one, real_images / one, None) for one in order]
        results = remote_read.read(board, sources, [])
        read.append({one["image"]: [line["text"] for line in one["lines"]] for one in results})
    assert read[0] == read[1]
    found = [compare(labels[one], read[0][one]) for one in PICTURES]
    cer = sum(one.errors for one in found) / sum(one.characters for one in found)
    print(f"{name}: character error rate {cer:.2%}")
    assert cer <= WORST[name]


def test_a_pack_that_cannot_run_on_the_library_is_refused(emulated: Path) -> None:
    found = paddlelite.local(Path(LIBRARY), "armv8", "")
    if found.runtime == target("rpi4").runtime:
        pytest.skip("this library is of opt's own release, every pack runs on it")
    board = connect(target("rpi4"), emulate=True, folder="tests-v4")
    with pytest.raises(CatalogError, match=r"v4-mobile: for Paddle-Lite .* take Paddle-Lite v2"):
        deploys.deploy(board, "v4-mobile")
    board.transport.close()
