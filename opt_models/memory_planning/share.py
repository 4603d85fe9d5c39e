"""Give the variables of a finished ``.nb`` file names by which they take less memory.

``opt`` lets variables share names, too (Paddle-Lite, lite/core/optimizer/mir/
memory_optimize_pass.cc), but first come first served, whatever their sizes: of what the published
V1.1 detector takes so, a third is left. Operators, their order and all weights stay as they are.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Mapping

from opt_models.formats import nb
from opt_models.formats.topology import Topology
from opt_models.memory_planning import assignment
from opt_models.memory_planning.live_ranges import (
    LiveRange,
    find_live_ranges,
    outside,
    rename,
    trace,
)
from opt_models.memory_planning.sizes import Shape, by_element, has_rule, sizes

#: They neither read nor write: the user of a network does, before and after a run.
_ENDS = ("feed", "fetch")


@dataclass(frozen=True)
class Memory:
    """What the variables of a network take during a run.

    Attributes:
        shape: of the input these figures are for, NCHW.
        variables: how many there are, without weights.
        size: bytes of all of them together whose size is known.
        whole: whether all sizes are known; those behind sequences and reshapes are not.
    """

    shape: Shape
    variables: int
    size: int
    whole: bool


def share(path: Path, shape: Shape) -> tuple[Memory, Memory] | None:
    """Let the values of a model share memory by their sizes; changes the file if that saves some.

    Args:
        path: the model.
        shape: of an input, NCHW; how sizes compare hardly depends on it.

    Returns:
        memory before and after, or None where the file was left as it is.

    Raises:
        OptError: the model is damaged.
    """
    topology = nb.read_topology(path)
    if topology.blocks != 1 or nb.read_header(path).layout not in (1, 2):
        return None
    parts = _parts(topology, shape)
    slots = assignment.assign(parts.moved, parts.free, parts.pinned)
    if slots is None:
        return None
    names = {value: slot.name for slot in slots for value in slot.values if value in parts.moved}
    operators = rename(topology, names)
    before, after = memory(topology, shape), memory(replace(topology, operators=operators), shape)
    if after.size >= before.size or trace(operators) != trace(topology.operators):
        return None
    nb.rename(path, operators)
    return before, after


def memory(topology: Topology, shape: Shape) -> Memory:
    """What the variables of a network take in a run on an input of some shape."""
    largest: dict[str, int] = defaultdict(int)
    known = sizes(topology, shape)
    ends = [operator.type == "fetch" for operator in topology.operators]
    for operator, size, end in zip(topology.operators, known, ends):
        for name in () if end else chain.from_iterable(operator.outputs.values()):
            largest[name] = max(largest[name], size or 0)
    whole = all(end or size is not None for size, end in zip(known, ends))
    return Memory(shape, len(largest), sum(largest.values()), whole)


@dataclass(frozen=True)
class _Parts:
    """The values of a network, by what may be done with them.

    Attributes:
        moved: those that may get another variable, with their sizes.
        pinned: the inputs and outputs, whose variables may hold others, too, with their sizes.
        free: variables that hold nothing but values that may move.
    """

    moved: Mapping[LiveRange, int]
    pinned: Mapping[LiveRange, int]
    free: tuple[str, ...]


def _parts(topology: Topology, shape: Shape) -> _Parts:
    operators, known = topology.operators, sizes(topology, shape)
    # In one place only where that is so for inputs of any shape.
    late = by_element(topology, shape) & by_element(topology, _other(shape))
    ranges = find_live_ranges(topology)
    moved: dict[LiveRange, int] = {}
    pinned: dict[LiveRange, int] = {}
    kept = set(ranges.fixed)
    for value in ranges.values:
        size = known[value.writer]
        around = [operators[index] for index in (value.writer, *value.readers)]
        if size is not None and all(map(has_rule, around)):
            moved[replace(value, late=value.writer in late)] = size
        elif size is not None and all(
            has_rule(operator) or operator.type in _ENDS for operator in around
        ):
            pinned[outside(value, operators)] = size
        else:
            kept.add(value.name)
    pinned = {value: size for value, size in pinned.items() if value.name not in kept}
    free = {value.name for value in moved} - kept - {value.name for value in pinned}
    return _Parts(moved, pinned, tuple(sorted(free)))


def _other(shape: Shape) -> Shape:
    """A shape that has no more in common with another one than a network needs."""
    batch, channels, height, width = shape
    return (batch + 1, channels, 2 * height, 3 * width)
