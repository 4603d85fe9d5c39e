"""Class probabilities of a recogniser: its softmax, added where an export ends before it."""

from __future__ import annotations

import sys
from pathlib import Path

from opt_models.errors import OptError
from opt_models.folding import fold
from opt_models.folding.graph import Graph
from opt_models.formats.inference_model import ModelFiles
from opt_models.formats.operator import Operator

#: Operators that change no value, or only where it stands.
_MOVES = (
    *("assign", "cast", "share_data", "reshape2", "transpose2", "squeeze2", "unsqueeze2"),
    *("flatten_contiguous_range", "slice"),
)
#: What gives probabilities; a softmax written out ends in a division by the sum.
_PROBABILITIES = ("softmax", "elementwise_div")
#: What gives scores to take a softmax of: a linear layer, with or without a bias, or logarithms of
#: probabilities, whose softmax they are.
_SCORES = ("mul", "matmul", "matmul_v2", "fc", "elementwise_add", "conv2d", "log_softmax")


def with_softmax(files: ModelFiles, source: str, work: Path) -> ModelFiles:
    """A recogniser that gives probabilities: as it is, or with a softmax behind its scores.

    Without one the scores of a line are no shares of 1, and nothing is dropped by them.

    Args:
        files: of a recogniser.
        source: names it in errors.
        work: folder for what is written.

    Raises:
        OptError: it gives neither probabilities nor scores to make some of.
    """
    graph = fold.read(files)
    outputs = [operator for operator in graph.operators if operator.type == "fetch"]
    if len(outputs) != 1 or not graph.is_simple:
        return files  # V1.x decodes in the network, from probabilities
    maker = _maker(graph, outputs[0].inputs[0])
    kind = "nothing" if maker is None else maker.type
    if kind in _PROBABILITIES:
        return files
    if kind not in _SCORES:
        raise OptError(
            f"--rec: {source} ends in {kind}; expected a softmax over the classes, or the linear"
            " layer before it: export it as PaddleOCR's tools/export_model.py does"
        )
    print(f"  rec: ends in {kind}, without softmax: one is added", file=sys.stderr)
    _add_softmax(graph, outputs[0])
    written = ModelFiles(work / "softmax.pdmodel", work / "softmax.pdiparams")
    graph.write(written.program, written.params)
    return written


def _maker(graph: Graph, name: str) -> Operator | None:
    """The operator that computes the values of a variable."""
    maker = graph.maker(name)
    while maker is not None and (maker.type in _MOVES or _is_identity(maker)):
        maker = graph.maker(maker.inputs[0])
    return maker


def _is_identity(operator: Operator) -> bool:
    """Whether it is the scale by 1 that Paddle 2 wrote before each output."""
    return (
        operator.type == "scale"
        and operator.get("scale", 1.0) == 1.0
        and operator.get("bias", 0.0) == 0.0
    )


def _add_softmax(graph: Graph, output: Operator) -> None:
    scores = output.inputs[0]
    shares = graph.add_variable(scores)
    maker = graph.maker(scores)
    if maker is None:
        raise ValueError(f"nothing computes {scores}")
    graph.insert(Operator.new("softmax", {"X": scores}, {"Out": shares}, axis=-1), after=maker)
    output.rename_input(scores, shares)
    graph.changed()
