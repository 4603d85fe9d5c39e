"""Candidates: the ways of reading that are measured against each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Sequence

from lite_runner.bench.messages import Setting


@dataclass(frozen=True)
class Candidate:
    """A program with one setting of it.

    Attributes:
        name: for people; no two of a run have the same.
        program: runs a session (:mod:`lite_runner.bench.session`) when given the word ``turn``.
        request: its settings; the program chooses what is None or left out.
    """

    name: str
    program: str
    request: Setting = field(default_factory=Setting)


def sweep(
    name: str,
    program: str,
    base: Setting,
    threads: Sequence[int],
    powers: Sequence[str],
    workers: Sequence[int],
    cores: int,
) -> tuple[list[Candidate], list[str]]:
    """Every combination of some settings that the board can take.

    Args:
        name: of the program or its pack.
        program: see :class:`Candidate`.
        base: further settings of all of them.
        threads: of each model; empty for the program's own number.
        powers: Paddle-Lite's power modes; empty for the program's own.
        workers: lines recognised side by side; empty for the program's own number.
        cores: of the board.

    Returns:
        The candidates, and sentences on what is left out.
    """
    candidates, skipped = [], []
    # Duplicates would give two candidates of one name.
    for count in dict.fromkeys(threads or [0]):
        for side in dict.fromkeys(workers or [0]):
            if max(count, side) > cores:
                words = [f"{count} threads"] * (count > cores)
                words += [f"{side} workers"] * (side > cores)
                skipped.append(f"{name}, {' and '.join(words)}: the board has {cores} cores")
                continue
            for power in dict.fromkeys(powers or [""]):
                words = [name]
                words += [f"{count} thread{'s' * (count != 1)}"] if count else []
                words += [f"{side} worker{'s' * (side != 1)}"] if side else []
                words += [power] if power else []
                request: Setting = {
                    **base,
                    "threads": count or None,
                    "workers": side or None,
                    "power": power or None,
                }
                candidates.append(Candidate(", ".join(words), program, request))
    return candidates, list(dict.fromkeys(skipped))
