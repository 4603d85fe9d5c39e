"""Zeros that an operator puts around the tensor its window moves over."""

from __future__ import annotations

from typing import Tuple

from opt_models.formats.operator import Operator

#: Rows above and below, columns to the left and to the right.
Paddings = Tuple[int, int, int, int]


def of_stride_1(operator: Operator, height: int, width: int) -> Paddings | None:
    """What a convolution or pooling with stride 1 and no dilation pads.

    ``SAME`` keeps the tensor's size; of an odd number of zeros the one more stands at the end
    (Paddle-Lite, lite/operators/conv_op.cc, UpdatePaddingAndDilation).

    Args:
        operator: with the attributes ``paddings`` and ``padding_algorithm``.
        height, width: of its window.

    Returns:
        None if there are neither two nor four paddings.
    """
    algorithm = operator.get("padding_algorithm", "EXPLICIT")
    if algorithm == "SAME":
        top, left = (height - 1) // 2, (width - 1) // 2
        return top, height - 1 - top, left, width - 1 - left
    if algorithm == "VALID":
        return 0, 0, 0, 0
    given = operator.get("paddings", [0, 0])
    if len(given) == 2:
        return given[0], given[0], given[1], given[1]
    if len(given) == 4:
        return given[0], given[1], given[2], given[3]
    return None
