"""The result of a benchmark: its JSON file, checked, as frozen objects.

Their fields are the file's: what may be null there, or is newer than some files, has a default.
"""

# Types are read while this runs, also by Python 3.9: Optional, and no annotations as texts.
import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Mapping, NamedTuple, Optional, Sequence

import numpy as np

from cross_build.bench.reports.figures import Detection, Instructions, Spread, Spreads, TextAccuracy
from cross_build.bench.reports.turn import TOTAL, Times, Turn
from cross_build.errors import ReportError
from cross_build.typed_json import MismatchError, called, structure

#: Of the JSON that is understood here.
SCHEMA = 1
#: What a candidate that was measured has, and of which kind.
_MEASURED = {
    **dict.fromkeys(("engine", "pack"), "a text"),
    **dict.fromkeys(("threads", "workers"), "a whole number"),
}


class Key(NamedTuple):
    """What tells candidates of different runs apart, whatever they are called.

    Empty texts and zeros where a candidate failed before it could say anything.
    """

    engine: str
    pack: str
    threads: int
    power: Optional[str]
    workers: int
    bucket: Optional[int] = None
    max_side: Optional[int] = None


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

    machine: str = ""
    system: str = ""
    model: str = ""
    cores: Optional[int] = None
    memory: Optional[int] = None
    cpu: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture that was read; ``lines`` is its true text in reading order, if it is labelled.

    Attributes:
        boxes: whether true boxes are labelled.
    """

    name: str = field(metadata=called("image"))
    sha256: str
    width: int
    height: int
    lines: Optional[tuple[str, ...]] = None
    boxes: bool = False


@dataclass(frozen=True)
class Network:
    """A model of a candidate."""

    sha256: str
    source: str = ""
    precision: str = ""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One reader with one pack and one setting.

    Attributes:
        id: unique in its run, for people.
        engine, engine_version: the inference library.
        reader: name and version of the program around it.
        models: by stage; None for a stage it leaves out.
        turns: that went well.
        texts: lines read of each picture; None where none were.
        steady: whether every pass read the same.
        accuracy: over labelled pictures.
        detection: over pictures with labelled boxes.
        lines_per_second: by the median pass.
        startup_cold, startup_warm, load: median seconds.
        peak_rss: bytes, of the worst turn.
        stable: whether the median is known as well as was asked for.
        failed: why no turn went well, in one line.
        instructions: of an emulated board.
    """

    id: str
    engine: str = ""
    engine_version: str = ""
    reader: str = ""
    pack: str = ""
    threads: int = 0
    power: Optional[str] = None
    workers: int = 0
    bucket: Optional[int] = None
    max_side: Optional[int] = None
    models: Mapping[str, Optional[Network]] = field(default_factory=dict)
    turns: tuple[Turn, ...] = ()
    texts: tuple[Optional[tuple[str, ...]], ...] = ()
    steady: Optional[bool] = None
    accuracy: Optional[TextAccuracy] = None
    detection: Optional[Detection] = None
    spreads: Spreads = field(metadata=called("summary"), default=Spreads())
    lines_per_second: Optional[float] = None
    startup_cold: Optional[float] = None
    startup_warm: Optional[float] = None
    load: Optional[float] = None
    peak_rss: Optional[int] = None
    stable: Optional[bool] = None
    failed: Optional[str] = None
    instructions: Optional[Instructions] = None

    @property
    def key(self) -> Key:
        """What it is."""
        optional = (self.bucket, self.max_side)
        if not self.turns:
            return Key("", "", 0, self.power, 0, *optional)
        return Key(self.engine, self.pack, self.threads, self.power, self.workers, *optional)

    @property
    def summary(self) -> Mapping[str, Spread]:
        """By :data:`TIMES`; a stage nobody timed is not there."""
        return {stage: spread for stage, spread in vars(self.spreads).items() if spread}

    def median(self, stage: str = TOTAL) -> Optional[float]:
        """Median milliseconds per picture of a stage."""
        spread = self.summary.get(stage)
        return None if spread is None else spread.median

    def passes(self, stage: str, pictures: Optional[Sequence[int]] = None) -> list[Times]:
        """Seconds per picture of each turn's passes; turns without any are left out."""
        turns = [turn.passes(stage, pictures) for turn in self.turns]
        return [passes for passes in turns if passes.size]

    def totals(self) -> Times:
        """Seconds of every pass of all turns: float64 of passes x pictures."""
        turns = [turn.times[:, :, -1] for turn in self.turns if turn.readings]
        return np.concatenate(turns) if turns else np.empty((0, 0))

    def always_read(self) -> frozenset[int]:
        """The pictures every pass read, by their places in the run's list."""
        return frozenset(np.flatnonzero(np.isfinite(self.totals()).all(axis=0)).tolist())


