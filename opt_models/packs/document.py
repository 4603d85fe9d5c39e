"""One network in ``pack.json`` as it is written; all else is of :mod:`lite_runner.pack_file`."""

from __future__ import annotations

from typing import Mapping, TypedDict

from lite_runner.pack_file import FileRef
from opt_models.stage_settings import StageSettings


class SharedMemory(TypedDict):
    """What a network's variables took before and after they shared memory.

    Attributes:
        shape: of the input these figures are for, NCHW.
        before, after: in bytes.
    """

    shape: list[int]
    before: int
    after: int


class WrittenNetwork(FileRef, StageSettings, total=False):
    """One network: its file, where it comes from, and how it is fed and read.

    Readers know it as :class:`lite_runner.pack_file.NetworkEntry`, and pass over the rest.

    Attributes:
        source: the model it was made from.
        opt: the version of opt that wrote it.
        precision: ``fp32``, ``fp16``, ``int8`` or ``int16``.
        folded: how often each pass of folding changed something.
        memory: None where nothing is shared.
    """

    source: str
    opt: str
    precision: str
    folded: Mapping[str, int]
    memory: SharedMemory | None
