"""Whether a board, and Paddle-Lite's library for it, compute in the precision of a pack.

What cannot be computed ends the process: without its kernels the library aborts on a model in fp16,
and a processor older than ARMv8.2 does not know the instructions. Nor those between the kernels:
upstream compiles all of such a library for ARMv8.2, atomics (``ldaddal``) included.
"""

from __future__ import annotations

from cross_build.bundles.paddlelite import Library
from cross_build.errors import BoardError
from cross_build.targets.facts import Facts
from lite_runner.pack import Pack

#: Of the processor, as ``/proc/cpuinfo`` calls it: arithmetic in half precision.
FEATURE = "asimdhp"


def check(board: str, facts: Facts, pack: Pack, library: Library) -> None:
    """Refuse what would end the process on the board.

    Args:
        board: its name, for errors.
        facts: of the board; where its features are not known, its verification will tell.
        pack: for it.
        library: for it.

    Raises:
        BoardError: says what lacks what, and what to take instead.
    """
    lacks = facts.features is not None and FEATURE not in facts.features
    if any(network.precision == "fp16" for network in pack.networks.values()):
        other = "take the pack in fp32, or in int8, which every board computes"
        if facts.machine != "aarch64":
            raise BoardError(f"{board}: pack {pack.name} is in fp16, for 64-bit systems; {other}")
        if lacks:
            raise BoardError(
                f"{board}: pack {pack.name} is in fp16, which needs ARMv8.2 ({FEATURE}), as of"
                f" Raspberry Pi 5 and Jetson Orin; this processor has none of it: {other}"
            )
        if not library.fp16:
            raise BoardError(
                f"{board}: pack {pack.name} is in fp16, for which Paddle-Lite's library"
                f" {library.path} has no kernels; give a --runtime that was built with"
                f" --with_arm82_fp16=ON, or {other}"
            )
    if library.fp16 and lacks:
        raise BoardError(
            f"{board}: Paddle-Lite's library {library.path} was built for ARMv8.2 (fp16), this"
            f" processor is older ({FEATURE} is missing); give another --runtime"
        )
