"""What the verification of a release proves, as it lies beside the release in ``verified.json``.

A host reads it from boards, and a new runner that of an old one: keys stay as they are.
"""

from __future__ import annotations

from typing import Literal, TypedDict

#: The parts a picture is read in.
Stage = Literal["detect", "classify", "recognise"]
STAGES: tuple[Stage, ...] = ("detect", "classify", "recognise")


class StageSeconds(TypedDict):
    """Wall time of each stage of reading one picture."""

    detect: float
    classify: float
    recognise: float
    total: float


class ModelCapabilities(TypedDict):
    """What one model may be given; see :class:`lite_runner.predictor.protocol.Capabilities`."""

    reshapes: bool
    batches: bool


class _Probed(TypedDict, total=False):
    #: By the model's file name. Verifications of early runners did not probe models.
    freedom: dict[str, ModelCapabilities]


class Proof(_Probed):
    """A pack's golden picture as a board has read it.

    Attributes:
        pack: name of the pack.
        lite_version: release of Paddle-Lite that read.
        lines: text of each line that was read.
        seconds: what reading took, loading of the models included.
    """

    pack: str
    lite_version: str
    lines: list[str]
    seconds: StageSeconds
