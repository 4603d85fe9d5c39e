"""What networks are fed when labelled pictures are read: pages, and the lines on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, Sequence

import numpy as np

from benchmarks import networks
from benchmarks.networks import Measured
from lite_runner.arrays import Floats, Image
from lite_runner.ocr import classification
from lite_runner.ocr.detector import detection, geometry
from lite_runner.ocr.recogniser import recognition
from lite_runner.pack import Detector, Network
from lite_runner.pictures import image
from lite_runner.scoring import ground_truth
from lite_runner.scoring.ground_truth import Picture
from opt_models.catalog import catalog
from opt_models.importing import onnx_run

#: Finds the lines, for all recognisers and classifiers alike: the fastest detector that finds all.
_LINE_DETECTOR = networks.named("PP-OCRv6_tiny_det")


def pictures(folders: Sequence[Path]) -> list[Picture]:
    """The labelled pictures of folders.

    Raises:
        TruthError: a folder has no labels.
    """
    return [picture for folder in folders for picture in ground_truth.pictures(folder)]


def lines(pictures: Sequence[Picture]) -> list[Image]:
    """The lines of pictures, straightened, as ONNX Runtime finds them; uint8 HxWx3 BGR each.

    Raises:
        FetchError: the detector cannot be had.
        ImageError: a picture cannot be read.
    """
    found: list[Image] = []
    for picture in pictures:
        page = image.load(picture.path)
        found += _cut(page) if picture.detect else [page]
    return found


def batches(
    network: Measured, pictures: Sequence[Picture], lines: Sequence[Image]
) -> Iterator[Floats]:
    """The inputs of a network, one by one: float32 NCHW of a batch of one.

    Args:
        network: whose.
        pictures: a detector's inputs; single lines are left out, no detector sees them.
        lines: what a recogniser or classifier is fed.
    """
    if network.stage == "det":
        detector = _detector(network)
        for picture in pictures:
            if picture.detect:
                yield from _pages(image.load(picture.path), detector)
        return
    fed = _network(network)
    stage = classification if network.stage == "cls" else recognition
    for line in lines:
        batch = np.empty(stage.input_shape([line], fed), np.float32)
        stage.preprocess([line], fed, batch)
        yield batch


def threshold(network: Measured) -> float | None:
    """Above which a detector's map is text; None for other networks."""
    return float(_settings(network)["threshold"]) if network.stage == "det" else None


def _pages(page: Image, detector: Detector) -> list[Floats]:
    found: list[Floats] = []

    def keep(shape: tuple[int, ...], fill: Callable[[Floats], None]) -> Floats:
        batch = np.empty(shape, np.float32)
        fill(batch)
        found.append(batch)
        return batch[:, :1]

    detection.probability_map(page, detector, keep)
    return found


def _cut(page: Image) -> list[Image]:
    model, detector = networks.onnx(_LINE_DETECTOR), _detector(_LINE_DETECTOR)

    def run(shape: tuple[int, ...], fill: Callable[[Floats], None]) -> Floats:
        batch = np.empty(shape, np.float32)
        fill(batch)
        ((output,),) = onnx_run.run(model, [batch])
        return np.asarray(output, np.float32)

    height, width = page.shape[:2]
    found = detection.postprocess(
        detection.probability_map(page, detector, run), width, height, detector
    )
    return [geometry.crop(page, geometry.text_first(quad)) for quad, _ in found]


def _settings(network: Measured) -> Mapping[str, Any]:
    return catalog.stage_settings(network.stage, catalog.model(network.name).version, network.name)


def _network(network: Measured) -> Network:
    settings = _settings(network)
    height, width = settings["shape"] if network.stage == "det" else network.x86[2:]
    return Network(
        path=Path(network.name),
        source=network.name,
        precision="fp32",
        opt="",
        folded={},
        shape=(height, width),
        mean=tuple(settings["mean"]),
        std=tuple(settings["std"]),
        order=settings["order"],
    )


def _detector(network: Measured) -> Detector:
    settings = _settings(network)
    names = ("threshold", "box_threshold", "unclip_ratio", "min_side", "max_side", "dilate")
    return Detector(network=_network(network), **{name: settings[name] for name in names})
