"""Inner tensors of an import made outputs, to be compared with those of its original by name."""

from __future__ import annotations

from pathlib import Path

from opt_models.formats import program
from opt_models.formats.inference_model import ModelFiles
from opt_models.formats.operator import Operator
from opt_models.importing import onnx_file


def common(original: Path, imported: ModelFiles) -> list[str]:
    """Names of tensors that both have, in the order in which the original computes them."""
    message = program.parse(imported.program)
    operators = [
        operator for operator in message.blocks[0].ops if operator.type not in ("feed", "fetch")
    ]
    made = {name for operator in operators for row in operator.outputs for name in row.arguments}
    nodes = onnx_file.parse(original).graph.node
    return [name for node in nodes for name in node.output if name in made]


def write(imported: ModelFiles, names: list[str], target: ModelFiles) -> None:
    """Write the program with other outputs.

    Args:
        imported: the import.
        names: of the tensors to put out, in this order.
        target: the files to write.
    """
    message = program.parse(imported.program)
    operators = message.blocks[0].ops
    for index in reversed(range(len(operators))):
        if operators[index].type == "fetch":
            del operators[index]
    for column, name in enumerate(names):
        fetch = Operator.new("fetch", {"X": name}, {"Out": "fetch"}, col=column)
        operators.add().CopyFrom(fetch.message)
    target.program.write_bytes(message.SerializeToString())
    target.params.write_bytes(imported.params.read_bytes())
