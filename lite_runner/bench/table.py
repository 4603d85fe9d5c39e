"""A record as a table for a terminal, with the notes it needs."""

from __future__ import annotations

from typing import Sequence

from lite_runner.bench import notes
from lite_runner.bench.result import CandidateResult, Result
from lite_runner.bench.statistics import STAGES
from lite_runner.ocr import report

#: Blanks between columns.
_GAP = 2


def text(record: Result, width: int | None = None) -> str:
    """The record as text: its table and its notes.

    Args:
        record: of a run, complete or not.
        width: columns of the terminal, in which the table is put below itself where it is wider;
            None for lines of any length.
    """
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
        parts += [_table(rows, width), ""]
    parts += notes.of(record)
    return "\n".join(parts).rstrip()


def _table(rows: Sequence[Sequence[str]], width: int | None) -> str:
    """Rows in columns; those that do not fit beside the first go into further tables with it."""
    columns = list(zip(*rows))
    widths = [max(map(len, column)) for column in columns]
    tables, used = [[0]], widths[0]
    for number in range(1, len(columns)):
        used += _GAP + widths[number]
        if width is not None and used > width and len(tables[-1]) > 1:
            tables.append([0])
            used = widths[0] + _GAP + widths[number]
        tables[-1].append(number)
    return "\n\n".join(
        report.table([[row[number] for number in numbers] for row in rows]) for numbers in tables
    )


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
