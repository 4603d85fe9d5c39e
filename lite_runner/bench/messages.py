"""Messages between a host, a board's ``ocr bench --job`` and the sessions it starts, as JSON.

A host sends a :class:`Job`; the board sends each session a :class:`Request`, which answers with
:class:`Ready`, a :data:`Pass` for each pass that counts, and :class:`Done`.
"""

# ruff: noqa: UP045 - hosts resolve these hints, also with Python 3.9, which has no "X | None"
from __future__ import annotations

from typing import Dict, List, Optional, Tuple, TypedDict

from lite_runner.releases.proof import ModelCapabilities

#: Seconds of each of :data:`lite_runner.bench.statistics.STAGES`.
Times = Dict[str, float]
#: A pass: times of each picture; None where it could not be read.
Pass = List[Optional[Times]]
#: Four corners [x, y] in pixels, clockwise from the text's own top left.
Quad = List[List[float]]
#: Lines and their quads.
Text = Tuple[List[str], List[Quad]]


class Passes(TypedDict):
    """All passes of a session that count."""

    passes: list[Pass]


class Image(TypedDict):
    """A picture without its path.

    Attributes:
        detect: False for a picture that is one line as a whole.
        image: its name, for people.
        sha256: of the file.
        width: in pixels.
        height: in pixels.
        lines: ground truth; None if it is not known.
        boxes: ground truth, a quad for each line; None if it is not known.
    """

    detect: bool
    image: str
    sha256: str
    width: int
    height: int
    lines: Optional[list[str]]
    boxes: Optional[list[Quad]]


class Picture(Image):
    """A picture to be read, and its path on the machine that reads it."""

    path: str


class PictureFile(TypedDict):
    """A picture that a session is to read; see :class:`Picture`."""

    path: str
    detect: bool


class Setting(TypedDict, total=False):
    """Settings of a reader; its own default counts for what is None or left out.

    Attributes:
        pack: folder of a pack.
        threads: of each model.
        power: Paddle-Lite's power mode, on ARM.
        workers: lines recognised side by side.
        bucket: input widths of recognisers are multiples of this, in pixels.
        max_side: largest side of a detector's input, in pixels.
        freedom: capabilities of the pack's models, by file name.
        classify: False leaves the stage out.
        recognise: False leaves the stage out.
    """

    pack: Optional[str]
    threads: Optional[int]
    power: Optional[str]
    workers: Optional[int]
    bucket: Optional[int]
    max_side: Optional[int]
    freedom: Optional[dict[str, ModelCapabilities]]
    classify: bool
    recognise: bool


class Request(Setting):
    """What a session is to do.

    Attributes:
        warmup: passes over the pictures that do not count.
        passes: that count.
        pictures: to be read.
    """

    warmup: int
    passes: int
    pictures: list[PictureFile]


class Model(TypedDict):
    """A network that reads; ``source`` is the published model it was made from."""

    sha256: str
    source: str
    precision: str


class _MayBeTold(TypedDict, total=False):
    bucket: Optional[int]
    max_side: Optional[int]


class About(_MayBeTold):
    """What a session reports about its reader; the same for all sessions of a candidate.

    Attributes:
        engine: name of the inference library.
        engine_version: its release.
        reader: name and version of the reader.
        pack: name of the models.
        models: by stage: ``det``, ``cls``, ``rec``.
        threads: of each model.
        power: Paddle-Lite's power mode; None for other libraries.
        workers: lines recognised side by side.
    """

    engine: str
    engine_version: str
    reader: str
    pack: str
    models: dict[str, Model]
    threads: int
    power: Optional[str]
    workers: int


class Ready(About):
    """The session can read now; ``load`` is the seconds that opening its reader took."""

    load: float


class Done(TypedDict):
    """Last message of a session.

    Attributes:
        peak_rss: most memory it held, in bytes; None where it is not known.
        read: what it read first of each picture; None where it could not be read.
        steady: whether every pass read the same.
    """

    peak_rss: Optional[int]
    read: list[Optional[Text]]
    steady: bool


class CandidateSpec(TypedDict):
    """A :class:`lite_runner.bench.candidate.Candidate`."""

    name: str
    program: str
    request: Setting


class PlanSpec(TypedDict):
    """A :class:`lite_runner.bench.run.Plan`."""

    warmup: int
    passes: int
    min_sessions: int
    max_sessions: int
    stable: float
    limit: float
    seed: int
    patience: float


class Job(TypedDict):
    """What a host asks a board to measure; ``skipped`` are sentences on what is left out."""

    candidates: list[CandidateSpec]
    pictures: list[Picture]
    plan: PlanSpec
    skipped: list[str]
