"""One operator that is being translated: what takes its place."""

from __future__ import annotations

from typing import Mapping, Sequence, Union

import numpy as np

from opt_models.formats.operator import AttributeValue, Operator
from opt_models.formats.pir_program import Tensor
from opt_models.importing.pir.operands import Operands
from opt_models.importing.pir.scope import Array, Constant, Variable
from opt_models.importing.pir.sizes import Key, Sizes, fresh, plain

Names = Union[str, Sequence[str]]


class Step(Operands):
    """An operator with its operands, and ways to say what its outputs are."""

    @property
    def result(self) -> int:
        """Number of the first value it gives."""
        if not self.source.outputs:
            raise self.error("gives nothing")
        return self.source.outputs[0].id

    @property
    def label(self) -> str:
        """How names of its outputs begin: its name, and the value's number to find it by."""
        return f"{self.source.name.rstrip('_')}_{self.result}"

    @property
    def tensor(self) -> Tensor:
        """Type of the first output as the program declares it."""
        return self.tensors[0]

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Types of what the first output, a list of tensors, holds."""
        if not self.source.outputs or not self.source.outputs[0].tensors:
            raise self.error("gives no tensor")
        return self.source.outputs[0].tensors

    def output(self, sizes: Sizes | None = None) -> str:
        """Declare the variable of the first output.

        Args:
            sizes: of it, where some are known to be those of other tensors.
        """
        return self.declare(self.result, self.tensor, self.label, sizes)

    def declare(self, key: Key, tensor: Tensor, name: str, sizes: Sizes | None = None) -> str:
        """Declare the variable of a value or of an element of one."""
        known = fresh(key, tensor.shape) if sizes is None else sizes
        written = self._variable(name, tensor)
        self.scope.define(key, Variable(written, tensor.shape, tensor.dtype, known))
        return written

    def intermediate(self, name: str, shape: Sequence[int], dtype: str = "float32") -> str:
        """Declare a variable between two operators that take the place of one."""
        return self._variable(f"{self.label}.{name}", Tensor(dtype, tuple(shape)))

    def weight(self, name: str, values: Array) -> str:
        """A weight of the operator's own."""
        return self.scope.weight(f"{self.label}.{name}", values)

    def alias(self, index: int = 0) -> None:
        """Let the output be an operand: the operator changes nothing."""
        self.scope.define(self.result, self.operand(index))

    def fold(self, values: Array, name: str = "") -> None:
        """Let the output be known before the network runs."""
        known = Constant(name or self.label, plain(np.asarray(values)))
        self.scope.define(self.result, known)

    def spread(self, *indices: int) -> Sizes:
        """Sizes of the output of operands that are spread over each other."""
        shape = self.tensor.shape
        known = list(fresh(self.result, shape))
        for index in indices:
            sizes = self.sizes(index)
            for axis, size in enumerate(sizes, len(shape) - len(sizes)):
                if axis >= 0 and shape[axis] < 0 and size != 1:
                    known[axis] = size
        return tuple(known)

    def carried(self, axes: Sequence[int | None]) -> Sizes:
        """Sizes of the output, of which some are those of axes of the first operand.

        Args:
            axes: for each axis of the output that of the operand, None for a new size; the same for
                those that are left out at the end.
        """
        known = list(fresh(self.result, self.tensor.shape))
        for index, axis in enumerate(axes):
            if axis is not None:
                known[index] = self.sizes(0)[axis]
        return tuple(known)

    def emit(
        self,
        kind: str,
        inputs: Mapping[str, Names],
        outputs: Mapping[str, Names],
        **attributes: AttributeValue,
    ) -> None:
        """Write an operator that Paddle-Lite knows."""
        operator = Operator.new(kind, {}, {})
        for side, names in inputs.items():
            operator.take(side, [names] if isinstance(names, str) else names)
        for side, names in outputs.items():
            operator.give(side, [names] if isinstance(names, str) else names)
        for name, value in attributes.items():
            if isinstance(value, (bool, int, float, str)) or len(value):
                operator.set(name, value)
            else:
                operator.set_empty(name)
        self.scope.writer.add(operator)

    def _variable(self, name: str, tensor: Tensor) -> str:
        writer = self.scope.writer
        try:
            return writer.variable(writer.name(name), tensor.shape, tensor.dtype)
        except ValueError:
            raise self.error(f"gives {tensor.dtype}, which Paddle-Lite has not") from None
