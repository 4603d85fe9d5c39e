"""Windows of convolutions and pools: padding, and sizes of what they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

from opt_models.importing.onnx_network import Node
from opt_models.importing.sizes import Shape, Size
from opt_models.importing.unsupported import UnsupportedError


@dataclass(frozen=True)
class Window:
    """Of two axes, height first.

    Attributes:
        same: padded so that strides alone make the output smaller, the odd row or column behind;
            ``pads`` is then 0 and depends on the input.
        pads: top, bottom, left, right.
    """

    kernel: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    same: bool
    pads: tuple[int, int, int, int]

    def attributes(self) -> dict[str, Any]:
        """As Paddle's operators have them; two pads where opposite sides are padded alike."""
        top, bottom, left, right = self.pads
        alike = top == bottom and left == right
        return {
            "strides": list(self.strides),
            "paddings": [top, left] if alike else list(self.pads),
            "padding_algorithm": "SAME" if self.same else "EXPLICIT",
        }

    def output(self, sizes: Sequence[Size], ceil: bool = False) -> Shape:
        """Height and width of what comes out."""
        return tuple(self._output(axis, size, ceil) for axis, size in enumerate(sizes))

    def _output(self, axis: int, size: Size, ceil: bool) -> Size:
        stride = self.strides[axis]
        if self.same:
            return (size + (stride - 1)) // stride
        span = self.dilations[axis] * (self.kernel[axis] - 1) + 1
        free = size + (self.pads[2 * axis] + self.pads[2 * axis + 1] - span)
        return (free + (stride - 1 if ceil else 0)) // stride + 1


def window(node: Node, kernel: Sequence[int], sizes: Sequence[Size]) -> Window:
    """The window a node's attributes describe.

    Args:
        kernel: its height and width.
        sizes: of the input.

    Raises:
        UnsupportedError: Paddle-Lite cannot pad so.
    """
    if len(kernel) != 2:
        raise UnsupportedError(f"works along {len(kernel)} axes, expected height and width")
    strides = _pair(node, "strides")
    dilations = _pair(node, "dilations")
    algorithm = node.attributes.get("auto_pad", "NOTSET")
    if algorithm == "SAME_UPPER" and dilations == (1, 1):
        return Window((kernel[0], kernel[1]), strides, dilations, True, (0, 0, 0, 0))
    if algorithm in ("SAME_UPPER", "SAME_LOWER"):
        spans = [dilation * (size - 1) + 1 for dilation, size in zip(dilations, kernel)]
        rows, columns = (
            _same(size, span, stride, algorithm == "SAME_UPPER")
            for size, span, stride in zip(sizes, spans, strides)
        )
        pads = (*rows, *columns)
    elif algorithm == "VALID":
        pads = (0, 0, 0, 0)
    else:
        top, left, bottom, right = node.attributes.get("pads", (0, 0, 0, 0))
        pads = (top, bottom, left, right)
    if min(pads) < 0:
        raise UnsupportedError(f"has negative pads {list(pads)}")
    return Window((kernel[0], kernel[1]), strides, dilations, False, pads)


def _same(size: Size, span: int, stride: int, upper: bool) -> tuple[int, int]:
    """Pads in front and behind that leave ``ceil(size / stride)`` positions."""
    if stride == 1:
        total = span - 1
    elif isinstance(size, int):
        total = max(0, ((size - 1) // stride) * stride + span - size)
    else:
        raise UnsupportedError(
            "pads by the size of its input, which is free",
            "export the network with pads as numbers, or with a fixed height and width",
        )
    small, large = total // 2, total - total // 2
    return (small, large) if upper else (large, small)


def _pair(node: Node, key: str) -> tuple[int, int]:
    first, second = node.attributes.get(key, (1, 1))
    return int(first), int(second)
