"""ONNX files: read, and refused where a part is missing or of a kind that cannot be imported."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError, Message
from onnx.external_data_helper import load_external_data_for_model

from opt_models.errors import OptError

#: Protobuf's limit for a message; what is larger has its weights in files of their own.
_MAX_BYTES = 2**31 - 1
#: Versions of ONNX's operators whose changes were looked at.
OPSETS = range(9, 22)
_EXPORT = "export it again with an opset of 11 to 17"
_DOMAINS = ("", "ai.onnx")
_CONTROL = ("If", "Loop", "Scan", "SequenceMap")
_QUANTISED = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantize", "QLinear", "ConvInteger")
#: How files begin that bear the name of an ONNX file and are none.
_FOREIGN = {
    b"PK\x03\x04": "a zip archive, as torch.save writes checkpoints",
    b"\x80\x02": "a Python pickle, as torch.save writes checkpoints",
    b"\x80\x04": "a Python pickle",
    b"version https://git-lfs": "a Git LFS pointer in place of the file",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
}


def load(path: Path) -> onnx.ModelProto:
    """The model in a file that can be imported as far as its nodes' kinds tell.

    Weights in files beside it are brought in, from its own folder only.

    Raises:
        OptError: it is no ONNX model, not all of one, or of a kind that cannot be imported; says
            what is in the way, where, and what to do.
    """
    model = parse(path)
    if not model.graph.node or not model.graph.output:
        raise _no_model(path, "it has no operators")
    _check_opset(path, model)
    if model.functions:
        raise OptError(f"{path}: has functions of its own; {_EXPORT}, without functions")
    for node in model.graph.node:
        _check_node(path, node)
    _check_input(path, model)
    _load_external_data(path, model)
    return model


def parse(path: Path) -> onnx.ModelProto:
    """The model in a file, whatever it holds; without weights in other files.

    Raises:
        OptError: the file cannot be read or is no ONNX model.
    """
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise OptError(
                f"{path}: has {size} bytes, an ONNX file at most {_MAX_BYTES}; give a text reader's"
                " network, the largest published one has 100 MB"
            )
        data = path.read_bytes()
    except OSError as error:
        raise OptError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    for magic, kind in _FOREIGN.items():
        if data.startswith(magic):
            raise OptError(f"{path}: is {kind}; export the network to ONNX and give that file")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        raise _no_model(path, f"or cut off after {size} bytes") from None
    if not _is_text(model):
        raise _no_model(path, "a name in it is not UTF-8")
    if not model.ir_version:
        raise _no_model(path, "it names no version of the format")
    return model


def _is_text(message: Message) -> bool:
    """Whether all strings of a message are strings: protobuf gives bytes for what is not UTF-8."""
    for field, value in message.ListFields():
        if field.type not in (field.TYPE_STRING, field.TYPE_MESSAGE):
            continue
        values = [value] if isinstance(value, (str, bytes, Message)) else list(value)
        if any(isinstance(item, bytes) for item in values):
            return False
        if not all(_is_text(item) for item in values if isinstance(item, Message)):
            return False
    return True


def _no_model(path: Path, reason: str) -> OptError:
    return OptError(f"{path}: is no ONNX model, {reason}; copy or export it again")


def _check_opset(path: Path, model: onnx.ModelProto) -> None:
    versions = [row.version for row in model.opset_import if row.domain in _DOMAINS]
    if not versions:
        raise _no_model(path, "it does not say which opset it uses")
    if versions[0] not in OPSETS:
        age = "old" if versions[0] < OPSETS.start else "new"
        raise OptError(
            f"{path}: opset {versions[0]} is too {age}, {OPSETS.start} to {OPSETS.stop - 1} are"
            f" read; {_EXPORT}"
        )


def _check_node(path: Path, node: onnx.NodeProto) -> None:
    name = node.name or next(iter(node.output), "")
    where = f"{path}: node {name!r} ({node.op_type})"
    if node.domain not in _DOMAINS:
        raise OptError(
            f"{where} is of the domain {node.domain!r}, only ONNX's own operators can be imported;"
            " export the network again without another runtime's optimisations"
        )
    if node.op_type in _CONTROL:
        raise OptError(
            f"{where} is a loop or a branch, which cannot be imported; export the network with"
            " fixed control flow"
        )
    if node.op_type.startswith(_QUANTISED):
        raise OptError(
            f"{where}: the network is quantised, which cannot be imported; give the one in fp32"
            " (--precision int8 stores its weights in 8 bits)"
        )


def _check_input(path: Path, model: onnx.ModelProto) -> None:
    weights = {row.name for row in model.graph.initializer}
    inputs = [row for row in model.graph.input if row.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(row.name for row in inputs) or "none"
        raise OptError(
            f"{path}: has {len(inputs)} inputs ({names}), expected one, a batch of pictures; export"
            " the network alone"
        )
    tensor = inputs[0].type.tensor_type
    rank = len(tensor.shape.dim)
    if tensor.elem_type != onnx.TensorProto.FLOAT or rank != 4:
        raise OptError(
            f"{path}: input {inputs[0].name!r} is {_dtype(tensor.elem_type)} with {rank} axes,"
            " expected float with 4: [batch, 3, height, width]; export the network with"
            " preprocessing outside, in fp32"
        )


def _dtype(number: int) -> str:
    """What ONNX calls a type; a damaged file may have one that has no name."""
    names = {value: name.lower() for name, value in onnx.TensorProto.DataType.items()}
    return names.get(number, f"of type {number}")


def _load_external_data(path: Path, model: onnx.ModelProto) -> None:
    try:
        load_external_data_for_model(model, str(path.parent.resolve()))
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        reason = " ".join(str(error).split())[:160]
        raise OptError(
            f"{path}: its weights lie in another file, which cannot be read ({reason}); put that"
            " file beside it, or export again with all weights inside"
        ) from error
