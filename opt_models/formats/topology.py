"""What a network is made of, whichever format it was read from.

Paddle's programs and all layouts of ``.nb`` files describe the same things: operators that take and
give variables by name (Paddle, framework.proto; Paddle-Lite, framework.fbs). Types and kinds of
variables bear the numbers of framework.proto.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Mapping, Tuple, Union

#: The kind of variables that matter here.
TENSOR = 7

#: numpy names and bytes per element of the types a tensor can have.
DTYPES = {
    0: ("bool", 1),
    1: ("int16", 2),
    2: ("int32", 4),
    3: ("int64", 8),
    4: ("float16", 2),
    5: ("float32", 4),
    6: ("float64", 8),
    19: ("uint64", 8),  # size_t
    20: ("uint8", 1),
    21: ("int8", 1),
    22: ("bfloat16", 2),
}

#: Of tensors, in Paddle (paddle/phi/core/ddim.h).
MAX_RANK = 9

Attribute = Union[bool, int, float, str, Tuple[int, ...], Tuple[float, ...]]


@dataclass(frozen=True)
class Variable:
    """A named value.

    Attributes:
        kind: :data:`TENSOR` or another of framework.proto's numbers.
        dtype: as numpy calls it; "unknown" for what is no tensor.
        shape: -1 where it depends on the input.
        persistable: part of the model, not of one run.
    """

    name: str
    kind: int
    dtype: str = "unknown"
    shape: tuple[int, ...] = ()
    persistable: bool = False

    @property
    def is_weight(self) -> bool:
        """Whether its values come with the model."""
        return self.persistable and self.kind == TENSOR


@dataclass(frozen=True)
class Operator:
    """One step of a network.

    Attributes:
        inputs, outputs: names of variables by parameter.
        attributes: those that are a number, text or truth value and, in ``.nb`` files of layouts 1
            and 2, fractions and lists of numbers.
    """

    type: str
    inputs: Mapping[str, tuple[str, ...]]
    outputs: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, Attribute]


@dataclass(frozen=True)
class Topology:
    """Operators and variables of all blocks; a name in an outer block hides those further in.

    Attributes:
        blocks: how many there are: more than one where there are branches or loops.
    """

    operators: tuple[Operator, ...]
    variables: Mapping[str, Variable]
    blocks: int = 1

    @property
    def weights(self) -> dict[str, Variable]:
        """The variables whose values come with the model, sorted by name."""
        return {
            name: variable
            for name, variable in sorted(self.variables.items())
            if variable.is_weight
        }


def bytes_of(number: int, shape: tuple[int, ...]) -> int:
    """Bytes that the values of a tensor take.

    Args:
        number: of its element type.

    Returns:
        -1 if there is no such type or shape.
    """
    if number not in DTYPES or len(shape) > MAX_RANK or any(side < 0 for side in shape):
        return -1
    return DTYPES[number][1] * prod(shape)


def dtype(number: int) -> str:
    """Name of an element type, "unknown" if this project has not heard of it."""
    return DTYPES.get(number, ("unknown", 0))[0]


def number(name: str) -> int:
    """Number of an element type in framework.proto.

    Args:
        name: as numpy calls it.

    Raises:
        ValueError: the format has no such type.
    """
    for value, (known, _) in DTYPES.items():
        if known == name:
            return value
    raise ValueError(f"Paddle has no tensors of {name}")
