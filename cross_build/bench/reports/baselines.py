"""Baselines: published figures of other readers, the rows of ``baselines.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from opt_models.store.toml_file import read_toml


@dataclass(frozen=True)
class Baseline:
    """A figure somebody published.

    Attributes:
        device: it was measured on.
        models: that were run.
        runtime: that ran them.
        measured: what took the time.
        ms: milliseconds.
        source: repository and file, or repository and issue.
        note: what to keep in mind.
    """

    device: str
    models: str
    runtime: str
    measured: str
    ms: float
    source: str
    note: str


def baselines() -> tuple[Baseline, ...]:
    """Every published figure, those of one device together."""
    rows = read_toml(Path(__file__).with_name("baselines.toml"))["baselines"]
    return tuple(Baseline(**row) for row in rows)
