"""The result of a benchmark: its JSON file, checked, as frozen objects."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Mapping, NamedTuple, Sequence

import numpy as np
import numpy.typing as npt

from cross_build.bench.reports.field import Field
from cross_build.errors import ReportError

#: Of the JSON that is understood here.
SCHEMA = 1
#: Of reading a picture, in order; the last column of times is their ``total``.
STAGES = ("decode", "detect", "classify", "recognise")
TOTAL = "total"
TIMES = (*STAGES, TOTAL)

Times = npt.NDArray[np.float64]


class Key(NamedTuple):
    """What tells candidates of different runs apart, whatever they are called.

    Empty texts and zeros where a candidate failed before it could say anything.
    """

    engine: str
    pack: str
    threads: int
    power: str | None
    workers: int
    bucket: int | None = None
    max_side: int | None = None


@dataclass(frozen=True)
class Device:
    """Where a benchmark ran.

    Attributes:
        machine: ``uname -m``.
        system: the platform's name for itself.
        model: what the device tree says; empty where nobody says.
        cores: how many.
        memory: in bytes.
        cpu: the name of its cores; empty where nobody says.
    """

    machine: str
    system: str
    model: str
    cores: int | None
    memory: int | None
    cpu: str


@dataclass(frozen=True)
class Picture:
    """A picture that was read.

    Attributes:
        name: of its file.
        sha256: of its bytes.
        width: in pixels.
        height: in pixels.
        lines: true text in reading order, where it is labelled.
        boxes: whether true boxes are labelled.
    """

    name: str
    sha256: str
    width: int
    height: int
    lines: tuple[str, ...] | None
    boxes: bool


@dataclass(frozen=True)
class State:
    """How a board stood at one moment; None for what nobody could tell.

    Attributes:
        mhz: of each core.
        governors: of frequencies.
        celsius: by sensor.
        throttled: what holds or held the board back; empty if it was asked and said nothing.
        load: averages of 1, 5 and 15 minutes.
    """

    mhz: tuple[float, ...] | None
    governors: tuple[str, ...] | None
    celsius: Mapping[str, float] | None
    throttled: tuple[str, ...] | None
    load: tuple[float, ...] | None


@dataclass(frozen=True, eq=False)
class Turn:
    """One process: it loads, warms up, then reads all pictures several times.

    Attributes:
        order: place among all turns of the run.
        at: seconds from the run's start.
        startup: seconds from the process's start until it could read.
        cold: whether files had been dropped from the page cache before.
        load: of ``startup``, seconds for models.
        peak_rss: in bytes.
        before: the board's state before it.
        after: and after it.
        times: float64 of passes x pictures x :data:`TIMES`, in seconds; NaN where a picture could
            not be read.
    """

    order: int
    at: float | None
    startup: float | None
    cold: bool
    load: float | None
    peak_rss: int | None
    before: State
    after: State
    times: Times

    def passes(self, stage: str, pictures: Sequence[int] | None = None) -> Times:
        """Seconds per picture of each pass: float64 of at most as many items as there are passes.

        Args:
            stage: one of :data:`TIMES`.
            pictures: their places in the run's list; all if None. Those a pass could not read are
                left out of its mean, and a pass that read none is left out itself.
        """
        column = self.times[:, :, TIMES.index(stage)]
        if pictures is not None:
            column = column[:, list(pictures)]
        read = np.isfinite(column)
        column = column[read.any(axis=1)]
        read = read[read.any(axis=1)]
        means: Times = np.where(read, column, 0).sum(axis=1) / read.sum(axis=1)
        return means


@dataclass(frozen=True)
class Network:
    """A model of a candidate."""

    sha256: str
    source: str
    precision: str


@dataclass(frozen=True)
class TextAccuracy:
    """Characters wrong, missing or too many, the true ones, and their ratio; without white space.

    Attributes:
        spaced: the same with spaces; None in records of before they were counted.
    """

    errors: int
    characters: int
    cer: float
    spaced: TextAccuracy | None = None


@dataclass(frozen=True)
class Detection:
    """How well quads were found; counts are of quads."""

    hmean: float
    precision: float
    recall: float
    matched: int
    true: int
    found: int


@dataclass(frozen=True)
class Spread:
    """Milliseconds per picture of a stage over all passes."""

    least: float | None
    median: float | None
    p90: float | None
    most: float | None


@dataclass(frozen=True)
class Instructions:
    """Instructions per picture, counted on an emulated board; None for a stage not counted.

    Attributes:
        images: over how many pictures.
        stages: by :data:`TIMES`.
    """

    images: int
    stages: Mapping[str, float | None]


@dataclass(frozen=True, eq=False)
class Candidate:
    """One reader with one pack and one setting.

    Attributes:
        id: unique in its run, for people.
        key: what it is.
        engine_version: of the inference library.
        reader: name and version of the program around it.
        models: by stage; None for a stage it leaves out.
        turns: that went well.
        texts: lines read of each picture; None where none were.
        steady: whether every pass read the same.
        accuracy: over labelled pictures.
        detection: over pictures with labelled boxes.
        summary: by :data:`TIMES`; a stage nobody timed is not there.
        lines_per_second: by the median pass.
        startup_cold: median seconds.
        startup_warm: median seconds.
        load: median seconds.
        peak_rss: bytes, of the worst turn.
        stable: whether the median is known as well as was asked for.
        failed: why no turn went well, in one line.
        instructions: of an emulated board.
    """

    id: str
    key: Key
    engine_version: str
    reader: str
    models: Mapping[str, Network | None]
    turns: tuple[Turn, ...]
    texts: tuple[tuple[str, ...] | None, ...]
    steady: bool | None
    accuracy: TextAccuracy | None
    detection: Detection | None
    summary: Mapping[str, Spread]
    lines_per_second: float | None
    startup_cold: float | None
    startup_warm: float | None
    load: float | None
    peak_rss: int | None
    stable: bool | None
    failed: str | None
    instructions: Instructions | None

    def median(self, stage: str = TOTAL) -> float | None:
        """Median milliseconds per picture of a stage."""
        spread = self.summary.get(stage)
        return None if spread is None else spread.median

    def passes(self, stage: str, pictures: Sequence[int] | None = None) -> list[Times]:
        """Seconds per picture of each turn's passes; turns without any are left out."""
        found = [turn.passes(stage, pictures) for turn in self.turns]
        return [one for one in found if one.size]

    def always_read(self) -> frozenset[int]:
        """The pictures every pass read, by their places in the run's list."""
        if not any(len(turn.times) for turn in self.turns):
            return frozenset()
        read = np.concatenate([turn.times[:, :, -1] for turn in self.turns])
        return frozenset(np.flatnonzero(np.isfinite(read).all(axis=0)).tolist())


