"""A record as a table for a terminal, and what must be said beside it."""

from __future__ import annotations

from typing import Sequence

from lite_runner.bench import system_state
from lite_runner.bench.result import CandidateResult, Result, State
from lite_runner.bench.statistics import STAGES
from lite_runner.ocr import report


def text(record: Result) -> str:
    """What was measured, for people."""
    board, emulated = record["board"], record["emulated"]
    model = board["model"] or board["cpu"] or board["machine"]
    count = len(record["images"])
    head = (
        f"{'EMULATED ' if emulated else ''}{model}, {board['cores']} cores, {board['system']};"
        f" {count} picture{'s' * (count != 1)}, {record['seconds']:.0f} s"
        + ("" if record["complete"] else f"; cut short: {record['stopped']}")
    )
    rows: list[Sequence[str]] = [
        (
            *("candidate", *(f"{stage} ms" for stage in STAGES), "p90 ms", "lines/s"),
            *("start s", "cold s", "RSS MB", "CER", "spaced", "Hmean", "turns"),
        )
    ]
    rows += [_row(candidate) for candidate in record["candidates"] if candidate["turns"]]
    parts = [head, ""]
    if len(rows) > 1:
        parts += [report.table(rows), ""]
    parts += notes(record)
    return "\n".join(parts).rstrip()


def notes(record: Result) -> list[str]:
    """Sentences without which the numbers would mislead."""
    sentences = []
    if record["emulated"]:
        sentences.append(
            "An emulated board: its milliseconds say nothing of a real one. Instructions are no"
            " time either, but they repeat."
        )
    for candidate in record["candidates"]:
        name = candidate["id"]
        if candidate["failed"]:
            sentences.append(f"{name}: failed: {candidate['failed']}")
        missing = sum(text is None for text in candidate["texts"] or ())
        if missing:
            sentences.append(
                f"{name}: could not read {missing} of the pictures; they are left out."
            )
        if candidate["turns"] and not candidate["steady"]:
            sentences.append(f"{name}: did not read alike every time; scored by its first reading.")
        if candidate["turns"] and not candidate["stable"] and not record["emulated"]:
            within = record["settings"]["stable"]
            sentences.append(
                f"{name}: its median is not known to within {within:.0%}; give it longer."
            )
        if candidate["instructions"]:
            counts = candidate["instructions"]
            stages = ", ".join(
                f"{stage} {counts[stage] / 1e6:.0f}"
                for stage in ("detect", "classify", "recognise")
            )
            sentences.append(
                f"{name}: {counts['total'] / 1e6:.0f} million instructions to read"
                f" {counts['image']} with one thread ({stages})."
            )
    states = [
        session[when]
        for candidate in record["candidates"]
        for session in candidate["turns"]
        for when in ("before", "after")
    ]
    throttled = {
        word
        for candidate in record["candidates"]
        for session in candidate["turns"]
        for word in system_state.held_back(session["before"], session["after"])
    }
    if throttled:
        sentences.append(f"The board was slowed down: {', '.join(sorted(throttled))}.")
    clocks = [max(state["mhz"]) for state in states if state["mhz"]]
    if clocks and max(clocks) > 1.1 * min(clocks):
        sentences.append(f"Its clock moved between {min(clocks)} and {max(clocks)} MHz.")
    heat = [max(state["celsius"].values()) for state in states if state["celsius"]]
    if heat:
        sentences.append(f"Its warmest sensor went from {min(heat):.0f} to {max(heat):.0f} °C.")
    absent = _untold(states)
    if absent:
        sentences.append(f"The board does not tell its {', '.join(absent)}.")
    return sentences + [f"Left out: {sentence}." for sentence in record["skipped"]]


def _untold(states: Sequence[State]) -> list[str]:
    """What no state says."""
    kinds: dict[str, list[object]] = {
        "clock": [state["mhz"] for state in states],
        "temperature": [state["celsius"] for state in states],
        "throttling": [state["throttled"] for state in states],
    }
    return [
        kind for kind, values in kinds.items() if states and all(value is None for value in values)
    ]


def _row(candidate: CandidateResult) -> Sequence[str]:
    summary = candidate["summary"] or {}
    accuracy, detection = candidate["accuracy"], candidate["detection"]
    return (
        candidate["id"],
        *(f"{summary[stage]['median']:.1f}" for stage in STAGES),
        f"{summary['total']['p90']:.1f}",
        _or_dash(candidate["lines_per_second"], "{:.1f}"),
        _or_dash(candidate["startup_warm"], "{:.2f}"),
        _or_dash(candidate["startup_cold"], "{:.2f}"),
        _or_dash(candidate["peak_rss"] and candidate["peak_rss"] / 1e6, "{:.0f}"),
        "-" if accuracy is None else f"{accuracy['cer']:.2%}",
        "-" if accuracy is None else f"{accuracy['spaced']['cer']:.2%}",
        "-" if detection is None else f"{detection['hmean']:.3f}",
        str(len(candidate["turns"])),
    )


def _or_dash(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)
