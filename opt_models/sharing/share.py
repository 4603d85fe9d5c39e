"""Give the variables of a finished ``.nb`` file names by which they take less memory.

``opt`` lets variables share names, too (Paddle-Lite, lite/core/optimizer/mir/
memory_optimize_pass.cc), but first come first served, whatever their sizes: of what the published
V1.1 detector takes so, a third is left. Operators, their order and all weights stay as they are.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Mapping

from opt_models.formats import nb
from opt_models.formats.topology import Topology
from opt_models.sharing import slots
from opt_models.sharing.sizes import Shape, by_element, has_rule, sizes
from opt_models.sharing.values import Value, lives, rename, trace


@dataclass(frozen=True)
class Memory:
    """What the variables of a network take during a run.

    Attributes:
        shape: of the input it is told for, NCHW.
        before, after: bytes, without variables whose size is unknown, as those of sequences.
    """

    shape: Shape
    before: int
    after: int


def share(path: Path, shape: Shape) -> Memory | None:
    """Let the values of a model share memory by their sizes; changes the file if that saves some.

    Args:
        path: the model.
        shape: of an input, NCHW; how sizes compare hardly depends on it.

    Returns:
        what came of it, or None where the file was left as it is.

    Raises:
        OptError: the model is damaged.
    """
    topology = nb.read_topology(path)
    if topology.blocks != 1:
        return None
    known, free = _movable(topology, shape)
    found = slots.share(known, len(free))
    if not known or found is None:
        return None
    new = _new_names(topology, len(found))
    names = {value: name for name, slot in zip(new, found) for value in slot.values}
    operators = rename(topology, names)
    if trace(operators) != trace(topology.operators):
        return None
    before, after = memory(topology, shape), memory(replace(topology, operators=operators), shape)
    if after >= before:
        return None
    try:
        nb.rename(path, operators, dict(zip(free, new)))
    except ValueError:  # names are written differently there
        return None
    return Memory(shape, before, after)


def memory(topology: Topology, shape: Shape) -> int:
    """Bytes that the variables of a network take together, as far as their sizes are known."""
    found: dict[str, int] = defaultdict(int)
    for one, size in zip(topology.operators, sizes(topology, shape)):
        for names in one.outputs.values():
            for name in names:
                found[name] = max(found[name], size or 0)
    return sum(found.values())


def _movable(topology: Topology, shape: Shape) -> tuple[Mapping[Value, int], list[str]]:
    """The values that may get other variables, with their sizes; variables that become free."""
    known = sizes(topology, shape)
    # In one place only where that is so for inputs of any shape.
    late = by_element(topology, shape) & by_element(topology, _other(shape))
    found = lives(topology)
    moved: dict[Value, int] = {}
    kept = set(found.fixed)
    for value in found.values:
        size = known[value.writer]
        around = (topology.operators[index] for index in (value.writer, *value.readers))
        if size is not None and all(map(has_rule, around)):
            moved[replace(value, late=value.writer in late)] = size
        else:
            kept.add(value.name)
    return moved, sorted({one.name for one in moved} - kept)


def _other(shape: Shape) -> Shape:
    """A shape that has no more in common with another one than a network needs."""
    batch, channels, height, width = shape
    return (batch + 1, channels, 2 * height, 3 * width)


def _new_names(topology: Topology, number: int) -> list[str]:
    """Short names that no variable has."""
    taken = topology.variables.keys()
    fresh = (name for n in count() if (name := f"m{n}") not in taken)
    return [name for name, _ in zip(fresh, range(number))]
