"""``pack.json`` as it is written; :func:`lite_runner.pack.load` reads and checks it."""

from __future__ import annotations

from typing import Mapping, TypedDict

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


class NetworkEntry(StageSettings, total=False):
    """One network: its file, where it comes from, and how it is fed and read.

    Attributes:
        file: its name in the pack.
        sha256: of the file.
        source: the model it was made from.
        opt: the version of opt that wrote it.
        precision: ``fp32``, ``fp16``, ``int8`` or ``int16``.
        folded: how often each pass of folding changed something.
        memory: None where nothing is shared.
    """

    file: str
    sha256: str
    source: str
    opt: str
    precision: str
    folded: Mapping[str, int]
    memory: SharedMemory | None


class FileEntry(TypedDict):
    """A file of the pack."""

    file: str
    sha256: str


class GoldenEntry(TypedDict):
    """The picture a pack is verified with, and the lines it must read."""

    image: str
    sha256: str
    lines: list[str]


class PackDocument(TypedDict):
    """All of ``pack.json``, in the order in which it is written."""

    schema: int
    name: str
    lite_version: str
    runtimes: list[str]
    arch: str
    processor: str
    cls: NetworkEntry | None
    det: NetworkEntry
    rec: NetworkEntry
    dictionary: FileEntry
    golden: GoldenEntry
