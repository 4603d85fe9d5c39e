"""One operator of a program that is being rewritten."""

from __future__ import annotations

from typing import Sequence, TypeVar, Union, cast

from opt_models.formats.program_schema import FIELDS, Message, OpDesc

AttributeValue = Union[bool, int, float, str, Sequence[int], Sequence[float]]

T = TypeVar("T")

#: Numbers of framework.proto for the kinds of attribute that rewriting sets.
_KINDS = {bool: 6, int: 0, float: 1, str: 2}
_KINDS_OF_LISTS = {int: 3, float: 4}


class Operator:
    """A view of an ``OpDesc`` message; what is set here is set there.

    Args:
        message: of the program. Unknown fields and attributes in it are left as they are.
    """

    def __init__(self, message: Message) -> None:
        self.message = message

    @classmethod
    def new(
        cls,
        kind: str,
        inputs: dict[str, str],
        outputs: dict[str, str],
        **attributes: AttributeValue,
    ) -> Operator:
        """An operator with one variable a side."""
        operator = cls(OpDesc(type=kind))
        for side, name in inputs.items():
            operator.message.inputs.add(parameter=side, arguments=[name])
        for side, name in outputs.items():
            operator.message.outputs.add(parameter=side, arguments=[name])
        for attribute, value in attributes.items():
            operator.set(attribute, value)
        return operator

    def __repr__(self) -> str:
        return f"<{self.type} -> {', '.join(self.outputs)}>"

    @property
    def type(self) -> str:
        return str(self.message.type)

    @property
    def inputs(self) -> list[str]:
        """Names of all variables it takes."""
        return [name for row in self.message.inputs for name in row.arguments]

    @property
    def outputs(self) -> list[str]:
        """Names of all variables it gives."""
        return [name for row in self.message.outputs for name in row.arguments]

    def input(self, side: str) -> str:
        """The one variable taken at a side; empty if there is none, or are several."""
        return _only(self.message.inputs, side)

    def output(self, side: str) -> str:
        """The one variable given at a side; empty if there is none, or are several."""
        return _only(self.message.outputs, side)

    def many(self, side: str) -> list[str]:
        """All variables taken at a side, in order."""
        return [n for row in self.message.inputs if row.parameter == side for n in row.arguments]

    def copy(self) -> Operator:
        """A second one like it."""
        message = OpDesc()
        message.CopyFrom(self.message)
        return Operator(message)

    def set_input(self, side: str, name: str) -> None:
        """Take one variable at a side; none if the name is empty."""
        _set(self.message.inputs, side, [name] if name else [])

    def take(self, side: str, names: Sequence[str]) -> None:
        """Take several variables at a side, in order."""
        _set(self.message.inputs, side, names)

    def set_output(self, side: str, name: str) -> None:
        """Give one variable at a side."""
        _set(self.message.outputs, side, [name])

    def give(self, side: str, names: Sequence[str]) -> None:
        """Give several variables at a side, in order."""
        _set(self.message.outputs, side, names)

    def rename_input(self, old: str, new: str) -> None:
        """Take another variable wherever one is taken now."""
        for row in self.message.inputs:
            row.arguments[:] = [new if name == old else name for name in row.arguments]

    def rename_output(self, old: str, new: str) -> None:
        """Give another variable where one is given now."""
        for row in self.message.outputs:
            row.arguments[:] = [new if name == old else name for name in row.arguments]

    def get(self, name: str, default: T) -> T:
        """An attribute; the default where it is absent, as Paddle has it."""
        for attribute in self.message.attrs:
            if attribute.name == name and attribute.type in FIELDS:
                value = getattr(attribute, FIELDS[attribute.type])
                return cast("T", list(value) if isinstance(default, list) else value)
        return default

    def set(self, name: str, value: AttributeValue) -> None:
        """Set an attribute, whether it is there or not."""
        self.drop(name)
        if isinstance(value, (bool, int, float, str)):
            kind = _KINDS[type(value)]
            self.message.attrs.add(name=name, type=kind, **{FIELDS[kind]: value})
        else:
            kind = _KINDS_OF_LISTS[type(value[0])]
            self.message.attrs.add(name=name, type=kind, **{FIELDS[kind]: list(value)})

    def set_empty(self, name: str) -> None:
        """Set an attribute to a list of no numbers, which some operators insist on."""
        self.drop(name)
        self.message.attrs.add(name=name, type=_KINDS_OF_LISTS[int])

    def drop(self, name: str) -> None:
        """Remove an attribute."""
        for index in reversed(range(len(self.message.attrs))):
            if self.message.attrs[index].name == name:
                del self.message.attrs[index]


def _only(rows: Message, side: str) -> str:
    names = [name for row in rows if row.parameter == side for name in row.arguments]
    return str(names[0]) if len(names) == 1 else ""


def _set(rows: Message, side: str, names: Sequence[str]) -> None:
    for index in reversed(range(len(rows))):
        if rows[index].parameter == side:
            del rows[index]
    if names:
        rows.add(parameter=side, arguments=names)
