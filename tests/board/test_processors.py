"""The same models on armv8 and armv7hf through the same C ABI: the double, or real libraries."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from cross_build.bundles import compile as compiler
from cross_build.bundles import paddlelite
from lite_runner.arrays import AnyArray, Floats, Image
from lite_runner.ocr import classification
from lite_runner.ocr.recogniser import recognition
from lite_runner.pack import Network
from lite_runner.pictures import image
from lite_runner.pictures.image import normalise, resize
from opt_models.catalog import catalog
from opt_models.memory_planning.share import share
from tests import double
from tests.board.conftest import REQUIRED

ROOT = Path(__file__).parents[2]
#: Compiler, emulator and folder with the C library, by processor.
TOOLS = {
    "armv8": ("aarch64-linux-gnu-gcc", "qemu-aarch64", "/usr/aarch64-linux-gnu"),
    "armv7hf": ("arm-linux-gnueabihf-gcc", "qemu-arm", "/usr/arm-linux-gnueabihf"),
}
Run = Callable[[str, Path, Path, Floats], AnyArray]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a ``.nb`` on an emulated processor; all its outputs in a row."""
    missing = [tool for tools in TOOLS.values() for tool in tools[:2] if shutil.which(tool) is None]
    if missing and not os.environ.get(REQUIRED):
        pytest.skip(f"{', '.join(missing)} missing")

    def start(processor: str, place: Path, model: Path, batch: Floats) -> AnyArray:
        gcc, qemu, root = TOOLS[processor]
        library = paddlelite.local(place, processor, "--runtime")
        beside = tmp_path / f"{processor}-lib"
        beside.mkdir(exist_ok=True)
        for file in (compiler.shim(library), library.path):
            shutil.copy(file, beside)
        shim = beside / compiler.SHIM
        program, given, result = (tmp_path / f"{processor}.{end}" for end in ("run", "in", "out"))
        headers = f"-I{ROOT / 'lite_runner/predictor'}"
        source = str(ROOT / "tests/double/run_capi.c")
        link = ["-Wl,--allow-shlib-undefined", f"-Wl,-rpath,{beside}"]
        subprocess.run([gcc, headers, source, str(shim), *link, "-o", str(program)], check=True)
        batch.astype("<f4").tofile(given)
        shape = ",".join(map(str, batch.shape))
        command = [qemu, "-L", root, str(program), str(model), str(given), shape, str(result)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert library.runtime.release in done.stdout
        return np.fromfile(result, "<f8")

    return start


def test_both_processors_agree_on_the_double(
    run: Run, runtimes: dict[str, Path], tmp_path: Path
) -> None:
    pack = double.pack(tmp_path / "pack")
    batch = np.linspace(-1, 1, 3 * 64 * 96, dtype=np.float32).reshape(1, 3, 64, 96)
    for stage in ("det", "rec", "cls"):
        one, other = (run(name, runtimes[name], pack / f"{stage}.nb", batch) for name in TOOLS)
        assert one.size > 1
        assert np.array_equal(one, other), stage
    assert run("armv7hf", runtimes["armv7hf"], pack / "det.nb", batch).max() > 0.9


def network(stage: str, height: int | None = None) -> Network:
    settings = catalog.stage_settings(stage)
    shape = (height or settings["shape"][0], settings["shape"][1])
    mean, std = tuple(settings["mean"]), tuple(settings["std"])
    return Network(Path("x.nb"), "x", "int8", "", {}, shape, mean, std, settings["order"])


def filled(stage: Any, line: Image, network: Network) -> Floats:
    batch: Floats = np.empty(stage.input_shape([line], network), np.float32)
    stage.preprocess([line], network, batch)
    return batch


def inputs(folder: Path) -> dict[str, Floats]:
    """A real picture as each stage sees it."""
    line = image.load(folder / "text_rec.jpg")
    page = resize(image.load(folder / "img_exif_orientation.jpg"), 320, 320)
    det = network("det")
    return {
        "det": normalise(page, det.mean, det.std, det.order)[None],
        "cls": filled(classification, line, network("cls")),
        "rec": filled(recognition, line, network("rec", 32)),
    }


@pytest.mark.parametrize("release", ["v1.1", "v2.0_slim"])
def test_both_processors_agree_on_published_models(
    run: Run, published_models: Path, real_images: Path, release: str
) -> None:
    variables = {name: paddlelite.VARIABLES[name] for name in TOOLS}
    places = {name: os.environ.get(variable) for name, variable in variables.items()}
    if not all(places.values()):
        pytest.skip(f"{' and '.join(variables.values())} name no libraries")
    models = {_stage(path): path for path in sorted((published_models / release).glob("*.nb"))}
    assert models.keys() == {"det", "cls", "rec"}
    for stage, batch in inputs(real_images).items():
        one, other = (run(name, Path(str(places[name])), models[stage], batch) for name in TOOLS)
        assert one.shape == other.shape
        print(f"{release} {stage}: largest difference {np.abs(one - other).max():.1e}")
        # Products of int8 are rounded differently on the two: 0.008 in a probability was seen.
        # Classes are whole numbers, so they have to be equal.
        assert np.allclose(one, other, rtol=0, atol=2e-2), stage


@pytest.mark.parametrize("processor", TOOLS)
@pytest.mark.parametrize("release", ["v1.1", "v2.0_slim"])
def test_shared_memory_changes_no_bit(
    run: Run,
    published_models: Path,
    real_images: Path,
    tmp_path: Path,
    release: str,
    processor: str,
) -> None:
    """On the real library, whose kernels then write where others have read."""
    place = os.environ.get(paddlelite.VARIABLES[processor])
    if not place:
        pytest.skip(f"{paddlelite.VARIABLES[processor]} names no library")
    model = next(
        path for path in sorted((published_models / release).glob("*.nb")) if "det" in path.name
    )
    found = shutil.copyfile(model, tmp_path / "det.nb")
    assert share(found, (1, 3, 960, 960)) is not None
    batch = inputs(real_images)["det"]
    one, other = (run(processor, Path(place), path, batch) for path in (model, found))
    assert one.max() > 0.5
    assert np.array_equal(one, other)


def _stage(path: Path) -> str:
    return next(stage for stage in ("det", "cls", "rec") if stage in path.name)
