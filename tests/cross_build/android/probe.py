"""The module's Java reader in a desktop JVM, behind a pipe; its models may run on this side."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from typing import Any, Callable, Sequence

import numpy as np

from lite_runner.arrays import Floats, Image
from lite_runner.predictor.protocol import Output

_DONE, _FAILED, _RUN = range(3)
#: Runs a model, by its file's name, on a batch.
Run = Callable[[str, Floats], Sequence[Output]]


class FailedError(Exception):
    """The Java side threw one of its own exceptions."""


class Probe:
    """One JVM with ``Probe.java``.

    Args:
        classes: folder of compiled classes.
        libraries: folder with ``liblite_ocr.so`` for this computer, if it shall run models.
    """

    def __init__(self, classes: Path, libraries: Path | None = None) -> None:
        command = ["java", "-Xshare:auto", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        if libraries is not None:
            command += ["-Xcheck:jni", f"-Djava.library.path={libraries}"]
        self._process = subprocess.Popen(
            [*command, "-cp", str(classes), "io.github.liteocr.Probe"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin and self._process.stdout
        self._to, self._from = self._process.stdin, self._process.stdout

    def close(self) -> int:
        self._to.write(_text("end"))
        self._to.close()
        code = self._process.wait(timeout=60)
        self._from.close()
        return code

    def resize(self, image: Image, width: int, height: int) -> Image:
        self._ask("resize", _image(image), struct.pack(">ii", width, height))
        return self._image()

    def crop(self, image: Image, quad: Floats) -> Image:
        self._ask("crop", _image(image), _floats(quad))
        return self._image()

    def turn(self, image: Image, degrees: int) -> Image:
        self._ask("turn", _image(image), struct.pack(">i", degrees))
        return self._image()

    def blend(self, argb: Any) -> Image:
        colours = np.asarray(argb, np.uint32)
        size = struct.pack(">ii", colours.shape[1], colours.shape[0])
        self._ask("blend", size, colours.astype(">u4").tobytes())
        return np.frombuffer(self._read(3 * colours.size), np.uint8).reshape(*colours.shape, 3)

    def mean(self, probability: Floats, quad: Floats) -> float:
        self._ask("mean", _map(probability), _floats(quad))
        return float(self._one(">d"))

    def find(
        self, assets: Path, probability: Floats, width: int, height: int, max_side: int = 0
    ) -> list[tuple[Floats, float]]:
        head = _text(str(assets)) + struct.pack(">i", max_side)
        self._ask("find", head, _map(probability), struct.pack(">ii", width, height))
        found = []
        for _ in range(self._one(">i")):
            score = self._one(">d")
            found.append((self._floats(8).reshape(4, 2), score))
        return found

    def size(self, assets: Path, width: int, height: int, max_side: int = 0) -> tuple[int, int]:
        self._ask("size", _text(str(assets)), struct.pack(">iii", max_side, width, height))
        return self._one(">i"), self._one(">i")

    def tiles(self, length: int, span: int) -> list[int]:
        self._ask("tiles", struct.pack(">ii", length, span))
        return self._numbers()

    def segments(self, length: int, span: int, overlap: int) -> list[int]:
        self._ask("segments", struct.pack(">iii", length, span, overlap))
        return self._numbers()

    def strokes(self, image: Image, scale: float) -> Image:
        """Which cells have fine strokes, 0 or 1."""
        self._ask("strokes", _image(image), struct.pack(">d", scale))
        columns, rows = struct.unpack(">ii", self._read(8))
        return np.frombuffer(self._read(rows * columns), np.uint8).reshape(rows, columns)

    def logical(self, characters: Sequence[str]) -> str:
        """Characters of a line from right to left, in the order of reading."""
        self._ask("logical", _texts(characters))
        return self._read(self._one(">i")).decode()

    def charset(self, assets: Path) -> list[str]:
        self._ask("charset", _text(str(assets)))
        return [self._read(self._one(">i")).decode() for _ in range(self._one(">i"))]

    def read(
        self,
        assets: Path,
        image: Image,
        run: Run | None,
        kept: Path = Path("/nowhere"),
        *,
        reshapes: bool = False,
        min_score: float = 0.5,
        check: bool = False,
    ) -> list[tuple[str, float, int, Floats]]:
        """Lines: text, score, angle and box. Without ``run`` the library runs the models."""
        options = struct.pack(">?f?", reshapes, min_score, check)
        words = _text(str(assets)) + _text(str(kept)) + options
        self._ask("read" if run else "native", words, _image(image), run=run)
        lines = []
        for _ in range(self._one(">i")):
            text = self._read(self._one(">i")).decode()
            score, angle = struct.unpack(">fi", self._read(8))
            lines.append((text, score, angle, self._floats(8).reshape(4, 2)))
        return lines

    def closed(self) -> None:
        """Use a worker, interrupted, close it twice, and use it again."""
        self._ask("closed")

    def _ask(self, name: str, *parts: bytes, run: Run | None = None) -> None:
        self._to.write(_text(name))
        for part in parts:
            self._to.write(part)
        self._to.flush()
        while (kind := self._one(">b")) == _RUN:
            assert run
            file = self._read(self._one(">H")).decode()
            shape = struct.unpack(">iiii", self._read(16))
            batch = self._floats(int(np.prod(shape))).reshape(shape)
            outputs = run(file, batch)
            self._to.write(struct.pack(">i", len(outputs)))
            for output in outputs:
                self._to.write(_output(output))
            self._to.flush()
        if kind == _FAILED:
            raise FailedError(self._read(self._one(">H")).decode())
        assert kind == _DONE

    def _image(self) -> Image:
        width, height = struct.unpack(">ii", self._read(8))
        return np.frombuffer(self._read(3 * width * height), np.uint8).reshape(height, width, 3)

    def _numbers(self) -> list[int]:
        return [self._one(">i") for _ in range(self._one(">i"))]

    def _floats(self, count: int) -> Floats:
        return np.frombuffer(self._read(4 * count), ">f4").astype(np.float32)

    def _one(self, kind: str) -> Any:
        return struct.unpack(kind, self._read(struct.calcsize(kind)))[0]

    def _read(self, count: int) -> bytes:
        data = self._from.read(count)
        assert len(data) == count, "the JVM has ended"
        return data


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def _texts(texts: Sequence[str]) -> bytes:
    # UTF-8 as it is: DataInput.readUTF has a form of its own for what is beyond the first plane.
    parts = [text.encode() for text in texts]
    return struct.pack(">i", len(parts)) + b"".join(
        struct.pack(">i", len(part)) + part for part in parts
    )


def _image(image: Image) -> bytes:
    height, width = image.shape[:2]
    return struct.pack(">ii", width, height) + np.ascontiguousarray(image).tobytes()


def _map(probability: Floats) -> bytes:
    return struct.pack(">ii", probability.shape[1], probability.shape[0]) + _floats(probability)


def _floats(values: Floats) -> bytes:
    return np.asarray(values, np.float32).astype(">f4").tobytes()


def _output(output: Output) -> bytes:
    whole = output.data.dtype.kind == "i"
    shape = output.data.shape
    head = struct.pack(f">?i{len(shape)}i", whole, len(shape), *shape)
    return head + output.data.astype(">i8" if whole else ">f4").tobytes()
