"""What the runner's tests share: a pack of a few bytes, and an engine that computes by rule."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any, Callable, Mapping

import numpy as np
import pytest

from lite_runner.arrays import AnyArray, Floats, Image
from lite_runner.pack import Classifier, Detector, Network, Recogniser
from lite_runner.predictor.protocol import Capabilities, Output
from tests import double

#: Networks that see a pixel as a share of 1.
NEUTRAL = {"mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0], "order": "BGR"}
LETTERS = ("l", "r", "x")


@pytest.fixture(scope="session")
def network() -> Network:
    """48 pixels high, 192 wide, with the usual normalisation to -1..1."""
    half = (0.5, 0.5, 0.5)
    return Network(Path("none.nb"), "none", "fp32", "", {}, (48, 192), half, half, "BGR")


@pytest.fixture(scope="session")
def detector(network: Network) -> Detector:
    return Detector(network, 0.3, 0.5, 1.6, 32, 960, True)


@pytest.fixture(scope="session")
def classifier(network: Network) -> Classifier:
    return Classifier(network, 0.9)


@pytest.fixture(scope="session")
def recogniser(network: Network) -> Recogniser:
    return Recogniser(network, "softmax", 0, 1, (*LETTERS, " "))


@pytest.fixture
def pack_folder(tmp_path: Path) -> Path:
    """A good pack whose models are a few bytes each."""
    folder = tmp_path / "pack"
    folder.mkdir()

    def put(name: str, data: bytes) -> dict[str, str]:
        (folder / name).write_bytes(data)
        return {"file": name, "sha256": hashlib.sha256(data).hexdigest()}

    def model(stage: str, **settings: Any) -> dict[str, Any]:
        about = {"source": f"published_{stage}", "precision": "fp32"}
        return {**put(f"{stage}.nb", stage.encode()), **about, **NEUTRAL, **settings}

    golden = put("golden.png", b"golden")
    data = {
        "schema": 1,
        "name": "tiny",
        "lite_version": "v2.13-rc",
        "arch": "x86",
        "det": model(
            "det",
            shape=[960, 960],
            threshold=0.3,
            box_threshold=0.5,
            unclip_ratio=1.6,
            min_side=32,
            max_side=960,
            dilate=True,
        ),
        "cls": model("cls", shape=[48, 192], threshold=0.9),
        "rec": model(
            "rec",
            shape=[48, 320],
            outputs="softmax",
            classes=len(LETTERS) + 2,
            blank=0,
            offset=1,
            space=True,
        ),
        "dictionary": put("dictionary.txt", "\n".join(LETTERS).encode()),
        "golden": {"image": golden["file"], "sha256": golden["sha256"], "lines": ["l"]},
    }
    (folder / "pack.json").write_text(json.dumps(data), encoding="utf-8")
    return folder


@pytest.fixture
def edit_pack(pack_folder: Path) -> Callable[[Callable[[Any], object]], None]:
    """Changes what pack.json says: ``edit_pack(lambda data: data["rec"].update(blank=-1))``."""

    def edit(change: Callable[[Any], object]) -> None:
        path = pack_folder / "pack.json"
        data = json.loads(path.read_text(encoding="utf-8"))
        change(data)
        path.write_text(json.dumps(data), encoding="utf-8")

    return edit


class FakeEngine:
    """Models that are rules, told by their file's name; ``events`` says what was done to them.

    Detector: a dark pixel is text. Classifier: every line is upright. Recogniser: a line that is
    darker on its left reads ``l``, any other ``r``.
    """

    def __init__(self) -> None:
        self.version = "v2.13-rc"
        self.arch = "x86"
        self.reshapes = True
        self.batch = 1
        self.needs_probing = False
        self.arguments: dict[str, Any] = {}
        self.events: list[tuple[Any, ...]] = []
        self.models: dict[str, Callable[[Floats], list[Output]]] = {
            "det.nb": lambda batch: [Output(np.float32(batch.mean(axis=1, keepdims=True) < 0.5))],
            "cls.nb": lambda batch: [Output(np.array([[1.0, 0.0]] * len(batch), np.float32))],
            "rec.nb": lambda batch: [Output(one_letter(batch))],
        }

    def capabilities(self, model: Path) -> Capabilities:
        return Capabilities(self.reshapes, True)

    def with_capabilities(self, found: Mapping[Path, Capabilities]) -> FakeEngine:
        return self

    def single_threaded(self) -> FakeEngine:
        return self

    def open(self, model: Path) -> FakePredictor:
        self.events.append(("open", model.name))
        return FakePredictor(self, model.name)


class FakePredictor:
    def __init__(self, engine: FakeEngine, name: str) -> None:
        self._engine = engine
        self._name = name
        self._batch: Floats = np.empty(0, np.float32)

    def input(self, shape: tuple[int, ...]) -> Floats:
        # What was there before, as in memory of a library.
        self._batch = np.full(shape, np.nan, np.float32)
        return self._batch

    def run(self) -> list[Output]:
        batch = self._batch
        assert not np.isnan(batch).any(), "not all of the input was filled"
        self._engine.events.append(("run", self._name, batch.shape))
        return self._engine.models[self._name](batch)

    def close(self) -> None:
        self._engine.events.append(("close", self._name))


def one_letter(batch: Floats) -> AnyArray:
    """NxTxC probabilities of one letter at 0.9 and then the blank."""
    probabilities = np.zeros((len(batch), 3, len(LETTERS) + 2), np.float32)
    probabilities[:, :, 0] = 1.0
    for line, row in zip(batch, probabilities):
        written = line[:, :, line.any(axis=(0, 1))]
        left, right = np.array_split(written, 2, axis=2)
        row[0] = 0.0
        row[0, 1 if left.mean() < right.mean() else 2] = 0.9
    return probabilities


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def sheet() -> Image:
    """White, 320x192, with two lines that are darker on their left."""
    image = np.full((192, 320, 3), 255, np.uint8)
    for top in (40, 120):
        image[top : top + 30, 40:160] = 10
        image[top : top + 30, 160:280] = 90
    return image


@pytest.fixture(scope="session")
def double_lib(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release's folder ``lib`` for this computer: the double and the C ABI over it."""
    built = double.runtime(tmp_path_factory.mktemp("double") / "x86", "g++")
    sources = Path(__file__).parents[2] / "lite_runner/predictor"
    subprocess.run(
        [
            *("g++", "-std=c++11", "-O1", "-shared", "-fPIC", "-fvisibility=hidden"),
            *(f"-I{built}/include", str(sources / "lite_capi.cc"), "-Wl,-rpath,$ORIGIN"),
            str(built / "lib/libpaddle_light_api_shared.so"),
            *("-o", str(built / "lib/liblite_capi.so")),
        ],
        check=True,
    )
    return built / "lib"
