"""What a user wants to know of a network: inputs, outputs, operators, precision."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Iterable, Mapping

from opt_models.formats.topology import TENSOR, Operator, Topology, Variable

#: Names the kernel opt chose for an operator: type/alias/target/precision/layout, in numbers
#: (Paddle-Lite, lite/core/kernel.cc and lite/api/paddle_place.h).
KERNEL = "__@kernel_type_attr@__"
_FP16_KERNEL = "5"
_INT8_KERNEL = "2"

#: Operators that only quantised programs have. `moving_average_abs_max_scale` is none of them: it
#: merely measures, and stays behind in programs exported without quantisation.
_QUANTISED = (
    "fake_quantize",
    "fake_channel_wise_quantize",
    "fake_dequantize",
    "fake_channel_wise_dequantize",
    "quantize_linear",
    "dequantize_linear",
)


@dataclass(frozen=True)
class Tensor:
    """An input or output.

    Attributes:
        shape: as declared; -1 where it depends on the input.
        dtype: as numpy calls it.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Summary:
    """What a network takes, gives and does.

    Attributes:
        inputs, outputs: in the order in which a predictor has them.
        operators: how often each type occurs, the most frequent first.
        precision: of its arithmetic or weights: ``fp32``, ``fp16``, ``int8`` or ``int16``.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    operators: Mapping[str, int]
    precision: str


def summarise(topology: Topology, stored: Iterable[str] = ()) -> Summary:
    """The summary of a network.

    Args:
        topology: of the network.
        stored: the dtypes its weights are stored in, where they may differ from the declared ones.
    """
    counts = Counter(operator.type for operator in topology.operators)
    return Summary(
        inputs=_ends(topology, "feed"),
        outputs=_ends(topology, "fetch"),
        operators=dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
        precision=_precision(topology, stored),
    )


def _ends(topology: Topology, kind: str) -> tuple[Tensor, ...]:
    """The tensors that feed operators give, or fetch operators take, by column."""
    columns: list[tuple[int, str]] = []
    for operator in topology.operators:
        if operator.type == kind:
            sides = (
                operator.outputs.get("Out", ()) if kind == "feed" else operator.inputs.get("X", ())
            )
            column = operator.attributes.get("col")
            columns.extend((column if isinstance(column, int) else 0, name) for name in sides)
    return tuple(_tensor(topology, name) for _, name in sorted(columns, key=lambda item: item[0]))


def _tensor(topology: Topology, name: str) -> Tensor:
    unknown = Variable(name, TENSOR)
    variable = topology.variables.get(name, unknown)
    # What opt adds to convert a type, or to copy from a GPU, has no shape but a name of its own
    # behind that of what it converts.
    source = (
        variable if variable.shape else topology.variables.get(name.rpartition("/")[0], unknown)
    )
    return Tensor(name, source.shape, variable.dtype)


def _precision(topology: Topology, stored: Iterable[str]) -> str:
    """The smallest type that is computed with or, without special kernels, stored."""
    marks = {"int8", "int16", "float16"}.intersection(stored)
    marks.update(weight.dtype for weight in topology.weights.values())
    for operator in topology.operators:
        marks.update(_marks(operator))
    names = {"int8": "int8", "int16": "int16", "float16": "fp16"}
    return next((name for mark, name in names.items() if mark in marks), "fp32")


def _marks(operator: Operator) -> Iterable[str]:
    """Types an operator shows to be in use."""
    parts = str(operator.attributes.get(KERNEL, "")).split("/")
    if len(parts) == 5 and parts[3] in (_FP16_KERNEL, _INT8_KERNEL):
        yield "float16" if parts[3] == _FP16_KERNEL else "int8"
    # Written by training with quantisation, and by opt's own `--quant_model`.
    attributes = operator.attributes
    bits = attributes.get("quantize_weight_bits", attributes.get("bit_length", 8))
    if (
        operator.type.startswith(_QUANTISED)
        or attributes.get("enable_int8") is True
        or attributes.get("quantization_type")
    ):
        yield "int16" if bits == 16 else "int8"
