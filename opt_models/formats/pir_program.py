"""What a program of Paddle 3 is made of, see :mod:`opt_models.formats.pir`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Tuple, Union

Attribute = Union[bool, int, float, str, Tuple["Attribute", ...]]


@dataclass(frozen=True)
class Tensor:
    """The type of a tensor.

    Attributes:
        dtype: as numpy calls it, or ``bfloat16``; "unknown" for what no network here has.
        shape: -1 where it depends on the input.
    """

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Value:
    """What an operator gives.

    Attributes:
        id: its number in the program.
        tensors: types of the tensors it holds: one, or several if it is a list; none where an
            operator's optional output was not made.
        is_list: whether it is a list of tensors, as ``combine`` and ``split`` give.
    """

    id: int
    tensors: tuple[Tensor, ...]
    is_list: bool = False


@dataclass(frozen=True)
class Parameter:
    """A weight.

    Attributes:
        name: by which ``inference.pdiparams`` is ordered.
        id: number of its value.
    """

    name: str
    id: int
    tensor: Tensor


@dataclass(frozen=True)
class Operator:
    """One step of a program.

    Attributes:
        index: its place in the block, parameters counted.
        dialect: ``builtin`` or ``pd_op``.
        inputs: numbers of the values it takes; 0 where an optional one is left out.
        attributes: those that are numbers, texts, truth values or arrays of them; types of
            elements are texts as numpy has them.
    """

    index: int
    dialect: str
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[Value, ...]
    attributes: Mapping[str, Attribute]

    @property
    def full_name(self) -> str:
        """As Paddle calls it, ``pd_op.conv2d``."""
        return f"{self.dialect}.{self.name}"

    @property
    def location(self) -> str:
        """Where it stands, for messages: its index, its name and the layer it was written in."""
        layer = self.attributes.get("struct_name", "")
        return f"operator {self.index} ({self.full_name}{f' of {layer}' if layer else ''})"


@dataclass(frozen=True)
class PirProgram:
    """A program of one block.

    Attributes:
        version: of the format.
        parameters: in the order of the program, not of the file with their values.
        operators: in an order in which they can run.
    """

    version: int
    parameters: tuple[Parameter, ...]
    operators: tuple[Operator, ...]
