"""A run as a Markdown document."""

from __future__ import annotations

from cross_build.bench.reports import conditions, tables
from cross_build.bench.reports.result import Run
from cross_build.bench.reports.tables import Table
from cross_build.markdown import escape


def document(run: Run) -> str:
    """The whole run: what is doubtful, tables, what was skipped, published figures.

    Args:
        run: partial ones too; what is not there is "not known".
    """
    parts = [f"# {escape(tables.title(run))}", f"{escape(tables.head(run))}."]
    if run.emulated:
        parts.append(f"**Emulated:** {tables.NOT_TIME}")
    doubts = conditions.warnings(run)
    if doubts:
        parts += ["## Warnings", _list(doubts)]
    *measured, published = tables.all_of(run)
    parts += [_table(table) for table in measured]
    if not run.candidates:
        parts.append("Nothing was measured.")
    if run.skipped:
        parts += ["## Not tried", _list(run.skipped)]
    parts.append(_table(published))
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    rule = ["---", *(["---:" if table.numbers else "---"] * (len(table.head) - 1))]
    rows = [_row(table.head), _row(rule, raw=True), *(_row(row) for row in table.rows)]
    parts = [f"## {escape(table.title)}", "\n".join(rows)]
    return "\n\n".join([*parts, escape(table.note)] if table.note else parts)


def _row(cells: tuple[str, ...] | list[str], raw: bool = False) -> str:
    return f"| {' | '.join(cell if raw else escape(cell) for cell in cells)} |"


def _list(sentences: tuple[str, ...] | list[str]) -> str:
    return "\n".join(f"- {escape(sentence)}" for sentence in sentences)
