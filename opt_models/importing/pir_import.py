"""Import of Paddle 3's exports: ``inference.json`` and its weights as a program opt reads.

Paddle 3 writes programs in a form of its own, PIR, which Paddle-Lite's opt does not know
(Paddle-Lite issue 10666). It has nearly the same operators under other names; what used to be an
attribute is an operand there, made by further operators. So each is translated by a row of
:mod:`opt_models.importing.pir.table`, and numbers known beforehand are worked out on the way.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Mapping

import numpy as np
import numpy.typing as npt

from opt_models.errors import OptError
from opt_models.formats import params, pir
from opt_models.formats.inference_model import ModelFiles
from opt_models.formats.pir_program import Operator, PirProgram
from opt_models.formats.program_writer import ProgramWriter
from opt_models.importing.pir import table
from opt_models.importing.pir.operands import TranslationError
from opt_models.importing.pir.rule import Rule
from opt_models.importing.pir.scope import Constant, Scope, Variable
from opt_models.importing.pir.sizes import fresh
from opt_models.importing.pir.step import Step

_INSTEAD = "take the ONNX export of the model, or export it without"
#: What makes the inputs of a network and takes its outputs.
_EDGES = ("pd_op.data", "pd_op.fetch")


def import_pir(program: Path, weights: Path, target: ModelFiles) -> None:
    """Write the program and weights of a Paddle 3 export as opt and folding read them.

    Variables are called after their operator and the number of their value, ``pool2d_421``; weights
    and inputs as in the export.

    Args:
        program: ``inference.json``.
        weights: ``inference.pdiparams``.
        target: the files to write; neither is there if this fails.

    Raises:
        OptError: a file is damaged or something else, both do not belong together, or the program
            has an operator that cannot be translated; names it.
        OSError: a file cannot be read or written.
    """
    source = pir.read(program)
    _check_operators(program, source)
    values = _weights(program, source, weights)
    writer = _translated(program, source, values)
    try:
        writer.write(target.program, target.params)
    except BaseException:
        target.program.unlink(missing_ok=True)
        target.params.unlink(missing_ok=True)
        raise


def _check_operators(path: Path, source: PirProgram) -> None:
    """Name all operators that are not known at once."""
    unknown = Counter(
        operator.full_name
        for operator in source.operators
        if operator.full_name not in _EDGES and table.find(operator) is None
    )
    if unknown:
        names = ", ".join(f"{name} ({count})" for name, count in unknown.items())
        raise OptError(f"{path}: has operators that are not known here: {names}; {_INSTEAD} them")
    for edge in _EDGES:
        if not any(operator.full_name == edge for operator in source.operators):
            raise OptError(
                f"{path}: has no {edge}, so no {'input' if edge == _EDGES[0] else 'output'};"
                " export the model with paddle.jit.save or PaddleOCR's tools/export_model.py"
            )


def _weights(path: Path, source: PirProgram, weights: Path) -> dict[str, npt.NDArray[np.generic]]:
    """Values of the parameters by name."""
    shapes = {parameter.name: parameter.tensor.shape for parameter in source.parameters}
    if len(shapes) != len(source.parameters):
        raise OptError(f"{path}: two parameters have one name; export the model again")
    for parameter in source.parameters:
        if parameter.tensor.dtype != "float32":
            raise OptError(
                f"{path}: the weight {parameter.name!r} is of {parameter.tensor.dtype}, expected"
                " float32; export the model in float32, --precision chooses that of a pack"
            )
    ordered = dict(sorted(shapes.items()))
    for name, record in zip(ordered, params.check_shapes(ordered, path.name, weights)):
        if record.dtype != "float32":
            raise OptError(
                f"{weights}: holds {name!r} as {record.dtype}, expected float32 as in {path.name};"
                " copy both files again"
            )
    return {name: params.array(data) for name, data in params.load(weights, ordered).items()}


def _translated(
    path: Path, source: PirProgram, values: Mapping[str, npt.NDArray[np.generic]]
) -> ProgramWriter:
    writer = ProgramWriter()
    scope = Scope(writer)
    for parameter in source.parameters:
        scope.define(parameter.id, Constant(parameter.name, values[parameter.name]))
    for operator in sorted(source.operators, key=_column):
        step = Step(operator, scope)
        try:
            _translate(step)
        except TranslationError as error:
            raise OptError(f"{path}: {error}") from None
        except (ValueError, TypeError, LookupError, ArithmeticError) as error:
            reason = " ".join(str(error).split())
            raise OptError(
                f"{path}: {operator.location} cannot be translated: {reason}; {_INSTEAD} it"
            ) from None
    return writer


def _column(operator: Operator) -> int:
    """Outputs in their order, after all else."""
    column = operator.attributes.get("col", 0)
    return 1 + column if operator.name == "fetch" and isinstance(column, int) else 0


def _translate(step: Step) -> None:
    if step.source.full_name == "pd_op.data":
        _feed(step)
    elif step.source.full_name == "pd_op.fetch":
        _fetch(step)
    elif (rule := table.find(step.source)) is not None and not _folded(step, rule):
        rule.translate(step)


def _folded(step: Step, rule: Rule) -> bool:
    """Work out an operator whose operands are all known."""
    operands = step.every() if rule.fold else []
    known = [operand.values for operand in operands if isinstance(operand, Constant)]
    if rule.fold is None or not operands or len(known) != len(operands):
        return False
    values = np.asarray(rule.fold(step, known))
    # A weight under other axes is called as it was.
    first = operands[0]
    same = values.size == known[0].size and np.shares_memory(values, known[0])
    step.fold(values, first.name if same else "")
    return True


def _feed(step: Step) -> None:
    tensor = step.tensor
    name = step.scope.writer.feed(step.attribute("name", str), tensor.shape, tensor.dtype)
    sizes = fresh(step.result, tensor.shape)
    step.scope.define(step.result, Variable(name, tensor.shape, tensor.dtype, sizes))


def _fetch(step: Step) -> None:
    if step.constant(0) is not None:
        raise step.error("gives a tensor that no input has a part in")
    step.scope.writer.fetch(step.name(0))
