"""What is known of each value of an ONNX network while its program is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Sequence, Union

import numpy as np
import numpy.typing as npt

from opt_models.formats.operator import Operator
from opt_models.formats.program_writer import ProgramWriter
from opt_models.importing.onnx_network import Array, Network, Node
from opt_models.importing.sizes import Shape, declared
from opt_models.importing.unsupported import UnsupportedError


@dataclass(frozen=True)
class Tensor:
    """A variable of the program.

    Attributes:
        name: in the program.
        shape: as far as it is known before the network runs.
        dtype: as numpy calls it.
    """

    name: str
    shape: Shape
    dtype: str = "float32"

    @property
    def rank(self) -> int:
        return len(self.shape)


#: What is known of a value of the network: a variable of the program; or its content, an array of
#: numbers or, with dtype object, of sizes of which some are free.
Value = Union[Tensor, Array]


class Translation:
    """A network on its way into a program.

    Args:
        network: the patterns of operators look around in it.
        writer: takes the program.
    """

    def __init__(self, network: Network, writer: ProgramWriter) -> None:
        self.network = network
        self.writer = writer
        self._values: dict[str, Value] = dict(network.constants)
        self._weights: dict[str, list[str]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def bind(self, name: str, value: Value) -> None:
        """Say what a value of the network is."""
        self._values[name] = value

    def value(self, node: Node, index: int) -> Value:
        """An input of a node.

        Raises:
            UnsupportedError: it is left out.
        """
        name = node.input(index)
        if not name:
            raise UnsupportedError(f"lacks its input {index}", "copy or export the network again")
        return self._values[name]

    def content(self, node: Node, index: int) -> Array | None:
        """Numbers or sizes an input is known to hold; None if it has none, or computes them."""
        value = self._values[node.input(index)] if node.input(index) else None
        return None if isinstance(value, Tensor) else value

    def constant(self, name: str) -> Array | None:
        """The numbers a value of the network always has; None if there are none."""
        value = self._values.get(name)
        return value if isinstance(value, np.ndarray) and value.dtype != object else None

    def numbers(self, node: Node, index: int, what: str) -> Array:
        """The numbers of an input.

        Raises:
            UnsupportedError: they depend on what the network is fed with, or are left out.
        """
        constant = self.optional_numbers(node, index, what)
        if constant is None:
            raise UnsupportedError(f"lacks its {what}", "copy or export the network again")
        return constant

    def optional_numbers(self, node: Node, index: int, what: str) -> Array | None:
        """The numbers of an input; None if it is left out.

        Raises:
            UnsupportedError: they depend on what the network is fed with.
        """
        if not node.input(index):
            return None
        constant = self.constant(node.input(index))
        if constant is None:
            raise UnsupportedError(f"computes its {what} while it runs")
        return constant

    def tensor(self, node: Node, index: int) -> Tensor:
        """An input as a variable of the program; a constant becomes a weight."""
        value = self.value(node, index)
        if isinstance(value, Tensor):
            return value
        if value.dtype == object:
            raise UnsupportedError(f"computes with sizes of the network's input (input {index})")
        return self.weight(node.input(index), value)

    def output(self, name: str) -> Tensor:
        """A value of the network that it puts out, as a variable of the program.

        Raises:
            KeyError: it is no variable, but constant.
        """
        value = self._values[name]
        if not isinstance(value, Tensor):
            raise KeyError(name)
        return value

    def weight(self, like: str, values: npt.NDArray[Any]) -> Tensor:
        """A weight, shared by all who take the same numbers under one name."""
        stored = values.astype(np.float32) if values.dtype.kind == "f" else values
        stored = stored.reshape(stored.shape or (1,))
        names = self._weights.setdefault(like, [])
        for name in names:
            known = self.writer.values(name)
            if known is not None and known.dtype == stored.dtype and np.array_equal(known, stored):
                return Tensor(name, known.shape, stored.dtype.name)
        names.append(self.writer.weight(self.writer.name(like), stored))
        return Tensor(names[-1], stored.shape, stored.dtype.name)

    def emit(
        self,
        kind: str,
        inputs: Mapping[str, Tensor | Sequence[Tensor]],
        output: str,
        shape: Shape,
        /,
        *,
        side: str = "Out",
        extra: Sequence[str] = (),
        dtype: str = "float32",
        **attributes: Any,
    ) -> Tensor:
        """Add an operator.

        Args:
            kind: its type.
            inputs: variables by parameter.
            output: the name its output shall have.
            shape: of the output.
            side: parameter of the output.
            extra: parameters of outputs that must be there and nobody takes.
        """
        operator = Operator.new(kind, {}, {})
        for parameter, tensors in inputs.items():
            names = [tensors] if isinstance(tensors, Tensor) else tensors
            operator.take(parameter, [tensor.name for tensor in names])
        result = self.declare(output, shape, dtype)
        operator.set_output(side, result.name)
        for parameter in extra:
            unused = self.declare(f"{output}.{parameter}", shape, dtype)
            operator.set_output(parameter, unused.name)
        set_attributes(operator, attributes)
        self.writer.add(operator)
        return result

    def declare(self, name: str, shape: Shape, dtype: str = "float32") -> Tensor:
        """A new variable."""
        free = self.writer.name(name)
        self.writer.variable(free, declared(shape) or (1,), dtype)
        return Tensor(free, shape, dtype)


def set_attributes(operator: Operator, attributes: Mapping[str, Any]) -> None:
    """Set attributes, lists of no numbers too."""
    for name, value in attributes.items():
        if isinstance(value, (list, tuple)) and not value:
            operator.set_empty(name)
        else:
            operator.set(name, value)


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front.

    Raises:
        UnsupportedError: the tensor has no such axis.
    """
    if not -rank <= axis < rank:
        raise UnsupportedError(f"names axis {axis} of a tensor with {rank} axes")
    return axis % rank
