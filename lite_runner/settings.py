"""How the release a runner lies in is to run, as its deploy wrote it down."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from lite_runner.errors import EngineError

#: Beside ``app`` in a release.
FILE = "settings.json"


@dataclass(frozen=True)
class Settings:
    """How to run; what a release does not say is as for a runner that lies in none.

    Attributes:
        library: the C ABI over Paddle-Lite's library for ARM; None for the x86 wheel.
        version: release of that library.
        threads: of each model; the library's own number if None.
        power: one of :data:`lite_runner.predictor.capi.POWER_MODES`; None for the x86 wheel.
        workers: lines recognised side by side.
        bucket: recognisers' input widths are rounded up to multiples of this, in pixels.
        max_side: instead of the pack's own largest side of a detector's input, in pixels.
    """

    library: Path | None = None
    version: str = ""
    threads: int | None = None
    power: str | None = None
    workers: int = 1
    bucket: int = 32
    max_side: int | None = None


def home() -> Path:
    """The folder of the release this runner lies in; some folder above it where it lies in none."""
    return Path(__file__).resolve().parents[2]


def own(release: Path | None = None) -> Settings:
    """The settings of a release.

    Args:
        release: its folder; the one this runner lies in if None.

    Raises:
        EngineError: the file is damaged.
    """
    folder = release or home()
    file = folder / FILE
    if not file.is_file():
        return Settings()
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        library = data.get("library")
        return Settings(
            library=None if library is None else folder / library,
            version=str(data.get("version", "")),
            threads=int(data["threads"]),
            power=data.get("power"),
            workers=int(data.get("workers", 1)),
            bucket=int(data.get("bucket", Settings.bucket)),
            max_side=None if data.get("max_side") is None else int(data["max_side"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineError(f"{file}: is damaged ({error}); deploy here again") from error
