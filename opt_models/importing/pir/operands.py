"""What an operator that is being translated takes: tensors, numbers and attributes."""

from __future__ import annotations

from typing import Any, TypeVar

from opt_models.formats.pir_program import Operator
from opt_models.importing.pir.scope import Array, Constant, Scope, Variable
from opt_models.importing.pir.sizes import Sizes

T = TypeVar("T")

_ADVICE = "take the ONNX export of the model, or export it without this operator"
#: Paddle-Lite's attributes have 32 bits; exporters write the largest number of 64 for "to the end".
_LARGEST = (1 << 31) - 1


class TranslationError(Exception):
    """An operator cannot be translated; says which, why, and what to do."""


class Operands:
    """The operands and attributes of an operator.

    Args:
        source: the operator of Paddle 3.
        scope: what is known of its operands.
    """

    def __init__(self, source: Operator, scope: Scope) -> None:
        self.source = source
        self.scope = scope

    def has(self, index: int) -> bool:
        """Whether an operand was given: optional ones may be left out."""
        return index < len(self.source.inputs) and self.source.inputs[index] != 0

    def operand(self, index: int) -> Variable | Constant:
        """What is known of an operand."""
        if not self.has(index):
            raise self.error(f"has no operand {index}")
        return self.scope.get(self.source.inputs[index])

    def elements(self, index: int) -> list[Variable | Constant]:
        """What is known of the elements of an operand that is a list of tensors."""
        if not self.has(index):
            raise self.error(f"has no operand {index}")
        return [self.scope.get(key) for key in self.scope.elements(self.source.inputs[index])]

    def every(self) -> list[Variable | Constant]:
        """What is known of all operands that were given, lists of tensors opened."""
        indices = range(len(self.source.inputs))
        return [row for index in indices if self.has(index) for row in self.elements(index)]

    def name(self, index: int) -> str:
        """The variable or weight that holds an operand."""
        return self.scope.name(self.operand(index))

    def shape(self, index: int) -> tuple[int, ...]:
        """Of an operand; -1 where it depends on the input."""
        operand = self.operand(index)
        return operand.shape if isinstance(operand, Variable) else operand.values.shape

    def sizes(self, index: int) -> Sizes:
        """The shape of an operand, with marks for what depends on the input."""
        operand = self.operand(index)
        return operand.sizes if isinstance(operand, Variable) else operand.values.shape

    def constant(self, index: int) -> Array | None:
        """Values of an operand; None if they are not known before the network runs."""
        operand = self.operand(index)
        return operand.values if isinstance(operand, Constant) else None

    def numbers(self, index: int, what: str) -> list[Any]:
        """Values of an operand that must be known before the network runs: numbers, or sizes.

        Args:
            index: of the operand.
            what: it is, for messages.
        """
        values = self.constant(index)
        if values is None:
            raise self.error(f"computes its {what} when the network runs, expected a fixed one")
        return list(values.reshape(-1).tolist())

    def integers(self, index: int, what: str) -> list[int]:
        """As :meth:`numbers`, where they must not depend on the input either."""
        values = self.numbers(index, what)
        if not all(isinstance(value, (int, float)) for value in values):
            raise self.error(f"takes its {what} from the size of the input, expected a fixed one")
        return [_limited(value) for value in values]

    def number(self, index: int, what: str) -> float:
        """As :meth:`integers`, one number that may be a fraction."""
        values = self.numbers(index, what)
        if len(values) != 1 or not isinstance(values[0], (int, float)):
            raise self.error(f"has {len(values)} values for its {what}, expected one number")
        return float(values[0])

    def attribute(self, name: str, kind: type[T], default: T | None = None) -> T:
        """An attribute.

        Args:
            name: of it.
            kind: what it must be; ``float`` also takes whole numbers.
            default: where it may be missing.
        """
        value = self.source.attributes.get(name, default)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(f"has no attribute {name!r} of type {kind.__name__}")
        return value

    def integer_list(self, name: str) -> list[int]:
        """An attribute that is a list of whole numbers."""
        values = self.attribute(name, tuple)
        if not all(isinstance(value, int) for value in values):
            raise self.error(f"has something else than whole numbers in its attribute {name!r}")
        return [_limited(value) for value in values]

    def error(self, message: str, advice: str = _ADVICE) -> TranslationError:
        """Why the operator cannot be translated, and what to do; the file is named further out."""
        return TranslationError(f"{self.source.location} {message}; {advice}")


def _limited(value: float) -> int:
    return max(-_LARGEST, min(int(value), _LARGEST))
