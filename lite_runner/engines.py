"""Which inference library a runner uses: that of the release it lies in, or else the x86 wheel."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any, Mapping

from lite_runner.errors import EngineError
from lite_runner.predictor import Engine, Freedom
from lite_runner.release import MANIFEST, PROOF

#: Beside ``app`` in a release for ARM: where the library lies and how it is to be run.
SETTINGS = "engine.json"


def own(threads: int | None = None, release: Path | None = None) -> Engine:
    """The engine of the release this runner lies in; Paddle-Lite's x86 wheel where it is in none.

    Args:
        threads: of each model; the release's own number if None.
        release: folder of another release.

    Raises:
        EngineError: the library is missing, damaged, or does not fit.
    """
    folder = (release or Path(__file__).parents[2]).resolve()
    settings = folder / SETTINGS
    if not settings.is_file():
        # Imported late: the wheel is not on ARM boards.
        from lite_runner.predictor.wheel import WheelEngine

        return WheelEngine(threads, _found(folder))
    from lite_runner.predictor.capi import CapiEngine

    try:
        data = json.loads(settings.read_text(encoding="utf-8"))
        return CapiEngine(
            folder / data["library"],
            str(data["version"]),
            int(data["threads"]) if threads is None else threads,
            str(data["power"]),
            _found(folder),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineError(f"{settings}: is damaged ({error}); deploy here again") from error


def as_data(found: dict[str, Freedom]) -> dict[str, Any]:
    """What models were found to stay right with, for the proof of a verification."""
    return {name: {"reshapes": one.reshapes, "batches": one.batches} for name, one in found.items()}


def remember(proof: Mapping[str, Any]) -> None:
    """Keep what a verification of the release this runner lies in found out.

    A deploy does it, too; a release unpacked from an archive has only this. Where the folder cannot
    be written, the reader stays as careful as before.
    """
    folder = Path(__file__).resolve().parents[2]
    if (folder / MANIFEST).is_file():
        with contextlib.suppress(OSError):
            (folder / PROOF).write_text(json.dumps(proof, ensure_ascii=False), encoding="utf-8")


def _found(folder: Path) -> dict[Path, Freedom]:
    """What the verification of this release found out of its own pack; nothing before it."""
    try:
        data = json.loads((folder / PROOF).read_text(encoding="utf-8"))["freedom"]
        return {
            folder / "pack" / name: Freedom(one["reshapes"] is True, one["batches"] is True)
            for name, one in data.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
