"""A bar on the terminal that shows how many bytes of a transfer have come or gone."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Callable, Iterator

from lite_runner import terminal

#: Columns of the terminal: the bar; it and all that stands behind the name; the least for a name.
_BAR = 20
_NUMBERS = 58
_SHORTEST_NAME = 8


@contextlib.contextmanager
def progress_bar(name: str, total: int | None, done: int = 0) -> Iterator[Callable[[int], object]]:
    """Show a bar on standard error until the context ends; nothing where that is no terminal.

    Args:
        name: of what is transferred.
        total: bytes; None if they are not known, then the bar only shows that it goes on.
        done: bytes that are there already.

    Yields:
        What is called with the number of bytes of each piece.
    """
    stream = terminal.raw(sys.stderr)
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda size: None
        return
    # Here, not above: most commands transfer nothing, and start without it.
    from rich import progress
    from rich.console import Console
    from rich.table import Column

    console = Console(file=stream)
    name_column = Column(
        max_width=max(_SHORTEST_NAME, console.width - _NUMBERS), no_wrap=True, overflow="ellipsis"
    )
    columns = (
        progress.TextColumn("{task.description}", markup=False, table_column=name_column),
        progress.BarColumn(_BAR),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(compact=True),
    )
    with progress.Progress(*columns, console=console) as bars:
        task = bars.add_task(terminal.visible(name), total=total, completed=done)
        yield lambda size: bars.advance(task, size)
