"""Detects the lines of a picture, and cuts them out straightened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable

import cv2
import numpy as np

from lite_runner.arrays import Floats, Image
from lite_runner.ocr.curves import polygons
from lite_runner.ocr.curves.centre_line import straighten
from lite_runner.ocr.curves.tracing import CurvedRegion
from lite_runner.ocr.detector import detection, geometry
from lite_runner.ocr.detector.closer_look import CloserLook
from lite_runner.ocr.detector.detection import Region
from lite_runner.ocr.line_crop import LineCrop
from lite_runner.pack import Detector
from lite_runner.predictor.shape_cache import ShapeCache


@dataclass(frozen=True)
class DetectedLines:
    """The lines of a picture.

    Attributes:
        crops: in no order.
        smallest_text: height in pixels of the picture below which text was missed, if it is text;
            None where nothing hints at such.
    """

    crops: list[LineCrop]
    smallest_text: int | None = None


class LineDetector:
    """A detector with its models.

    Args:
        detector: as the pack has it.
        models: of its network.
        max_side: side in pixels that larger pictures are scaled to.
        closer: whether pictures with text too small for that are looked at closer.
        curved: whether curved text is detected, too.
    """

    def __init__(
        self, detector: Detector, models: ShapeCache, max_side: int, closer: bool, curved: bool
    ) -> None:
        self._settings = replace(detector, max_side=max_side)
        self._largest = detector.max_side
        self._models = models
        self._closer_look = CloserLook(self._settings, self._largest, self._run, closer)
        self._curved = curved

    def detect(self, image: Image, cut: bool = True) -> DetectedLines:
        """Detect the lines of a picture.

        Args:
            image: uint8 HxWx3 BGR.
            cut: whether the lines are cut out, for the next stages.

        Raises:
            EngineError: the library failed.
        """
        regions, curved, scale = self._first_look(image)
        detections = self._closer_look.find(image, regions, scale)
        crops = []
        for quad, score in detections.regions:
            if not any(_is_inside(quad, region) for region in curved):
                box = geometry.text_first(quad)
                pixels = geometry.crop(image, box) if cut else image[:1, :1]
                crops.append(LineCrop(pixels, box, score))
        crops += [_curved_crop(image, region) for region in curved]
        return DetectedLines(crops, detections.smallest_text)

    def _first_look(self, image: Image) -> tuple[list[Region], list[CurvedRegion], float]:
        """Straight and curved regions in the whole picture, and the scale of the map.

        The map may be the model's own memory, which lasts as long as the map does.
        """
        height, width = image.shape[:2]
        curved: list[CurvedRegion] = []
        probability = self._look(image)
        scale = max(probability.shape) / max(width, height)
        if self._curved:
            curved, probability = polygons.split(image, probability, self._settings, self._look)
        regions = detection.postprocess(probability, width, height, self._settings)
        return regions, curved, scale

    def _look(self, image: Image) -> Floats:
        """The probability map of a picture, which the next run may write over."""
        return detection.probability_map(image, self._settings, self._run, self._largest)

    def _run(self, shape: tuple[int, ...], fill: Callable[[Floats], None]) -> Floats:
        return self._models.run(shape, fill)[0].data


def whole(image: Image) -> LineCrop:
    """A picture that is a line as a whole; one written downwards begins at the top right."""
    height, width = image.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    box = geometry.text_first(corners)
    upright = image if box is corners else np.ascontiguousarray(np.rot90(image))
    return LineCrop(upright, box, 1.0)


def _is_inside(quad: Floats, region: CurvedRegion) -> bool:
    """Whether a closer look has found a part of curved text again."""
    x, y = quad.mean(axis=0).tolist()
    return cv2.pointPolygonTest(region.line.outline(), (x, y), measureDist=False) >= 0


def _curved_crop(image: Image, region: CurvedRegion) -> LineCrop:
    pixels = straighten(image, region.line).pixels
    return LineCrop(pixels, region.box, region.score, core=region.core, middle=region.line)
