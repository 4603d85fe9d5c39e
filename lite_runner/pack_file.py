"""What ``pack.json`` says, as JSON: written where packs are made, read where they are used.

Packs of others come with one, too: a reader checks all of it (:func:`lite_runner.pack.load`).
"""

# ruff: noqa: UP045 - hosts resolve these hints, also with Python 3.9, which has no "X | None"
from __future__ import annotations

from typing import Optional, TypedDict


class FileRef(TypedDict):
    """A file in the pack's own folder."""

    file: str
    sha256: str


class _NetworkOptions(TypedDict, total=False):
    opt: str
    folded: dict[str, int]
    fixed_width: bool
    fixed_size: bool
    fixed_batch: bool


class NetworkEntry(FileRef, _NetworkOptions):
    """One ``.nb`` model; see :class:`lite_runner.pack.Network`."""

    source: str
    precision: str
    shape: list[int]
    mean: list[float]
    std: list[float]
    order: str


class DetectorEntry(NetworkEntry):
    """See :class:`lite_runner.pack.Detector`."""

    threshold: float
    box_threshold: float
    unclip_ratio: float
    min_side: int
    max_side: int
    dilate: bool


class ClassifierEntry(NetworkEntry):
    """See :class:`lite_runner.pack.Classifier`."""

    threshold: float


class _RecogniserOptions(TypedDict, total=False):
    direction: str


class RecogniserEntry(NetworkEntry, _RecogniserOptions):
    """See :class:`lite_runner.pack.Recogniser`.

    Attributes:
        classes: of the network's output, the blank among them.
        space: whether it knows a space that the dictionary does not list.
    """

    outputs: str
    blank: int
    offset: int
    classes: int
    space: bool


class GoldenEntry(TypedDict):
    """The picture that must read as ``lines``."""

    image: str
    sha256: str
    lines: list[str]


class _PackOptions(TypedDict, total=False):
    runtimes: list[str]
    processor: str
    cls: Optional[ClassifierEntry]
    others: list[FileRef]


class PackFile(_PackOptions):
    """See :class:`lite_runner.pack.Pack`; ``others`` are such as licences."""

    schema: int
    name: str
    lite_version: str
    arch: str
    det: DetectorEntry
    rec: RecogniserEntry
    dictionary: FileRef
    golden: GoldenEntry
