"""The reader: detect lines, turn those upside down, recognise them."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Iterator, Sequence

from lite_runner import pack
from lite_runner.arrays import Floats, Image
from lite_runner.errors import PackError
from lite_runner.ocr import classification, direction, line_detector, memory, words
from lite_runner.ocr.curved_words import curved_words
from lite_runner.ocr.curves import polygons
from lite_runner.ocr.layout import page_rotation, reading_order
from lite_runner.ocr.line_classifier import LineClassifier
from lite_runner.ocr.line_crop import LineCrop
from lite_runner.ocr.line_detector import DetectedLines, LineDetector
from lite_runner.ocr.options import Options
from lite_runner.ocr.page import Line, Page, Seconds, Word
from lite_runner.ocr.recogniser import recognition
from lite_runner.ocr.recogniser.line_reader import LineReader
from lite_runner.pictures import document
from lite_runner.pictures import image as pictures
from lite_runner.predictor import affinity, engines
from lite_runner.predictor.model_thread import ModelThread
from lite_runner.predictor.protocol import Engine
from lite_runner.predictor.shape_cache import ShapeCache
from lite_runner.predictor.worker_pool import WorkerPool
from lite_runner.user_path import user_path


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
        networks = [part.network for part in (files.classifier, files.recogniser) if part]
        self._batching = [
            network
            for network in networks
            if not network.fixed_batch and engine.capabilities(network.path).supports_batch
        ]
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
        detected, sideways = self._detect(image)
        if last and self._detector is not None:
            self._detector.close()
        detection_end = time.perf_counter()
        crops, upside_down = self._upright(detected.crops, sideways)
        direction_end = time.perf_counter()
        self._recognise([crop for crop in crops if crop.text is None])
        end = time.perf_counter()
        height, width = image.shape[:2]
        crops = self._in_order(crops, sideways, upside_down, width)
        seconds = Seconds(
            *(detection_end - start, direction_end - detection_end, end - direction_end),
            end - start,
        )
        lines = tuple(self._lines(crops))
        self._bound_memory()
        return Page(width, height, lines, seconds, smallest_text=detected.smallest_text)

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

    def _detect(self, image: Image) -> tuple[DetectedLines, bool]:
        """The lines, and whether they are those of the picture turned by a quarter."""
        if self._detector is None:
            return DetectedLines([line_detector.whole(image)]), False
        detector = LineDetector(
            self.pack.detector,
            self._detector,
            self.options.max_side or self.pack.detector.max_side,
            self._closer,
            self.options.polygons,
        )
        cut = self._classifier is not None or self._recogniser is not None
        lines = detector.detect(image, cut)
        if self._classifier is not None:
            boxes = [crop.box for crop in lines.crops if crop.middle is None]
            if page_rotation.is_sideways(boxes):
                return detector.detect(page_rotation.quarter_turn(image), cut), True
        return lines, False

    def _upright(self, crops: list[LineCrop], sideways: bool) -> tuple[list[LineCrop], bool]:
        """The lines, upside-down ones turned, and whether the page as a whole is upside down."""
        classifier = self.pack.classifier
        if self._classifier is None or classifier is None:
            return crops, False
        batch = partial(self._batch, classifier.network, classification.BATCH)
        LineClassifier(classifier.network, self._classifier, batch).classify(crops)
        recognise = None if self._recogniser is None else self._recognise
        crops, share = direction.settle(crops, classifier.threshold, recognise, sideways)
        return crops, share >= page_rotation.UPSIDE_DOWN

    def _recognise(self, crops: Sequence[LineCrop]) -> None:
        if self._recogniser is None or not crops:
            return
        recogniser = self.pack.recogniser
        reader = LineReader(
            recogniser,
            self._recogniser,
            self.options.bucket or recognition.BUCKET,
            partial(self._batch, recogniser.network, self.engine.batch),
            self.options.words,
        )
        for crop, reading in zip(crops, reader.read([crop.pixels for crop in crops])):
            crop.text, crop.score = reading.text, reading.score
            if reading.path is not None:
                crop.steps = words.Steps.of(reading.path, crop.pixels, recogniser.network)

    @staticmethod
    def _in_order(
        crops: Sequence[LineCrop], sideways: bool, upside_down: bool, width: int
    ) -> list[LineCrop]:
        """Lines in reading order, where they are in the picture as it was given."""
        order = reading_order.of_turned if sideways else reading_order.of
        ordered = [crops[index] for index in order([crop.place for crop in crops], upside_down)]
        if sideways:
            for crop in ordered:
                crop.turn_back(width)
        return ordered

    def _lines(self, crops: Sequence[LineCrop]) -> Iterator[Line]:
        for crop in crops:
            if self._recogniser is None:
                yield Line(None, crop.box_score, crop.box, crop.angle, polygon=self._polygon(crop))
            elif crop.text and crop.score >= self.options.min_score:
                yield Line(
                    *(crop.text, crop.score, crop.box, crop.angle),
                    words=self._words(crop),
                    polygon=self._polygon(crop),
                )

    def _words(self, crop: LineCrop) -> tuple[Word, ...] | None:
        if crop.steps is None:
            return None
        if crop.middle is not None:
            return curved_words(crop.steps, self.pack.recogniser, crop.middle, str(crop.text))
        return words.words(crop.steps, self.pack.recogniser, crop.box, str(crop.text))

    def _polygon(self, crop: LineCrop) -> Floats | None:
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
