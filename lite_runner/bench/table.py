"""A record as a table for a terminal, with the notes it needs."""

from __future__ import annotations

from typing import Sequence

from lite_runner.bench import notes
from lite_runner.bench.result import CandidateResult, Result
from lite_runner.bench.statistics import STAGES
from lite_runner.ocr import report


def text(record: Result) -> str:
    """The record as text: its table and its notes."""
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
    parts += notes.of(record)
    return "\n".join(parts).rstrip()


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
