"""Proof that a deployment works: models are probed, and the golden picture reads as it should."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from lite_runner import pack as packs
from lite_runner.capabilities import note, probing
from lite_runner.errors import PackError
from lite_runner.ocr.pipeline import Ocr, check_runtime
from lite_runner.predictor import engines
from lite_runner.releases.proof import Proof
from lite_runner.scoring.cer import strip_whitespace


def verify(pack: Path, threads: int | None = None) -> Proof:
    """Read the pack's golden picture.

    Raises:
        PackError: damaged, made for another runtime, or the text is not the expected one.
        EngineError: a model cannot be loaded or run.
    """
    files = packs.load(pack)
    engine = engines.of_this_release(threads)
    check_runtime(files, engine)
    capabilities = probing.run(engine, files)
    if not engines.proven(files):  # else the proof is the note
        note.keep(engine, files, capabilities)
    # Read as it will be from now on.
    engine = engine.with_capabilities(engines.by_path(files, capabilities))
    with Ocr(files, engine) as ocr:
        page = ocr.read(files.golden.image)
    lines = [str(line.text) for line in page.lines]
    # Spaces do not count: the networks place them loosely, and no two releases quite alike.
    if _without_spaces(lines) != _without_spaces(files.golden.lines):
        raise PackError(
            f"pack {files.name}: golden picture must read {list(files.golden.lines)},"
            f" this board read {lines}; models and runtime do not fit each other, or in a pack of"
            " your own the dictionary, --golden or --golden-text is wrong: make the pack again"
        )
    return {
        "pack": files.name,
        "lite_version": engine.version,
        "lines": lines,
        "seconds": page.seconds.as_dict(),
        "freedom": engines.as_data(capabilities),
    }


def _without_spaces(lines: Sequence[str]) -> list[str]:
    return [strip_whitespace([line]) for line in lines]
