"""What a benchmark records: the project's benchmark format (docs/benchmarks.md), as JSON.

Files of it are kept and compared for years: keys stay as they are.
"""

# ruff: noqa: UP045 - hosts resolve these hints, also with Python 3.9, which has no "X | None"
from __future__ import annotations

from typing import Optional, Sequence, TypedDict, Union, final

from lite_runner.bench.messages import About, Image, Model, Passes, Text
from lite_runner.scoring.scores import DetectionScore, TextScore


class Throttling(TypedDict):
    """Reasons why a board throttled; empty if there was none, None if it cannot report any."""

    throttled: Optional[Sequence[str]]


class State(Throttling):
    """Clocks, temperatures and load of a board at one moment; None for what it does not report.

    Attributes:
        mhz: clock of each core.
        governor: those of the kernel that set the clocks, each once.
        celsius: by sensor.
        load: running tasks, averaged over 1, 5 and 15 minutes.
    """

    mhz: Optional[list[int]]
    governor: Optional[list[str]]
    celsius: Optional[dict[str, float]]
    load: Optional[list[float]]


class Board(TypedDict):
    """Where a benchmark ran.

    Attributes:
        machine: ``uname -m``.
        system: the platform's name for itself.
        model: name in the device tree; empty where there is none.
        cpu: name of its cores; empty where it is not known.
        cores: that the benchmark may use.
        memory: in bytes; None where the system does not tell.
    """

    machine: str
    system: str
    model: str
    cpu: str
    cores: int
    memory: Optional[int]


class Settings(TypedDict):
    """How much was asked for; see :class:`lite_runner.bench.run.Plan`."""

    warmup: int
    passes: int
    stable: float
    limit_seconds: float
    seed: int
    min_turns: int


class SessionMeasures(Passes):
    """Measurements of one process: it loads, warms up, then reads all pictures several times.

    Attributes:
        startup: seconds from the process's start until it could read.
        cold: whether its files had been dropped from the page cache before.
        load: of ``startup``, seconds for opening the reader.
        peak_rss: most memory it held, in bytes.
        before: the board's state before it.
        after: and after it.
    """

    startup: float
    cold: bool
    load: float
    peak_rss: Optional[int]
    before: State
    after: State


class Session(SessionMeasures):
    """A session in the record; ``at`` is seconds from the run's start.

    ``order`` is its number among all sessions of the run.
    """

    order: int
    at: float


class SessionReading(TypedDict):
    """What a session reports and reads.

    Attributes:
        about: of its reader.
        read: what it read first of each picture; None where it could not be read.
        steady: whether every pass read the same.
    """

    about: About
    read: list[Optional[Text]]
    steady: bool


class SessionOutcome(SessionMeasures, SessionReading):
    """All that comes of one session."""


@final
class Measurement(Session, SessionReading):
    """A session as the board reports it, with the index of its candidate."""

    candidate: int


@final
class Failure(TypedDict):
    """Why a candidate's session failed; the candidate is not measured any more."""

    candidate: int
    failed: str


class Begin(TypedDict):
    """First event of a run.

    Attributes:
        started: in ISO 8601 and UTC.
        board: where.
        settings: how much.
        images: the pictures.
        candidates: names.
        skipped: sentences on what is not measured.
    """

    started: str
    board: Board
    settings: Settings
    images: list[Image]
    candidates: list[str]
    skipped: list[str]


class End(TypedDict):
    """Last event of a run; ``stopped`` is the reason why it ended early, if it did."""

    seconds: float
    stopped: Optional[str]


#: What a run reports as it goes, by kind: ``begin``, ``turn``, ``end``, and ``say`` for messages.
Event = Union[Begin, Measurement, Failure, End, str]


class Host(TypedDict):
    """What only the host knows; ``host`` is the board's address."""

    target: Optional[str]
    host: Optional[str]
    emulated: bool


class ImageSummary(TypedDict):
    """A picture in the record; ``boxes`` is whether true boxes are labelled."""

    image: str
    sha256: str
    width: int
    height: int
    lines: Optional[list[str]]
    boxes: bool


class Spread(TypedDict):
    """Order statistics, in milliseconds."""

    min: float
    median: float
    p90: float
    max: float


class Counts(TypedDict):
    """Instructions one thread takes to read ``images`` pictures, of each stage and in all.

    ``decode`` is None where it is counted with ``detect``.
    """

    images: int
    decode: Optional[float]
    detect: float
    classify: float
    recognise: float
    total: float


class Instructions(Counts):
    """The same with the name of the picture."""

    image: str


class CandidateResult(TypedDict):
    """Measurements of a candidate; None for what no session reported.

    Attributes:
        id: name of the candidate.
        texts: lines of each picture, as the first session read them first.
        steady: whether all sessions read the same, every time.
        summary: by stage.
        lines_per_second: of the median pass.
        startup_cold: median seconds until it could read, with nothing in the page cache.
        startup_warm: and after other sessions.
        load: median seconds of opening the reader.
        peak_rss: most memory of any session, in bytes.
        instructions: counted on emulated boards only.
        stable: whether the median is known as well as was asked for.
        failed: why it is not measured, or not to the end.
        turns: its sessions.
    """

    id: str
    engine: Optional[str]
    engine_version: Optional[str]
    reader: Optional[str]
    pack: Optional[str]
    models: Optional[dict[str, Model]]
    threads: Optional[int]
    power: Optional[str]
    workers: Optional[int]
    bucket: Optional[int]
    max_side: Optional[int]
    texts: Optional[list[Optional[list[str]]]]
    steady: Optional[bool]
    accuracy: Optional[TextScore]
    detection: Optional[DetectionScore]
    summary: Optional[dict[str, Spread]]
    lines_per_second: Optional[float]
    startup_cold: Optional[float]
    startup_warm: Optional[float]
    load: Optional[float]
    peak_rss: Optional[int]
    instructions: Optional[Instructions]
    stable: bool
    failed: Optional[str]
    turns: list[Session]


class Result(Host):
    """The record of a run.

    Attributes:
        schema: version of the format.
        lite_ocr: version of this project.
        started: in ISO 8601 and UTC.
        seconds: the run took.
        complete: False for a run that was interrupted or cut off.
        stopped: why it ended early, if it did.
        board: where.
        settings: how much.
        images: the pictures.
        candidates: what was measured.
        skipped: sentences on what was not.
    """

    schema: int
    lite_ocr: str
    started: str
    seconds: float
    complete: bool
    stopped: Optional[str]
    board: Board
    settings: Settings
    images: list[ImageSummary]
    candidates: list[CandidateResult]
    skipped: list[str]
