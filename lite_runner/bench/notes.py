"""Notes on a record: sentences without which its table would mislead."""

from __future__ import annotations

from typing import Sequence

from lite_runner.bench import system_state
from lite_runner.bench.result import CandidateResult, Instructions, Result, Session, State
from lite_runner.releases.proof import STAGES

#: How much faster than its slowest a board's fastest clock may be without a note.
_STEADY_CLOCK = 1.1


def of(record: Result) -> list[str]:
    """All notes on a record."""
    notes = []
    if record["emulated"]:
        notes.append(
            "An emulated board: its milliseconds say nothing of a real one. Instructions are no"
            " time either, but they repeat."
        )
    for candidate in record["candidates"]:
        within = None if record["emulated"] else record["settings"]["stable"]
        notes += [f"{candidate['id']}: {note}" for note in _of_candidate(candidate, within)]
    sessions = [session for candidate in record["candidates"] for session in candidate["turns"]]
    notes += _of_board(sessions)
    return notes + [f"Left out: {sentence}." for sentence in record["skipped"]]


def _of_candidate(candidate: CandidateResult, within: float | None) -> list[str]:
    """Notes on a candidate; ``within`` is how well its median should be known, if at all."""
    notes = []
    if candidate["failed"]:
        notes.append(f"failed: {candidate['failed']}")
    missing = sum(text is None for text in candidate["texts"] or ())
    if missing:
        notes.append(f"could not read {missing} of the pictures; they are left out.")
    if candidate["turns"] and not candidate["steady"]:
        notes.append("did not read alike every time; scored by its first reading.")
    if candidate["turns"] and not candidate["stable"] and within is not None:
        notes.append(f"its median is not known to within {within:.0%}; give it longer.")
    if candidate["instructions"]:
        notes.append(_instructions(candidate["instructions"]))
    return notes


def _instructions(counts: Instructions) -> str:
    stages = ", ".join(f"{stage} {counts[stage] / 1e6:.0f}" for stage in STAGES)
    return (
        f"{counts['total'] / 1e6:.0f} million instructions to read {counts['image']} with one"
        f" thread ({stages})."
    )


def _of_board(sessions: Sequence[Session]) -> list[str]:
    """Notes on clocks, temperatures and throttling."""
    states = [state for session in sessions for state in (session["before"], session["after"])]
    reasons = {
        reason
        for session in sessions
        for reason in system_state.held_back(session["before"], session["after"])
    }
    notes = []
    if reasons:
        notes.append(f"The board was slowed down: {', '.join(sorted(reasons))}.")
    clocks = [max(state["mhz"]) for state in states if state["mhz"]]
    if clocks and max(clocks) > _STEADY_CLOCK * min(clocks):
        notes.append(f"Its clock moved between {min(clocks)} and {max(clocks)} MHz.")
    heat = [max(state["celsius"].values()) for state in states if state["celsius"]]
    if heat:
        notes.append(f"Its warmest sensor went from {min(heat):.0f} to {max(heat):.0f} °C.")
    absent = _absent(states)
    if absent:
        notes.append(f"The board does not tell its {', '.join(absent)}.")
    return notes


def _absent(states: Sequence[State]) -> list[str]:
    """What is None in every state."""
    kinds: dict[str, list[object]] = {
        "clock": [state["mhz"] for state in states],
        "temperature": [state["celsius"] for state in states],
        "throttling": [state["throttled"] for state in states],
    }
    return [
        kind for kind, values in kinds.items() if states and all(value is None for value in values)
    ]
