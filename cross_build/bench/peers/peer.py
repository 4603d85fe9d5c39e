"""Peers: other projects' readers that ours is measured against."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from cross_build.errors import TargetError

#: What ``requests`` imports, which both peers do.
_REQUESTS = ("requests", "urllib3", "idna", "certifi", "charset-normalizer")
#: What a session of a benchmark and both peers need.
_COMMON = ("opencv-python-headless>=4.6", "numpy>=1.21,<3", "pyyaml", "pillow", "tqdm", *_REQUESTS)


@dataclass(frozen=True)
class Peer:
    """A reader of another project that is imported as ``rapidocr``.

    Attributes:
        name: as users give it, and of its distribution on the package index.
        title: for people.
        version: the one that is measured.
        engine: its inference library.
        engine_package: distribution of that library; the peer's own where they are one.
        stages: whether it tells how long each stage of reading takes.
        packages: all that it needs on a board besides itself. Dependencies are not followed there,
            so they are listed.
    """

    name: str
    title: str
    version: str
    engine: str
    engine_package: str
    stages: bool
    packages: tuple[str, ...]

    @property
    def requirement(self) -> str:
        """As pip takes it."""
        return f"{self.name}=={self.version}"


_RAPIDOCR = Peer(
    name="rapidocr",
    title="RapidOCR",
    version="3.10.0",
    engine="ONNX Runtime",
    engine_package="onnxruntime",
    stages=True,
    packages=(
        *("onnxruntime>=1.14", "pyclipper>=1.3", "shapely>=2.0,!=2.0.4", "six", "colorlog"),
        # The first releases that carry their parser: that of earlier ones is in no wheel. Those for
        # Python below 3.10 are pre-releases, and need typing-extensions there.
        *("omegaconf>=2.4.0.dev1,<=2.4.0", "typing-extensions"),
        *_COMMON,
    ),
)
_RAPIDOCRLITE = Peer(
    name="rapidocrlite",
    title="RapidOCRLite",
    version="5.0.0a15",
    engine="RapidOCRLite",
    engine_package="rapidocrlite",
    stages=False,
    packages=_COMMON,
)
PEERS = {peer.name: peer for peer in (_RAPIDOCR, _RAPIDOCRLITE)}
#: Names that peers had in earlier releases of this project.
_FORMER = {"onnxruntime": "rapidocr"}


def find(name: str) -> Peer:
    """A peer by name; a former name is taken, and the present one is told.

    Raises:
        TargetError: there is none of that name; lists all.
    """
    if name in _FORMER:
        print(f"--peer {name}: is now called {_FORMER[name]}", file=sys.stderr, flush=True)
        name = _FORMER[name]
    if name not in PEERS:
        raise TargetError(f"--peer {name}: there is no such peer; known: {', '.join(PEERS)}")
    return PEERS[name]
