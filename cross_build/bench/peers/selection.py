"""Which bundles of peers a benchmark brings: each peer with the networks of each pack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence

from cross_build.bench.peers import bundle as peer_bundles
from cross_build.bench.peers import weights
from cross_build.bench.peers.peer import Peer
from cross_build.bundles.bundle import Bundle
from cross_build.targets.facts import Facts
from cross_build.targets.targets import Target
from lite_runner.pack import load
from opt_models.errors import CatalogError


@dataclass(frozen=True)
class Selection:
    """What is brought, and what is not.

    Attributes:
        bundles: by a name for people.
        skipped: sentences on what is left out.
    """

    bundles: Mapping[str, Bundle]
    skipped: tuple[str, ...]


def bundles(
    peers: Sequence[Peer], ours: Sequence[Bundle], target: Target, facts: Facts
) -> Selection:
    """Bundles of peers for a board.

    Args:
        peers: to be measured.
        ours: bundles of packs, whose networks they are given; those that nobody carries as ONNX
            are left out.
        target: the kind of board.
        facts: of the board.

    Raises:
        CatalogError: nobody carries the networks of any pack as ONNX.
        LiteError: a peer cannot be brought to this board.
    """
    if not peers:
        return Selection({}, ())
    given: dict[tuple[str, ...], weights.Weights] = {}
    skipped = []
    for bundle in ours:
        try:
            converted = weights.of_pack(load(bundle.items["pack/pack.json"].source.parent))
        except CatalogError as error:
            skipped.append(f"peers: {error}")
        else:
            # Packs of another precision have the same networks.
            given.setdefault(tuple(converted.models.values()), converted)
    if not given:
        raise CatalogError("; ".join(skipped))
    skipped += [
        f"stages of {peer.name}: it only tells its total, which stands under detect"
        for peer in peers
        if not peer.stages
    ]
    made = {
        f"{peer.name}, {converted.name}": peer_bundles.make(
            peer, converted, target, facts, ours[0].system
        )
        for converted in given.values()
        for peer in peers
    }
    return Selection(made, tuple(skipped))