@dataclass(frozen=True, eq=False)
class Run:
    """One run of a benchmark.

    Attributes:
        started: in UTC.
        complete: False if it was interrupted; what is there is good.
        emulated: if so, times say nothing.
        device: the board's facts.
        pictures: in the order of all lists of pictures.
        candidates: in the order they were given.
        lite_ocr: version of this project that ran it.
        seconds: of the whole run.
        stopped: why it ended early.
        target: kind of board; None if it was run on a board by hand.
        host: which board.
        settings: as given.
        skipped: sentences on what was not tried.
        name: what it is called in errors and comparisons, mostly its file.
    """

    started: datetime
    complete: bool
    emulated: bool
    device: Device = field(metadata=called("board"))
    pictures: tuple[Picture, ...] = field(metadata=called("images"))
    candidates: tuple[Candidate, ...]
    lite_ocr: str = ""
    seconds: Optional[float] = None
    stopped: Optional[str] = None
    target: Optional[str] = None
    host: Optional[str] = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    name: str = field(metadata=called(""), default="")


def load(path: Path) -> Run:
    """A run from its file.

    Raises:
        ReportError: there is no such file, or it is no result, one of another schema, or damaged.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(
            f"{path}: cannot be read: {error.strerror}; give the JSON file a benchmark wrote"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{path}: is not JSON; give the JSON file a benchmark wrote") from error
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
    try:
        run = structure(data, Run)
        _check(run, data)
    except MismatchError as error:
        shown = "nothing" if error.value is None else repr(error.value)
        shown = f"{shown[:57]}..." if len(shown) > 60 else shown
        raise ReportError(
            f"{name}: damaged at {error.path}: expected {error.expected}, found {shown}; take the"
            " file from where it was written, or run the benchmark again"
        ) from error
    none = (None,) * len(run.pictures)
    candidates = (
        candidate if candidate.texts else replace(candidate, texts=none)
        for candidate in run.candidates
    )
    return replace(run, name=name, candidates=tuple(candidates))


def _check(run: Run, data: Mapping[str, Any]) -> None:
    """What types do not say: lists of pictures are of one length, ids and settings are there."""
    ids = [candidate.id for candidate in run.candidates]
    for number, candidate in enumerate(run.candidates):
        path, raw = f"candidates[{number}]", data["candidates"][number]
        if candidate.id in ids[:number]:
            raise MismatchError("an id no other candidate has", candidate.id, f"{path}.id")
        if raw.get("texts") is not None:
            _check_count(run, raw["texts"], f"{path}.texts")
        for name, expected in _MEASURED.items():
            if candidate.turns and raw.get(name) is None:
                raise MismatchError(expected, None, f"{path}.{name}")
        for order, turn in enumerate(raw.get("turns") or ()):
            for at, reading in enumerate(turn["passes"]):
                _check_count(run, reading, f"{path}.turns[{order}].passes[{at}]")


def _check_count(run: Run, items: Sequence[object], path: str) -> None:
    if len(items) != len(run.pictures):
        raise MismatchError(f"an item for each of {len(run.pictures)} pictures", items, path)