@dataclass(frozen=True, eq=False)
class Run:
    """One run of a benchmark.

    Attributes:
        name: what it is called in errors and comparisons, mostly its file.
        lite_ocr: version of this project that ran it.
        started: aware of its time zone.
        seconds: of the whole run.
        complete: False if it was interrupted; what is there is good.
        stopped: why it ended early.
        emulated: if so, times say nothing.
        target: kind of board; None if it was run on a board by hand.
        host: which board.
        device: the board's facts.
        settings: as given.
        pictures: in the order of all lists of pictures.
        candidates: in the order they were given.
        skipped: sentences on what was not tried.
    """

    name: str
    lite_ocr: str
    started: datetime
    seconds: float | None
    complete: bool
    stopped: str | None
    emulated: bool
    target: str | None
    host: str | None
    device: Device
    settings: Mapping[str, Any]
    pictures: tuple[Picture, ...]
    candidates: tuple[Candidate, ...]
    skipped: tuple[str, ...]


def load(path: Path) -> Run:
    """A run from its file.

    Raises:
        ReportError: there is no such file, or it is no result, one of another schema, or damaged.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ReportError(
            f"{path}: cannot be read: {error.strerror}; give the JSON file a benchmark wrote"
        ) from error
    except UnicodeDecodeError as error:
        raise _not_json(path) from error
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _not_json(path) from error
    return parse(data, str(path))


def parse(data: object, name: str) -> Run:
    """A run from what its JSON holds; unknown keys are left alone.

    Args:
        data: as :func:`json.loads` gives it.
        name: what errors call it.

    Raises:
        ReportError: it is no result, one of another schema, or damaged.
    """
    if not isinstance(data, dict) or "schema" not in data:
        raise ReportError(
            f"{name}: holds no benchmark: expected an object with the key 'schema', found"
            f" {type(data).__name__}; give the JSON file a benchmark wrote"
        )
    if data["schema"] != SCHEMA or isinstance(data["schema"], bool):
        raise ReportError(
            f"{name}: is of schema {data['schema']!r:.40}, expected {SCHEMA}; read it with the"
            " version of lite-ocr that wrote it, or run the benchmark again"
        )
    return _run(Field(data, "", name))


def _not_json(path: Path) -> ReportError:
    return ReportError(f"{path}: is not JSON; give the JSON file a benchmark wrote")


def _run(root: Field) -> Run:
    pictures = tuple(_picture(one) for one in root["images"].items())
    candidates = tuple(_candidate(one, len(pictures)) for one in root["candidates"].items())
    seen: set[str] = set()
    for at, candidate in enumerate(candidates):
        if candidate.id in seen:
            raise root["candidates"].items()[at]["id"].damage("an id no other candidate has")
        seen.add(candidate.id)
    return Run(
        name=root.file,
        lite_ocr=root["lite_ocr"].maybe(Field.text) or "",
        started=_moment(root["started"]),
        seconds=root["seconds"].maybe(Field.number),
        complete=root["complete"].flag(),
        stopped=root["stopped"].maybe(Field.text),
        emulated=root["emulated"].flag(),
        target=root["target"].maybe(Field.text),
        host=root["host"].maybe(Field.text),
        device=_device(root["board"]),
        settings=root["settings"].maybe(_settings) or {},
        pictures=pictures,
        candidates=candidates,
        skipped=root["skipped"].maybe(Field.texts) or (),
    )


def _moment(field: Field) -> datetime:
    try:
        # Before Python 3.11 fromisoformat knows no Z.
        found = datetime.fromisoformat(field.text().replace("Z", "+00:00"))
        return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).astimezone(
            timezone.utc
        )
    except (ValueError, OverflowError) as error:
        raise field.damage("a date and time as in ISO 8601") from error


def _device(field: Field) -> Device:
    return Device(
        machine=field["machine"].maybe(Field.text) or "",
        system=field["system"].maybe(Field.text) or "",
        model=field["model"].maybe(Field.text) or "",
        cores=field["cores"].maybe(Field.whole),
        memory=field["memory"].maybe(Field.whole),
        cpu=field["cpu"].maybe(Field.text) or "",
    )


def _picture(field: Field) -> Picture:
    return Picture(
        name=field["image"].text(),
        sha256=field["sha256"].text(),
        width=field["width"].whole(),
        height=field["height"].whole(),
        lines=field["lines"].maybe(Field.texts),
        boxes=field["boxes"].maybe(Field.flag) or False,
    )


def _candidate(field: Field, pictures: int) -> Candidate:
    texts = field["texts"].maybe(
        lambda found: tuple(one.maybe(Field.texts) for one in found.items())
    )
    if texts is not None and len(texts) != pictures:
        raise field["texts"].damage(f"an item for each of {pictures} pictures")
    turns = tuple(_turn(one, pictures) for one in field["turns"].maybe(Field.items) or ())

    summary = field["summary"].maybe(Field.members) or {}
    spreads = {stage: one.maybe(_spread) for stage, one in summary.items() if stage in TIMES}
    return Candidate(
        id=field["id"].text(),
        key=Key(
            engine=field["engine"].text() if turns else "",
            pack=field["pack"].text() if turns else "",
            threads=field["threads"].whole() if turns else 0,
            power=field["power"].maybe(Field.text),
            workers=field["workers"].whole() if turns else 0,
            bucket=field["bucket"].maybe(Field.whole),
            max_side=field["max_side"].maybe(Field.whole),
        ),
        engine_version=field["engine_version"].maybe(Field.text) or "",
        reader=field["reader"].maybe(Field.text) or "",
        models={
            stage: one.maybe(_network)
            for stage, one in (field["models"].maybe(Field.members) or {}).items()
        },
        turns=turns,
        texts=texts if texts is not None else (None,) * pictures,
        steady=field["steady"].maybe(Field.flag),
        accuracy=field["accuracy"].maybe(_accuracy),
        detection=field["detection"].maybe(_detection),
        summary={stage: one for stage, one in spreads.items() if one is not None},
        lines_per_second=field["lines_per_second"].maybe(Field.number),
        startup_cold=field["startup_cold"].maybe(Field.number),
        startup_warm=field["startup_warm"].maybe(Field.number),
        load=field["load"].maybe(Field.number),
        peak_rss=field["peak_rss"].maybe(Field.whole),
        stable=field["stable"].maybe(Field.flag),
        failed=field["failed"].maybe(Field.text),
        instructions=field["instructions"].maybe(_instructions),
    )


def _network(field: Field) -> Network:
    return Network(
        sha256=field["sha256"].text(),
        source=field["source"].maybe(Field.text) or "",
        precision=field["precision"].maybe(Field.text) or "",
    )


def _turn(field: Field, pictures: int) -> Turn:
    rows = [_pass(one, pictures) for one in field["passes"].items()]
    return Turn(
        order=field["order"].whole(),
        at=field["at"].maybe(Field.number),
        startup=field["startup"].maybe(Field.number),
        cold=field["cold"].maybe(Field.flag) or False,
        load=field["load"].maybe(Field.number),
        peak_rss=field["peak_rss"].maybe(Field.whole),
        before=_state(field["before"]),
        after=_state(field["after"]),
        times=np.array(rows, dtype=np.float64).reshape(len(rows), pictures, len(TIMES)),
    )


def _pass(field: Field, pictures: int) -> list[list[float]]:
    found = field.items()
    if len(found) != pictures:
        raise field.damage(f"an item for each of {pictures} pictures")
    return [one.maybe(_times) or [np.nan] * len(TIMES) for one in found]


def _times(field: Field) -> list[float]:
    # A reader that is not ours may not tell all stages; the total is always known.
    stages = [field[stage].maybe(Field.number) for stage in STAGES]
    return [np.nan if one is None else one for one in stages] + [field[TOTAL].number()]


def _state(field: Field) -> State:
    if field.value is None:
        return State(None, None, None, None, None)
    return State(
        mhz=field["mhz"].maybe(_numbers),
        governors=field["governor"].maybe(Field.texts),
        celsius=field["celsius"].maybe(
            lambda found: {name: one.number() for name, one in found.members().items()}
        ),
        throttled=field["throttled"].maybe(Field.texts),
        load=field["load"].maybe(_numbers),
    )


def _numbers(field: Field) -> tuple[float, ...]:
    return tuple(one.number() for one in field.items())


def _spread(field: Field) -> Spread:
    least, median, p90, most = (
        field[name].maybe(Field.number) for name in ("min", "median", "p90", "max")
    )
    return Spread(least, median, p90, most)


def _accuracy(field: Field) -> TextAccuracy:
    return TextAccuracy(
        field["errors"].whole(),
        field["characters"].whole(),
        field["cer"].number(),
        field["spaced"].maybe(_accuracy),
    )


def _detection(field: Field) -> Detection:
    return Detection(
        hmean=field["hmean"].number(),
        precision=field["precision"].number(),
        recall=field["recall"].number(),
        matched=field["matched"].whole(),
        true=field["true"].whole(),
        found=field["found"].whole(),
    )


def _instructions(field: Field) -> Instructions:
    return Instructions(
        images=field["images"].whole(),
        stages={stage: field[stage].maybe(Field.number) for stage in TIMES},
    )


def _settings(field: Field) -> dict[str, Any]:
    return {name: one.value for name, one in field.members().items()}
