"""Published slim models on real Paddle-Lite libraries, on phones that bring nothing along."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Callable

import pytest

from cross_build.boards import emulator
from cross_build.bundles import paddlelite as runtimes
from cross_build.deploys import remote_read
from cross_build.targets.targets import target
from lite_runner.pictures.inputs import expand
from lite_runner.scoring import ground_truth
from lite_runner.scoring.cer import compare
from tests.phone import adb_stand_in
from tests.phone.conftest import Phone, tools_for

DATA = os.environ.get("LITE_OCR_TEST_DATA", "")
#: Character error rate of v2.0-slim on the emulated boards, in the worse of their libraries, and
#: half a point.
WORST = 0.06
#: By the target, what Android says of such a phone and what qemu calls its processor.
KINDS = {
    "android-arm64": ("arm64-v8a", "cortex-a72"),
    "android-armv7": ("armeabi-v7a", "cortex-a7"),
}


@pytest.mark.parametrize("name", KINDS)
def test_pictures_are_read(
    name: str, runtime: Path, plugged_in: Callable[[Path], None], tmp_path: Path
) -> None:
    kind = target(name)
    variable = runtimes.VARIABLES[kind.runtime.processor]
    if variable not in os.environ or not DATA:
        pytest.skip(f"{variable} or LITE_OCR_TEST_DATA is not set")
    emulator.ready(kind.machine)
    abi, cpu = KINDS[name]
    properties = {"product.cpu.abi": abi, "product.cpu.abilist": abi}
    adb_stand_in.make(tmp_path, *tools_for(kind.machine), **properties)
    adb_stand_in.settle(tmp_path, cpu=cpu)
    plugged_in(tmp_path)
    phone = Phone(tmp_path, Path(os.environ[variable]), name)
    done = phone.deploy(Path("v2.0-slim"))
    assert done.proof["lines"]
    images = Path(DATA) / "images"
    labelled = ground_truth.pictures(images)
    lines = [str(one.path) for one in labelled if not one.detect]
    pages = [one for one in expand([str(images)]) if str(one.path) not in lines]
    read = [
        *remote_read.read(phone.board, pages),
        *remote_read.read(phone.board, expand(lines), ["--no-detect"]),
    ]
    assert all("error" not in one for one in read), read
    texts = {one["image"]: [line["text"] for line in one["lines"]] for one in read}
    assert texts[str(images / "text_rec.jpg")] == ["韩国小馆"]
    found = [compare(one.lines, texts[str(one.path)]) for one in labelled]
    errors, characters = (sum(column) for column in zip(*found))
    print(f"{name}: {errors} of {characters} characters wrong, {len(read)} pictures read")
    assert errors <= WORST * characters
    made = json.loads((phone.home / "current/bundle.json").read_text())
    assert made["target"] == name
    assert not phone.deploy(Path("v2.0-slim")).changed
