"""Which values share a slot: memory that holds one after the other, as large as the largest.

An engine gives each variable a buffer that grows to the largest thing it ever holds. To find the
slots of the smallest sum is NP-hard; greedy orders come close (Pisarchyk and Lee, "Efficient Memory
Management for Deep Neural Net Inference", 2020, https://arxiv.org/abs/2001.03288), so several are
tried, and some that differ a little from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Iterable, Iterator, Mapping, Sequence

from opt_models.memory_planning.live_ranges import LiveRange

#: Orders tried besides the greedy ones. PP-OCR's detectors come to within 1 MB of what a hundred
#: times as many find.
_TRIES = 96


@dataclass
class Slot:
    """A variable and values of which no two are needed at a time.

    Attributes:
        size: of the largest, in bytes.
    """

    name: str
    size: int = 0
    values: list[LiveRange] = field(default_factory=list)

    def add(self, value: LiveRange, size: int) -> None:
        """Let it hold one more value."""
        self.size = max(self.size, size)
        self.values.append(value)


def assign(
    sizes: Mapping[LiveRange, int], free: Sequence[str], pinned: Mapping[LiveRange, int]
) -> list[Slot] | None:
    """Give each value a slot, so that all slots together are small.

    Args:
        sizes: of the values, in bytes.
        free: variables that there are for them.
        pinned: sizes of values that keep their variables; others may use these, too.

    Returns:
        the slots, or None if there are too few free variables; the same for the same values.
    """
    everything = (*sizes, *pinned)
    conflicts = {value: {other for other in everything if value.overlaps(other)} for value in sizes}
    plans = (_greedy(order, sizes, conflicts, free, pinned) for order in _orders(sizes))
    return min((slots for slots in plans if slots is not None), key=total, default=None)


def total(slots: Iterable[Slot]) -> int:
    """Bytes of all slots together."""
    return sum(slot.size for slot in slots)


def _orders(sizes: Mapping[LiveRange, int]) -> Iterator[list[LiveRange]]:
    """Orders in which values may choose their slots."""
    written = sorted(sizes, key=lambda value: (value.writer, value.name))
    by_size = sorted(written, key=lambda value: -sizes[value])
    crowded = sorted(_together(by_size), key=lambda there: -sum(map(sizes.__getitem__, there)))
    by_breadth = list(dict.fromkeys(value for there in crowded for value in there))
    starts = (by_size, by_breadth, written)
    yield from starts
    # Always the same, so that a model gives the same file.
    random = Random(0)  # noqa: S311 - nothing is secret here
    for number in range(_TRIES):
        order, far = starts[number % len(starts)], 2 + number % 20
        places = {value: index + random.random() * far for index, value in enumerate(order)}
        yield sorted(order, key=places.__getitem__)


def _together(values: Iterable[LiveRange]) -> list[list[LiveRange]]:
    """What is needed at once, at each time at which something begins to be."""
    values = list(values)
    starts = sorted({value.span.start for value in values})
    return [[value for value in values if at in value.span] for at in starts]


def _greedy(
    order: Sequence[LiveRange],
    sizes: Mapping[LiveRange, int],
    conflicts: Mapping[LiveRange, set[LiveRange]],
    free: Sequence[str],
    pinned: Mapping[LiveRange, int],
) -> list[Slot] | None:
    """Give each value the slot that grows least and, of those, is least too large for it."""
    slots = {value.name: Slot(value.name) for value in pinned}
    for value, size in pinned.items():
        slots[value.name].add(value, size)
    unused = iter(free)
    for value in order:
        size, others = sizes[value], conflicts[value]
        fitting = [slot for slot in slots.values() if others.isdisjoint(slot.values)]
        if fitting:
            best = min(fitting, key=lambda slot: (max(0, size - slot.size), slot.size))
        else:
            name = next(unused, None)
            if name is None:
                return None
            best = slots[name] = Slot(name)
        best.add(value, size)
    return list(slots.values())
