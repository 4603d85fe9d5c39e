"""Assets of a module: the files of a pack, and what its pack.json says in a form Java can read."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Iterator

from cross_build.android.abi import Module
from lite_runner.pack import Network, Pack
from lite_runner.releases.release import sha256
from lite_runner.releases.settings import POWER_MODES

#: Read by ``PackProperties.java``, as java.util.Properties.
SETTINGS = "reader.properties"
#: The recogniser's characters in the order of its classes, each with a line feed after it.
CHARSET = "charset.txt"


def write(pack: Pack, module: Module, folder: Path) -> None:
    """Write the assets of a module.

    Args:
        pack: for ARM.
        module: what all modules have in common.
        folder: for them; it is there and empty.
    """
    networks = pack.networks.values()
    for path in (*(network.path for network in networks), pack.golden.image):
        shutil.copyfile(path, folder / path.name)
    texts = {
        SETTINGS: settings(pack, module),
        CHARSET: "".join(f"{character}\n" for character in pack.recogniser.charset),
    }
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())


def settings(pack: Pack, module: Module) -> str:
    """Text of ``reader.properties``."""
    lines = [f"{key}={_escaped(value)}" for key, value in _rows(pack, module)]
    return "\n".join(
        [f"# The pack {pack.name}, as LiteOcr reads it; made from pack.json.", *lines, ""]
    )


def _rows(pack: Pack, module: Module) -> Iterator[tuple[str, str]]:
    yield "pack", pack.name
    yield "runtimes", " ".join(pack.runtimes)
    yield "threads", str(module.threads)
    yield "power", str(POWER_MODES[module.power])
    detector, classifier, recogniser = pack.detector, pack.classifier, pack.recogniser
    yield from _network("det", detector.network)
    yield "det.threshold", repr(detector.threshold)
    yield "det.box_threshold", repr(detector.box_threshold)
    yield "det.unclip_ratio", repr(detector.unclip_ratio)
    yield "det.min_side", str(detector.min_side)
    yield "det.max_side", str(detector.max_side)
    yield "det.dilate", str(detector.dilate).lower()
    yield "det.fixed_size", str(detector.network.fixed_size).lower()
    if classifier is not None:
        yield from _network("cls", classifier.network)
        yield "cls.threshold", repr(classifier.threshold)
    yield from _network("rec", recogniser.network)
    yield "rec.fixed_width", str(recogniser.network.fixed_width).lower()
    yield "rec.direction", recogniser.direction
    yield "rec.outputs", recogniser.outputs
    yield "rec.blank", str(recogniser.blank)
    yield "rec.offset", str(recogniser.offset)
    yield "charset", CHARSET
    yield "golden", pack.golden.image.name
    for number, line in enumerate(pack.golden.lines):
        yield f"golden.line.{number}", line


def _network(stage: str, network: Network) -> Iterator[tuple[str, str]]:
    yield f"{stage}.file", network.path.name
    yield f"sha256.{network.path.name}", sha256(network.path)
    height, width = network.shape
    yield f"{stage}.height", str(height)
    yield f"{stage}.width", str(width)
    yield f"{stage}.mean", " ".join(map(repr, network.mean))
    yield f"{stage}.std", " ".join(map(repr, network.std))
    yield f"{stage}.order", network.order


def _escaped(value: str) -> str:
    """A value as Properties reads it back: else it drops backslashes, and blanks before a value."""
    text = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return re.sub(r"^[ \t\f]", lambda match: f"\\{match[0]}", text)
