"""Which inference library a runner uses: that of the release it lies in, or else the x86 wheel."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Mapping

from lite_runner.errors import EngineError
from lite_runner.pack import Pack
from lite_runner.predictor import affinity
from lite_runner.predictor.protocol import Capabilities, Engine
from lite_runner.releases import durable, settings
from lite_runner.releases.proof import ModelCapabilities, Proof
from lite_runner.releases.release import PROOF


def of_this_release(
    threads: int | None = None, power: str | None = None, release: Path | None = None
) -> Engine:
    """The engine of the release this runner lies in; Paddle-Lite's x86 wheel where it is in none.

    Args:
        threads: of each model; the release's own number if None.
        power: Paddle-Lite's power mode on ARM; the release's own if None.
        release: folder of another release.

    Raises:
        EngineError: the library is missing, damaged, or does not fit.
        UsageError: ``threads`` are more than there are cores; a release's own number is taken as it
            is.
    """
    affinity.check("--threads", threads)
    folder = (release or settings.home()).resolve()
    chosen = settings.of_this_release(folder)
    count = chosen.threads if threads is None else threads
    if chosen.library is None:
        # Imported late: the wheel is not on ARM boards.
        from lite_runner.predictor.wheel import WheelEngine

        return WheelEngine(count, _verified(folder))
    from lite_runner.predictor.capi import CapiEngine

    mode = power or chosen.power or ""
    try:
        return CapiEngine(chosen.library, chosen.version, count or 1, mode, _verified(folder))
    except KeyError as error:
        raise EngineError(
            f"{folder / settings.FILE}: is damaged ({error} is no power mode); deploy here again"
        ) from error


def as_data(known: Mapping[str, Capabilities]) -> dict[str, ModelCapabilities]:
    """What models by file name can do, for the proof of a verification."""
    return {
        name: {"reshapes": can.supports_reshape, "batches": can.supports_batch}
        for name, can in known.items()
    }


def from_data(pack: Path, data: Mapping[str, ModelCapabilities]) -> dict[Path, Capabilities]:
    """The same read again, by the models' paths in a pack's folder."""
    return {
        (pack / name).resolve(): Capabilities(can["reshapes"] is True, can["batches"] is True)
        for name, can in data.items()
    }


def by_path(files: Pack, known: Mapping[str, Capabilities]) -> dict[Path, Capabilities]:
    """What a pack's models can do, by their resolved paths instead of their names."""
    return {(files.folder / name).resolve(): can for name, can in known.items()}


def proven(files: Pack) -> bool:
    """Whether the verification of the release this runner lies in tried a pack's models."""
    known = _verified(settings.home().resolve())
    return {network.path.resolve() for network in files.networks.values()} <= set(known)


def remember(proof: Proof) -> None:
    """Keep what a verification of the release this runner lies in proved.

    A deploy does it, too; a release unpacked from an archive has only this. Where the folder cannot
    be written, the reader stays as careful as before.
    """
    folder = settings.home()
    if (folder / settings.FILE).is_file():
        with contextlib.suppress(OSError):
            durable.write(folder / PROOF, json.dumps(proof, ensure_ascii=False).encode())


def _verified(folder: Path) -> dict[Path, Capabilities]:
    """What models of its own pack can do by a release's verification; nothing before that."""
    try:
        proof: Proof = json.loads((folder / PROOF).read_text(encoding="utf-8"))
        return from_data(folder / "pack", proof["freedom"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
