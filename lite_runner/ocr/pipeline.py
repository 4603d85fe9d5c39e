"""The reader: detect lines, turn those upside down, recognise them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Callable, Iterator, Sequence

import numpy as np

from lite_runner import pack
from lite_runner.arrays import Floats, Image
from lite_runner.errors import PackError
from lite_runner.ocr import (
    classification,
    closer_look,
    detection,
    geometry,
    memory,
    network_outputs,
    polygons,
    recognition,
    words,
)
from lite_runner.ocr.centre_line import CentreLine, straighten
from lite_runner.ocr.line_reader import LineReader
from lite_runner.ocr.options import Options
from lite_runner.ocr.page import Line, Page, Seconds, Word
from lite_runner.ocr.tracing import CurvedRegion
from lite_runner.pictures import document
from lite_runner.pictures import image as pictures
from lite_runner.predictor import affinity, engines
from lite_runner.predictor.model_thread import ModelThread
from lite_runner.predictor.protocol import Engine
from lite_runner.predictor.shape_cache import ShapeCache
from lite_runner.predictor.worker_pool import WorkerPool
from lite_runner.user_path import user_path


@dataclass
class _Crop:
    """A line on its way through the stages; ``middle`` is that of a curved one as it was found."""

    pixels: Image
    box: Floats
    box_score: float
    angle: int = 0
    text: str | None = None
    score: float = field(default=0.0)
    steps: words.Steps | None = None
    middle: CentreLine | None = None

    @property
    def polygon(self) -> Floats:
        if self.middle is None:
            return self.box
        return (self.middle.reversed() if self.angle == 180 else self.middle).outline()


class Ocr:
    """A text reader: ``with Ocr(pack) as ocr: for line in ocr.read("sign.jpg"): ...``.

    May be used from any threads: calls wait for each other. Readers side by side are a
    :class:`lite_runner.ReaderPool`, or copies (:meth:`copy`).

    Args:
        source: a pack, or the folder of one; that of the bundle the runner lies in if None.
        engine: the inference library, with what it knows of the models; the one that fits this
            machine if None, and models that it does not know yet are tried in a child first.
        options: see :class:`Options`.

    Raises:
        PackError: the pack is damaged or was made for another runtime.
        EngineError: the library or a model cannot be loaded.
        UsageError: the options ask for more workers than there are cores, or for polygons where
            pyclipper is missing.
    """

    def __init__(
        self,
        source: str | Path | pack.Pack | None = None,
        engine: Engine | None = None,
        options: Options | None = None,
    ) -> None:
        self.pack = source if isinstance(source, pack.Pack) else pack.load(_folder(source))
        affinity.check("--workers", options.workers if options else None)
        self._given_options = options
        self.options = (options or Options()).tuned()
        chosen_here = engine is None
        engine = engines.of_this_release() if engine is None else engine
        check_runtime(self.pack, engine)
        if self.options.polygons:
            polygons.check_available()
        if chosen_here:
            # Late: it starts programs, which readers that are given an engine do without.
            from lite_runner.capabilities import note

            engine = note.tried(engine, self.pack)
        self.engine = engine
        chosen, files = self.options, self.pack
        side = chosen.max_side or files.detector.max_side
        networks = [part.network for part in (files.classifier, files.recogniser) if part]
        self._batching = [
            network
            for network in networks
            if not network.fixed_batch and engine.capabilities(network.path).supports_batch
        ]
        self._settings = replace(files.detector, max_side=side)
        # Whoever says a side wants that one; a tuning does not know the pictures.
        self._closer = options is None or options.max_side is None
        self._detector = ShapeCache(engine, files.detector.network.path) if chosen.detect else None
        self._classifier = (
            self._pool(files.classifier.network) if chosen.classify and files.classifier else None
        )
        self._recogniser = self._pool(files.recogniser.network) if chosen.recognise else None
        self._thread = ModelThread(self._free)

    def read(self, source: pictures.Source, last: bool = False, page: int = 1) -> Page:
        """Read one picture: a path, bytes, file object, or uint8 array (grey, BGR or BGRA).

        Args:
            source: the picture.
            last: no other will follow: the detector, by far the largest network, is closed before
                the others are opened, if they are not yet. It opens again if needed.
            page: which page of a TIFF or GIF; the result tells how many there are.

        Raises:
            ImageError: the picture cannot be read.
            EngineError: the library failed.
            ClosedError: the reader is closed.
        """
        image, number, count = document.load(source, page)
        result = self._thread.run(lambda: self._read(image, last))
        return replace(result, page=number, pages=count)

    def _read(self, image: Image, last: bool) -> Page:
        start = time.perf_counter()
        crops, smallest_text = self._detect(image, last)
        detected = time.perf_counter()
        self._classify(crops)
        classified = time.perf_counter()
        self._recognise(crops)
        end = time.perf_counter()
        seconds = Seconds(detected - start, classified - detected, end - classified, end - start)
        height, width = image.shape[:2]
        result = Page(
            *(width, height, tuple(self._lines(crops)), seconds), smallest_text=smallest_text
        )
        self._bound_memory()
        return result

    def warm(self) -> None:
        """Open all models now, instead of when the first picture needs them.

        Raises:
            EngineError: one cannot be loaded.
            ClosedError: the reader is closed.
        """
        self._thread.run(self._warm)

    def _warm(self) -> None:
        for models in (self._detector, self._classifier, self._recogniser):
            if models is not None:
                models.warm()

    def copy(self) -> Ocr:
        """Another reader of the same pack, engine and options, to read beside this one.

        The pack's files are not checked again. The copy opens models of its own, and is closed on
        its own.
        """
        return Ocr(self.pack, self.engine, self._given_options)

    def close(self) -> None:
        """Free the models when the calls of other threads have ended; may be called again."""
        self._thread.close()
        for pool in (self._classifier, self._recogniser):
            if pool is not None:
                pool.close()

    def __enter__(self) -> Ocr:
        self._thread.check_open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _bound_memory(self) -> None:
        """Hold no more than the options allow; the models' buffers can only be freed with them."""
        limit = self.options.memory
        if limit is None or memory.held() <= limit:
            return
        memory.give_back()
        if memory.held() > limit:
            self._free()
            memory.give_back()

    def _free(self) -> None:
        """Close all models; the next picture opens them again."""
        if self._detector is not None:
            self._detector.close()
        for pool in (self._classifier, self._recogniser):
            if pool is not None:
                pool.free()

    def _pool(self, network: pack.Network) -> WorkerPool:
        return WorkerPool(self.engine, network.path, self.options.workers or 1)

    def _batch(self, network: pack.Network, usual: int, lines: int) -> int:
        """How many of a page's lines a network gets at once: every worker shall get some."""
        if network not in self._batching:
            return 1
        return self.options.batch or min(usual, -(-lines // (self.options.workers or 1)) or 1)

    def _detect(self, image: Image, last: bool) -> tuple[list[_Crop], int | None]:
        """Lines to be read, and the height below which text was missed, if there is any hint."""
        height, width = image.shape[:2]
        if self._detector is None:
            box = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
            # As a detected line: one written downwards begins at the top right.
            first = geometry.text_first(box)
            upright = image if first is box else np.ascontiguousarray(np.rot90(image))
            return [_Crop(upright, first, 1.0)], None
        regions, curved, scale = self._first_look(image)
        looks = closer_look.CloserLook(
            self._settings, self.pack.detector.max_side, self._run, self._closer
        )
        detections = looks.find(image, regions, scale)
        if last:
            self._detector.close()
        regions = detections.regions
        crops = []
        for index in geometry.reading_order([quad for quad, _ in regions]):
            quad, score = regions[index]
            box = geometry.text_first(quad)
            needed = self._classifier is not None or self._recogniser is not None
            pixels = geometry.crop(image, box) if needed else image[:1, :1]
            crops.append(_Crop(pixels, box, score))
        if curved:
            quads = [quad for quad, _ in regions] + [region.core for region in curved]
            crops += [self._curved_crop(image, region) for region in curved]
            crops = [crops[index] for index in geometry.reading_order(quads)]
        return crops, detections.smallest_text

    def _first_look(self, image: Image) -> tuple[list[detection.Region], list[CurvedRegion], float]:
        """Straight and curved regions in the whole picture, and the scale of the map.

        The map may be the model's own memory, which lasts as long as the map does.
        """
        height, width = image.shape[:2]
        curved: list[CurvedRegion] = []
        probability = self._look(image)
        scale = max(probability.shape) / max(width, height)
        if self.options.polygons:
            curved, probability = polygons.split(image, probability, self._settings, self._look)
        regions = detection.postprocess(probability, width, height, self._settings)
        return regions, curved, scale

    @staticmethod
    def _curved_crop(image: Image, region: CurvedRegion) -> _Crop:
        pixels = straighten(image, region.line).pixels
        return _Crop(pixels, region.box, region.score, middle=region.line)

    def _look(self, image: Image) -> Floats:
        """The detector's probability map of a picture, which its next run may write over."""
        largest = self.pack.detector.max_side
        return detection.probability_map(image, self._settings, self._run, largest)

    def _run(self, shape: tuple[int, ...], fill: Callable[[Floats], None]) -> Floats:
        """Run the detector."""
        if self._detector is None:
            raise ValueError("there is no detector to run")
        return self._detector.run(shape, fill)[0].data

    def _classify(self, crops: Sequence[_Crop]) -> None:
        classifier = self.pack.classifier
        if self._classifier is None or classifier is None:
            return

        def classify(models: ShapeCache, chunk: Sequence[_Crop]) -> None:
            lines, network = [crop.pixels for crop in chunk], classifier.network
            shape = classification.input_shape(lines, network)
            outputs = models.run(
                shape, lambda batch: classification.preprocess(lines, network, batch)
            )
            probabilities = network_outputs.floats(outputs).data
            for crop, (angle, _) in zip(
                chunk, classification.postprocess(probabilities, classifier)
            ):
                if angle == 180:
                    crop.angle = angle
                    crop.pixels = np.ascontiguousarray(crop.pixels[::-1, ::-1])
                    crop.box = np.roll(crop.box, 2, axis=0)

        size = self._batch(classifier.network, classification.BATCH, len(crops))
        self._classifier.map(classify, _chunks(crops, size))

    def _recognise(self, crops: Sequence[_Crop]) -> None:
        if self._recogniser is None:
            return
        recogniser = self.pack.recogniser
        reader = LineReader(
            recogniser,
            self._recogniser,
            self.options.bucket or recognition.BUCKET,
            lambda lines: self._batch(recogniser.network, self.engine.batch, lines),
            self.options.words,
        )
        for crop, reading in zip(crops, reader.read([crop.pixels for crop in crops])):
            crop.text, crop.score = reading.text, reading.score
            if reading.path is not None:
                crop.steps = words.Steps.of(reading.path, crop.pixels, recogniser.network)

    def _lines(self, crops: Sequence[_Crop]) -> Iterator[Line]:
        for crop in crops:
            if self._recogniser is None:
                yield Line(None, crop.box_score, crop.box, crop.angle, polygon=self._polygon(crop))
            elif crop.text and crop.score >= self.options.min_score:
                yield Line(
                    *(crop.text, crop.score, crop.box, crop.angle),
                    words=self._words(crop),
                    polygon=self._polygon(crop),
                )

    def _words(self, crop: _Crop) -> tuple[Word, ...] | None:
        if crop.steps is None:
            return None
        return words.words(crop.steps, self.pack.recogniser, crop.box, str(crop.text))

    def _polygon(self, crop: _Crop) -> Floats | None:
        return crop.polygon if self.options.polygons else None


def check_runtime(files: pack.Pack, engine: Engine) -> None:
    """Refuse a pack optimised for another processor or by another release than the library's.

    Such models often load and then read garbage.

    Raises:
        PackError: names both versions.
    """
    if files.arch != engine.arch or engine.version not in files.runtimes:
        raise PackError(
            f"pack {files.name} was made for Paddle-Lite {' or '.join(files.runtimes)} on"
            f" {files.arch},"
            f" this runtime is {engine.version} on {engine.arch}; deploy the pack here again"
        )


def _folder(source: str | Path | None) -> Path:
    folder = pack.of_this_release() if source is None else user_path(source, "pack")
    if folder is None:
        raise PackError("no pack is given and this runner lies in no bundle; give a pack's folder")
    return folder


def _chunks(crops: Sequence[_Crop], size: int) -> Iterator[Sequence[_Crop]]:
    for start in range(0, len(crops), size):
        yield crops[start : start + size]
