"""A double of Paddle-Lite: built as a library of its own, and a pack of models for it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Mapping

import cv2
import numpy as np

HERE = Path(__file__).parent
RELEASE = "v0-double"
LINES = ("abab", "baba")
#: Shades of the letters: black and dark grey.
_SHADES = {"a": 20, "b": 95}


#: For g++: the double as upstream's libraries with kernels for fp16 are, for ARMv8.2 only.
FP16 = "-march=armv8.2-a+fp16"


def runtime(folder: Path, compiler: str, *options: str, openmp: bool = True) -> Path:
    """Build the double as a runtime's folder, ``include`` and ``lib``, with any g++.

    Args:
        folder: for it.
        compiler: and its options.
        openmp: whether it needs a library for it, as the real one for Linux does.
    """
    (folder / "include").mkdir(parents=True)
    (folder / "lib").mkdir()
    shutil.copyfile(HERE / "paddle_api.h", folder / "include" / "paddle_api.h")
    subprocess.run(
        [
            *(compiler, "-std=c++11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"),
            *(f"-I{HERE}", str(HERE / "paddle_double.cc")),
            *("-o", str(folder / "lib" / "libpaddle_light_api_shared.so")),
            *(("-Wl,--no-as-needed", "-lgomp") if openmp else ()),
            *("-Wl,-soname,libpaddle_light_api_shared.so", *options),
        ],
        check=True,
    )
    return folder


def picture(lines: tuple[str, ...] = LINES) -> Any:
    """A picture the double reads: uint8 HxWx3, white with blocks of grey."""
    image = np.full((120 * len(lines) + 60, 420, 3), 255, np.uint8)
    for number, line in enumerate(lines):
        for place, letter in enumerate(line):
            top, left = 60 + 120 * number, 60 + 70 * place
            image[top : top + 50, left : left + 70] = _SHADES[letter]
    return image


def pack(
    folder: Path, models: Mapping[str, bytes] = {}, precision: str = "fp32", **changes: Any
) -> Path:
    """Write a pack for the double.

    Args:
        folder: for it.
        models: content of ``det``, ``cls`` or ``rec``, instead of the plain one.
        precision: what the pack says of its networks; the double computes as ever.
        changes: of pack.json.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / "golden.png"), picture())
    (folder / "dictionary.txt").write_text("a\nb\n")
    half = [0.5, 0.5, 0.5]
    data: dict[str, Any] = {
        "schema": 1,
        "name": "double",
        "lite_version": RELEASE,
        "arch": "arm",
        "dictionary": _file(folder / "dictionary.txt"),
        "golden": {**_file(folder / "golden.png", "image"), "lines": list(LINES)},
    }
    shapes = {"det": [640, 640], "cls": [48, 192], "rec": [48, 320]}
    extra: dict[str, dict[str, Any]] = {
        "det": {
            **{"threshold": 0.3, "box_threshold": 0.5, "unclip_ratio": 1.6},
            **{"min_side": 320, "max_side": 640, "dilate": False},
        },
        "cls": {"threshold": 0.9},
        "rec": {"outputs": "softmax", "blank": 0, "offset": 1, "space": False, "classes": 3},
    }
    for stage, shape in shapes.items():
        (folder / f"{stage}.nb").write_bytes(models.get(stage, f"DOUBLE {stage}".encode()))
        data[stage] = {
            **_file(folder / f"{stage}.nb"),
            **{"source": "double", "precision": precision, "shape": shape, "order": "BGR"},
            **{"mean": half, "std": half},
            **extra[stage],
        }
    (folder / "pack.json").write_text(json.dumps({**data, **changes}))
    return folder


def heavy(folder: Path, seed: int, pieces: int, size: int) -> Path:
    """The plain pack with some files of noise to send, each of so many bytes."""
    noise = np.random.default_rng(seed)
    paths = [folder / f"noise{number}.bin" for number in range(pieces)]
    folder.mkdir(parents=True)
    for path in paths:
        path.write_bytes(noise.bytes(size))
    return pack(folder, others=[_file(path) for path in paths])


def _file(path: Path, key: str = "file") -> dict[str, str]:
    return {key: path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
