"""What a pack is built for, whatever it is made from."""

from __future__ import annotations

from dataclasses import dataclass

from opt_models.errors import CatalogError
from opt_models.runtime import Runtime

#: What ``--precision`` takes: how weights are stored or computed with.
PRECISIONS = ("fp32", "fp16", "int8", "int16")


@dataclass(frozen=True)
class BuildOptions:
    """What all networks of a pack have in common.

    Attributes:
        runtime: what they are for.
        precision: one of :data:`PRECISIONS`, for networks that are still fp32; as published if
            None. ``int8`` and ``int16`` store weights quantised, ``fp16`` lets networks compute in
            half precision that do so correctly (:func:`opt_models.catalog.catalog.fp16_stages`).
        fold: fold fp32 networks before opt (see :mod:`opt_models.folding`).

    Raises:
        CatalogError: the precision is none, or does not fit the runtime.
    """

    runtime: Runtime
    precision: str | None = None
    fold: bool = True

    def __post_init__(self) -> None:
        if self.precision not in (None, *PRECISIONS):
            raise CatalogError(
                f"--precision: {self.precision!r} is not one of {', '.join(PRECISIONS)}; leave it"
                " out to keep the networks as published"
            )
        if self.precision == "fp16" and self.runtime.arch == "x86":
            raise CatalogError(
                "--precision fp16: Paddle-Lite computes in fp16 on ARM only; use int8 or int16 on"
                " x86, or an ARM --target"
            )
