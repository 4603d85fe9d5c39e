"""Tables as text: whole where programs read them, folded to fit where people do."""

from __future__ import annotations

import io
import textwrap
from typing import Sequence

from lite_runner.terminal import columns as columns
from lite_runner.terminal import visible

#: Columns of text that no terminal has: nothing is folded.
_UNLIMITED = 100_000
#: Blanks between columns; one where words would be broken otherwise.
_GAP = 2


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    width: int | None = None,
    left: int | None = None,
    rule: bool = True,
) -> str:
    """Rows in columns, under headings.

    Cells are shown whole: what does not fit goes on in the next line of its column, never the first
    column, which names the row. There are neither colours nor lines but the one under the headings,
    so that what is copied or piped stays text.

    Args:
        headings: one a column.
        rows: of as many cells.
        width: columns of the terminal, see :func:`columns`; None for lines of any length.
        left: so many columns are aligned left, the others right; all of them left if None.
        rule: whether a line stands under the headings.
    """
    # Here, not above: what lists nothing starts without it.
    from rich.box import Box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [[Text(visible(cell)) for cell in row] for row in (headings, *rows)]
    gap, widths = _layout([[cell.plain for cell in column] for column in zip(*cells)], width)
    # Of a box's parts only the third is drawn, under the headings; a space stands between columns.
    box = Box("    \n    \n -  \n    \n    \n    \n    \n    \n", ascii=True)
    grid = Table(
        box=box if rule else None,
        padding=(0, gap - 1 if rule else gap, 0, 0),
        show_edge=False,
        pad_edge=False,
    )
    for number, heading in enumerate(cells[0]):
        grid.add_column(
            heading,
            justify="left" if left is None or number < left else "right",
            overflow="fold",
            no_wrap=number == 0,
            width=widths[number],
        )
    for row in cells[1:]:
        grid.add_row(*row)
    console = Console(file=io.StringIO(), width=width or _UNLIMITED, color_system=None)
    with console.capture() as capture:
        console.print(grid)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def facts(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns without headings, indented; long ones are the terminal's to wrap.

    So addresses can still be copied from it.
    """
    return textwrap.indent(table(rows[0], rows[1:], rule=False), "  ")


def _layout(columns: Sequence[Sequence[str]], width: int | None) -> tuple[int, list[int]]:
    """The gap between columns, and widths that keep names and, where there is room, words whole.

    What is left goes to all alike. Rich itself breaks words of some columns while others still have
    blanks.
    """
    from rich.cells import cell_len

    name, *texts = [max(map(cell_len, column)) for column in columns]
    words = [
        max((cell_len(word) for cell in column for word in cell.split()), default=1)
        for column in columns[1:]
    ]
    room = (width or _UNLIMITED) - name
    gap = _GAP if sum(words) + _GAP * len(words) <= room else 1
    room -= gap * len(words)
    least = _limited(words, [1] * len(words), room)
    return gap, [name, *_limited(texts, least, room)]


def _limited(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """The widest columns that fit, each cut to the same limit but never below its least."""
    limit = max(widths, default=0)
    cut = list(widths)
    while limit > 1 and sum(cut) > room:
        limit -= 1
        cut = [max(low, min(high, limit)) for low, high in zip(least, widths)]
    return cut
