"""A candidate of a benchmark: one reader with one pack and one setting, and how it did."""

# Types are read while this runs, also by Python 3.9: Optional, and no annotations as texts.
from dataclasses import dataclass, field
from typing import Mapping, NamedTuple, Optional, Sequence

import numpy as np

from cross_build.bench.reports.figures import Detection, Instructions, Spread, Spreads, TextAccuracy
from cross_build.bench.reports.turn import TOTAL, Times, Turn
from cross_build.typed_json import called


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
