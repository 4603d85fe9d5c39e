"""A peer's bundle: the same kind of release as our own, with another reader in it."""

from __future__ import annotations

from pathlib import Path

import lite_runner
from cross_build import bundle as bundles
from cross_build import inventory
from cross_build.bundle import Bundle
from cross_build.errors import TargetError
from cross_build.facts import Facts
from cross_build.targets import Target
from cross_build.wheels import resolve

#: The peers by the name of their engine, with all the packages they need on a board. The models of
#: this release of RapidOCR are those of the pack ``v4-mobile``, as ONNX.
PEERS = {
    "onnxruntime": (
        *("rapidocr-onnxruntime==1.4.4", "onnxruntime>=1.14", "opencv-python-headless>=4.6"),
        *("numpy>=1.21,<3", "pyclipper>=1.3", "shapely>=2.0", "pyyaml", "pillow", "six", "tqdm"),
    )
}
#: What takes turns in benchmarks.
_PROGRAM = "peer/rapidocr.py"


def make(name: str, target: Target, facts: Facts, system: Bundle | None = None) -> Bundle:
    """The bundle of a peer for a board.

    Args:
        name: one of :data:`PEERS`.
        target: the kind of board.
        facts: of the board.
        system: what it runs on there, if it is brought along.

    Raises:
        TargetError: there is no such peer, or it has no packages for this board's kind.
        FetchError: its packages for the board's Python cannot be had.
    """
    if name not in PEERS:
        raise TargetError(f"--peer {name}: there is no such peer; known: {', '.join(PEERS)}")
    if not target.wheels:
        raise TargetError(f"--peer {name}: there are no packages of it for {facts.machine}")
    wheels = resolve(PEERS[name], facts)
    runner = inventory.items(Path(lite_runner.__file__).parent)
    items = {
        **{f"app/lite_runner/{path}": item for path, item in runner.items()},
        **{f"site/{path}": item for path, item in inventory.cached(wheels.site).items()},
        _PROGRAM: inventory.item(Path(__file__).with_name("rapidocr.py")),
        "ocr": bundles.launcher(facts, _PROGRAM, system),
    }
    about = {
        "target": target.name,
        "peer": name,
        "python": facts.python,
        "wheels": list(wheels.names),
    }
    return bundles.named(items, about, system)
