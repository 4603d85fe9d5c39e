"""A peer's bundle: the same kind of release as our own, with another reader in it."""

from __future__ import annotations

import json
from pathlib import Path

import lite_runner
from cross_build.bench.peers import rapidocr
from cross_build.bench.peers.peer import Peer
from cross_build.bench.peers.weights import Weights
from cross_build.bundles import bundle as bundles
from cross_build.bundles import elf, manifest
from cross_build.bundles.bundle import Bundle
from cross_build.bundles.manifest import Item
from cross_build.bundles.site_packages import resolve
from cross_build.errors import TargetError
from cross_build.targets.facts import Facts
from cross_build.targets.targets import Target

#: What takes turns in benchmarks.
_PROGRAM = "peer/rapidocr.py"
#: Networks that come with the peers' packages; those of a bundle are in ``weights``.
_OWN_NETWORKS = "rapidocr/models/"


def make(
    peer: Peer, weights: Weights, target: Target, facts: Facts, system: Bundle | None = None
) -> Bundle:
    """The bundle of a peer for a board.

    Args:
        peer: the reader.
        weights: what it runs.
        target: the kind of board.
        facts: of the board.
        system: what it runs on there, if it is brought along.

    Raises:
        TargetError: it has no packages for this board's kind.
        BoardError: the board could not load one of its libraries.
        FetchError: its packages for the board's Python cannot be had.
    """
    if not target.wheels:
        raise TargetError(f"--peer {peer.name}: there are no packages of it for {facts.machine}")
    wheels = resolve((peer.requirement, *peer.packages), facts)
    # A wheel's tags are its maker's word.
    elf.check(elf.below(wheels.site), facts.machine, facts.symbols, target.name)
    packages = manifest.cached(wheels.site)
    runner = manifest.items(Path(lite_runner.__file__).parent)
    files = {stage: f"weights/{stage}{path.suffix}" for stage, path in weights.files.items()}
    networks = {files[stage]: manifest.item(path) for stage, path in weights.files.items()}
    description = json.dumps(_description(peer, weights, files, networks), sort_keys=True)
    items = {
        **{f"app/lite_runner/{path}": item for path, item in runner.items()},
        **{
            f"site/{path}": item
            for path, item in packages.items()
            if not path.startswith(_OWN_NETWORKS)
        },
        **networks,
        _PROGRAM: manifest.item(Path(rapidocr.__file__)),
        rapidocr.ABOUT: bundles.written(rapidocr.ABOUT, description + "\n", 0o644),
        "ocr": bundles.launcher(facts, _PROGRAM, system),
    }
    about = {
        "target": target.name,
        "peer": peer.name,
        "weights": weights.name,
        "python": facts.python,
        "wheels": list(wheels.names),
    }
    return bundles.named(items, about, system)


def _description(
    peer: Peer, weights: Weights, files: dict[str, str], networks: dict[str, Item]
) -> dict[str, object]:
    """What the program of the bundle is told of it."""
    return {
        "name": peer.name,
        "title": peer.title,
        "engine": peer.engine,
        "engine_package": peer.engine_package,
        "stages": peer.stages,
        "weights": weights.name,
        "files": files,
        "models": {
            stage: {
                "sha256": networks[files[stage]].sha256,
                "source": source,
                "precision": "fp32",
            }
            for stage, source in weights.models.items()
        },
    }
