"""A program as a graph: who makes a variable, who uses it, and what its weights are."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Mapping

import numpy as np
import numpy.typing as npt

from opt_models.formats import params
from opt_models.formats.operator import Operator
from opt_models.formats.program_schema import Message
from opt_models.formats.topology import TENSOR, dtype

#: Weights while they are rewritten: twice the digits they are stored with, so that folding many
#: things into one weight rounds once.
Array = npt.NDArray[np.float64]


class Graph:
    """A parsed program and its weights, to be rewritten in place.

    The operators of its first block are kept in an order in which they can run.

    Args:
        message: a ``ProgramDesc``.
        records: the weights as they lie in the file, by name.
    """

    def __init__(self, message: Message, records: Mapping[str, bytes]) -> None:
        self.message = message
        self.operators = [Operator(entry) for entry in message.blocks[0].ops]
        self._variables = {entry.name: entry for entry in message.blocks[0].vars}
        self._records = dict(records)
        self._values: dict[str, Array] = {}
        self._new: set[str] = set()
        self._index()

    @property
    def is_simple(self) -> bool:
        """One block, in which every variable but weights is made once: what rewriting can do."""
        weights = self._records.keys() | self._new
        made = [
            name for operator in self.operators for name in operator.outputs if name not in weights
        ]
        made = [name for name in made if not self._variables[name].persistable]
        return len(self.message.blocks) == 1 and len(made) == len(set(made))

    def maker(self, name: str) -> Operator | None:
        """The operator that gives a variable; None for weights."""
        return self._makers.get(name)

    def users(self, name: str) -> list[Operator]:
        """The operators that take a variable, once each."""
        return self._users.get(name, [])

    def shape(self, name: str) -> tuple[int, ...]:
        """Of a variable; -1 where it depends on the input, empty where it is not known."""
        if name in self._values:
            return self._values[name].shape
        variable = self._variables.get(name)
        return () if variable is None else tuple(variable.type.lod_tensor.tensor.dims)

    def set_shape(self, name: str, shape: tuple[int, ...]) -> None:
        """Declare the shape of a variable that is no weight."""
        self._variables[name].type.lod_tensor.tensor.dims[:] = shape

    def is_weight(self, name: str) -> bool:
        """Whether a variable has values that can be folded."""
        if name in self._values:
            return True
        return name in self._records and dtype(self._type(name)) == "float32"

    def weight(self, name: str) -> Array:
        """The values of a weight."""
        if name not in self._values:
            self._values[name] = params.array(self._records[name]).astype(np.float64)
        return self._values[name]

    def add_weight(self, values: Array, like: str) -> str:
        """A new weight; its name begins like that of the one it stands for."""
        name = self._free(like)
        self._values[name] = np.asarray(values, np.float64)
        self._new.add(name)
        return name

    def add_variable(self, like: str, shape: tuple[int, ...] | None = None) -> str:
        """A new variable of one run, of the type of another."""
        name = self._free(like)
        variable = self.message.blocks[0].vars.add()
        variable.CopyFrom(self._variables[like])
        variable.name = name
        self._variables[name] = variable
        if shape is not None:
            self.set_shape(name, shape)
        return name

    def insert(self, operator: Operator, after: Operator) -> None:
        """Let a new operator run right after another."""
        self.operators.insert(self.operators.index(after) + 1, operator)
        self._index()

    def remove(self, operator: Operator) -> None:
        """Drop an operator; nothing may take its outputs any more."""
        self.operators.remove(operator)
        self._index()

    def rename(self, old: str, new: str) -> None:
        """Let all users of a variable take another one."""
        for user in self.users(old):
            user.rename_input(old, new)
        self._index()

    def rename_output(self, old: str, new: str) -> None:
        """Let the operator that gives a variable give another one, which nobody gives."""
        self._makers[old].rename_output(old, new)
        self._index()

    def changed(self) -> None:
        """To be called after inputs or outputs of operators were set."""
        self._index()

    def sweep(self) -> int:
        """Drop operators nobody needs; tells how many."""
        needed = {
            name
            for operator in self.operators
            if operator.type == "fetch"
            for name in operator.inputs
        }
        kept = []
        for operator in reversed(self.operators):
            if operator.type in ("feed", "fetch") or needed.intersection(operator.outputs):
                kept.append(operator)
                needed.update(operator.inputs)
        dropped = len(self.operators) - len(kept)
        self.operators = kept[::-1]
        self._index()
        return dropped

    def write(self, program: Path, weights: Path) -> None:
        """Write the program and its weights, in the layout opt reads."""
        block = self.message.blocks[0]
        operators = [operator.message for operator in self.operators]
        used = {name for operator in self.operators for name in operator.inputs + operator.outputs}
        copies = [type(operator)() for operator in operators]
        for copy, operator in zip(copies, operators):
            copy.CopyFrom(operator)
        del block.ops[:]
        block.ops.extend(copies)
        for index in reversed(range(len(block.vars))):
            if block.vars[index].name not in used:
                del block.vars[index]
        for name in sorted(self._new & used):
            self._declare(name)
        program.write_bytes(self.message.SerializeToString())
        stored = sorted((self._records.keys() | self._new) & used)
        with weights.open("wb") as file:
            for name in stored:
                # What was not changed is copied as it was, to the byte.
                file.write(
                    params.record(self._values[name]) if name in self._new else self._records[name]
                )

    def _declare(self, name: str) -> None:
        variable = self.message.blocks[0].vars.add(name=name, persistable=True)
        variable.type.type = TENSOR
        tensor = variable.type.lod_tensor.tensor
        tensor.data_type = params.FLOAT32
        tensor.dims[:] = self._values[name].shape

    def _type(self, name: str) -> int:
        return int(self._variables[name].type.lod_tensor.tensor.data_type)

    def _free(self, like: str) -> str:
        stem = like.split("@")[0]
        taken = self._variables.keys() | self._new
        return next(name for n in range(len(taken) + 1) if (name := f"{stem}@{n}") not in taken)

    def _index(self) -> None:
        self._makers = {name: operator for operator in self.operators for name in operator.outputs}
        users: dict[str, list[Operator]] = defaultdict(list)
        for operator in self.operators:
            for name in dict.fromkeys(operator.inputs):
                users[name].append(operator)
        self._users = users
