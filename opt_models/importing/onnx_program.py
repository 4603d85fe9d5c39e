"""The Paddle program of an ONNX network."""

from __future__ import annotations

from opt_models.formats.program_writer import ProgramWriter
from opt_models.importing import onnx_constants
from opt_models.importing.onnx_network import Network, Node
from opt_models.importing.onnx_operators.table import OPERATORS
from opt_models.importing.onnx_patterns import table as patterns
from opt_models.importing.onnx_translation import Tensor, Translation
from opt_models.importing.sizes import declared
from opt_models.importing.unsupported import UnsupportedError


class NodeError(Exception):
    """A node that cannot be imported; the text names it and says why."""


def translate(network: Network) -> ProgramWriter:
    """Write a network as a program of Paddle.

    Raises:
        NodeError: a node of it has no counterpart.
    """
    writer = ProgramWriter()
    translation = Translation(network, writer)
    for entry in network.inputs:
        name = writer.feed(writer.name(entry.name), declared(entry.shape), entry.dtype)
        translation.bind(entry.name, Tensor(name, entry.shape, entry.dtype))
    for node in network.nodes:
        _evaluate(translation, node)
    covered: set[int] = set()
    for node in network.nodes:
        if id(node) not in covered and not _evaluate(translation, node):
            covered.update(_emit(translation, node))
    for name in network.outputs:
        writer.fetch(_output(translation, name))
    return writer


def _evaluate(translation: Translation, node: Node) -> bool:
    """Compute a node of constants; whether it is one."""
    constants = [translation.constant(name) for name in node.inputs]
    pairs = list(zip(node.inputs, constants))
    if any(name and values is None for name, values in pairs):
        return False
    if not all(name in translation for name in node.outputs if name):
        names = [name for name in node.outputs if name]
        for name, values in zip(names, onnx_constants.evaluate(node, constants)):
            translation.bind(name, values)
    return True


def _emit(translation: Translation, node: Node) -> set[int]:
    """Write a node, or the formula that begins at it; the nodes that are done with that."""
    match = patterns.match(translation, node)
    written, covered = (match.node, match.covered) if match else (node, (node,))
    try:
        emit = OPERATORS.get(written.operator)
        if emit is None:
            raise UnsupportedError("is no operator that can be imported")
        emit(translation, written)
    except UnsupportedError as error:
        raise NodeError(f"{node} {error}") from None
    return {id(entry) for entry in covered}


def _output(translation: Translation, name: str) -> str:
    return translation.output(name).name
