"""Settings of a release, which its deploy has written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

from lite_runner.errors import EngineError
from lite_runner.releases.release import MANIFEST

if TYPE_CHECKING:
    from typing import TypeGuard  # of Python 3.10

#: Beside ``app`` in a release.
FILE = "settings.json"
#: Paddle-Lite's PowerMode, which it has on ARM.
POWER_MODES = {"high": 0, "low": 1, "full": 2, "unbound": 3}
TunedNumber = Literal["threads", "workers", "bucket", "max_side"]
TUNED_NUMBERS: tuple[TunedNumber, ...] = ("threads", "workers", "bucket", "max_side")


class Tuning(TypedDict, total=False):
    """What a tuning finds: some of the settings of a release, under their names.

    Attributes:
        threads: of each model.
        workers: lines recognised side by side.
        bucket: recognisers' input widths are multiples of this, in pixels.
        max_side: largest side of a detector's input, in pixels.
        power: one of :data:`POWER_MODES`.
    """

    threads: int
    workers: int
    bucket: int
    max_side: int
    power: str


class SettingsFile(Tuning, total=False):
    """``settings.json`` of a release: the same, and the library it runs on.

    Attributes:
        library: path of the C ABI over Paddle-Lite's library, below the release.
        version: release of that library.
    """

    library: str
    version: str


@dataclass(frozen=True)
class Settings:
    """How to run; defaults are those of a runner without a release.

    Attributes:
        library: the C ABI over Paddle-Lite's library for ARM; None for the x86 wheel.
        version: release of that library.
        threads: of each model; the library's own number if None.
        power: one of :data:`POWER_MODES`; None for the x86 wheel.
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
    """The folder of this runner's release; some folder above the runner where it has none."""
    return Path(__file__).resolve().parents[3]


def is_tuning(data: object) -> TypeGuard[Tuning]:
    """Whether something is a tuning: some of the settings, with values they may have."""
    return isinstance(data, dict) and all(
        isinstance(value, str) and value in POWER_MODES
        if key == "power"
        else key in TUNED_NUMBERS and isinstance(value, int) and value >= 1
        for key, value in data.items()
    )


def of_this_release(release: Path | None = None) -> Settings:
    """The settings of a release.

    Args:
        release: its folder; the one this runner lies in if None.

    Raises:
        EngineError: the file is damaged.
    """
    folder = release or home()
    file = folder / FILE
    if not file.is_file() or not (folder / MANIFEST).is_file():
        return Settings()  # another program's, if there is one: only releases have both
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        library = data.get("library")
        numbers = {key: None if data.get(key) is None else int(data[key]) for key in TUNED_NUMBERS}
        if numbers["threads"] is None or any(
            number is not None and number < 1 for number in numbers.values()
        ):
            raise ValueError("threads and all other numbers must be at least 1")
        return Settings(
            library=None if library is None else folder / library,
            version=str(data.get("version", "")),
            threads=numbers["threads"],
            power=data.get("power"),
            workers=numbers["workers"] or 1,
            bucket=numbers["bucket"] or Settings.bucket,
            max_side=numbers["max_side"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineError(f"{file}: is damaged ({error}); deploy here again") from error
