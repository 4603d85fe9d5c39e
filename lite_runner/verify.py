"""Proof that a deployment works: every model loads, and the golden picture reads as it should."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lite_runner import pack as packs
from lite_runner.accuracy import squash
from lite_runner.errors import EngineError, PackError
from lite_runner.pipeline import Ocr, check_runtime
from lite_runner.predictor import Engine

#: A model that loads at all does so in well under this, also on an emulated board.
_TRIAL_SECONDS = 300


def verify(pack: Path, threads: int | None = None) -> dict[str, Any]:
    """Read the pack's golden picture.

    Returns:
        What was read and measured: pack, lite_version, lines, seconds.

    Raises:
        PackError: damaged, made for another runtime, or the text is not the expected one.
        EngineError: a model cannot be loaded or run.
    """
    from lite_runner.predictor.wheel import WheelEngine

    files = packs.load(pack)
    engine = WheelEngine(threads)
    check_runtime(files, engine)
    networks = [files.detector.network, files.recogniser.network]
    if files.classifier is not None:
        networks.append(files.classifier.network)
    for network in networks:
        try_loading(engine, network.path)
    with Ocr(files, engine) as ocr:
        page = ocr.read(files.golden.image)
    lines = [str(line.text) for line in page.lines]
    # Spaces do not count: the networks place them loosely, and no two releases quite alike.
    if [squash([line]) for line in lines] != [squash([line]) for line in files.golden.lines]:
        raise PackError(
            f"pack {files.name}: golden picture must read {list(files.golden.lines)},"
            f" this board read {lines}; models and runtime do not fit each other, or in a pack of"
            " your own the dictionary, --golden or --golden-text is wrong: make the pack again"
        )
    return {
        "pack": files.name,
        "lite_version": engine.version,
        "lines": lines,
        "seconds": asdict(page.seconds),
    }


def try_loading(engine: Engine, model: Path) -> None:
    """Load a model in a process of its own first.

    Paddle-Lite ends the whole process on a model it does not understand (``Check failed``), and
    no Python code can catch that.

    Raises:
        EngineError: with the library's own words.
    """
    kind = type(engine)
    code = (
        f"import sys; sys.path[:] = {sys.path!r}\n"
        f"from pathlib import Path; from {kind.__module__} import {kind.__qualname__} as Engine\n"
        f"Engine().open(Path({str(model)!r})).close()"
    )
    try:
        child = subprocess.run(
            [sys.executable, "-I", "-c", code],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TRIAL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(
            f"{model.name}: loading took over {_TRIAL_SECONDS} s; the file or the board is broken"
        ) from error
    if child.returncode != 0:
        words = (child.stderr + child.stdout).decode("utf-8", "replace").split("\n")
        told = [line.strip() for line in words if "rror" in line or "failed" in line]
        reason = told[-1] if told else f"ended by signal {-child.returncode}"
        raise EngineError(
            f"{model.name}: Paddle-Lite {engine.version} cannot load it: {reason};"
            " build the pack again with this release's opt"
        )
