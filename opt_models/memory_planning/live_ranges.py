"""Live ranges: from where a value of a program is written to where it is last read.

A variable of a finished ``.nb`` file holds several values in turn, as ``opt`` names them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterator, Mapping, Sequence

from opt_models.formats.topology import TENSOR, Operator, Topology

#: Inputs are filled before a run, outputs read after it, wherever the operators for it stand.
_WHEN = {"feed": -1, "fetch": 1}


@dataclass(frozen=True)
class LiveRange:
    """A value that one operator writes, and when others read it.

    Attributes:
        name: of the variable that holds it.
        writer: index of the operator that writes it; -1 for what is there before a run.
        readers: indices of those that read it, in order; the number of all operators, if it must
            still be there after the run.
        late: written where its operator has already read, so that it may take the place of what
            that reads for the last time.
    """

    name: str
    writer: int
    readers: tuple[int, ...]
    late: bool = False

    @property
    def span(self) -> range:
        """When it must be there; operator i reads at 2 i and has written at 2 i + 1."""
        first = 2 * self.writer + (1 if self.late else 0)
        last = max((2 * reader for reader in self.readers), default=first)
        return range(first, max(last, 2 * self.writer + 1) + 1)

    def overlaps(self, other: LiveRange) -> bool:
        """Whether both must be there at a time."""
        mine, its = self.span, other.span
        return mine.start < its.stop and its.start < mine.stop


@dataclass(frozen=True)
class LiveRanges:
    """The live ranges of a program's first block.

    Attributes:
        values: in the order in which they are written.
        fixed: names of variables that are not made of values of one run alone: weights, lists,
            what is read before it is written, and what one operator reads and writes.
    """

    values: tuple[LiveRange, ...]
    fixed: frozenset[str]


def find_live_ranges(topology: Topology) -> LiveRanges:
    """Find the live ranges of a program's values."""
    names = {
        name
        for operator in topology.operators
        for name in (*_inputs(operator), *_outputs(operator))
    }
    variables = topology.variables
    fixed = {
        name
        for name in names
        if name not in variables or variables[name].kind != TENSOR or variables[name].persistable
    }
    current: dict[str, int] = {}
    writers: list[tuple[str, int]] = []
    readers: list[list[int]] = []
    for index, operator in _in_order(topology.operators):
        taken, given = set(_inputs(operator)), list(_outputs(operator))
        fixed |= taken & set(given) | (taken - current.keys())
        fixed |= {name for name in given if given.count(name) > 1}
        for name in taken & current.keys():
            readers[current[name]].append(index)
        for name in given:
            current[name] = len(writers)
            writers.append((name, index))
            readers.append([])
    values = (LiveRange(name, index, tuple(read)) for (name, index), read in zip(writers, readers))
    return LiveRanges(tuple(value for value in values if value.name not in fixed), frozenset(fixed))


def outside(value: LiveRange, operators: Sequence[Operator]) -> LiveRange:
    """The same value with the time in which the user of a network writes or reads it."""
    if operators[value.writer].type == "feed":
        value = replace(value, writer=-1)
    if any(operators[index].type == "fetch" for index in value.readers):
        value = replace(value, readers=(*value.readers, len(operators)))
    return value


def rename(topology: Topology, names: Mapping[LiveRange, str]) -> tuple[Operator, ...]:
    """The operators with other variables for some of the values."""
    read = {(value.name, index): new for value, new in names.items() for index in value.readers}
    written = {(value.name, value.writer): new for value, new in names.items()}
    return tuple(
        replace(
            operator,
            inputs=_renamed(operator.inputs, index, read),
            outputs=_renamed(operator.outputs, index, written),
        )
        for index, operator in enumerate(topology.operators)
    )


def trace(operators: Sequence[Operator], runs: int = 2) -> list[tuple[object, ...]]:
    """What every operator reads, by who wrote it: equal for programs that compute the same.

    Args:
        operators: as they run one after the other.
        runs: how often all of them run, with what is left in the variables. Before each the inputs
            are filled, after each the outputs are read.

    Returns:
        Of each operator in each run its type and, for each of its inputs, the run, the index and
        the output's place of what wrote it, or the variable's name if nothing did.
    """
    held: dict[str, object] = {}
    steps: list[tuple[object, ...]] = []
    for run in range(runs):
        for index, operator in _in_order(operators):
            steps.append((operator.type, *(held.get(name, name) for name in _inputs(operator))))
            held.update((name, (run, index, n)) for n, name in enumerate(_outputs(operator)))
    return steps


def _in_order(operators: Sequence[Operator]) -> list[tuple[int, Operator]]:
    """The operators and their indices, in the order in which they read and write."""
    return sorted(enumerate(operators), key=lambda item: _WHEN.get(item[1].type, 0))


def _inputs(operator: Operator) -> Iterator[str]:
    return (name for names in operator.inputs.values() for name in names)


def _outputs(operator: Operator) -> Iterator[str]:
    return (name for names in operator.outputs.values() for name in names)


def _renamed(
    sides: Mapping[str, tuple[str, ...]], index: int, new: Mapping[tuple[str, int], str]
) -> dict[str, tuple[str, ...]]:
    return {
        key: tuple(new.get((name, index), name) for name in names) for key, names in sides.items()
    }
