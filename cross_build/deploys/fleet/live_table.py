"""What is shown of work on many boards: a table that changes on a terminal, lines elsewhere."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
import time
from dataclasses import dataclass
from typing import Sequence, TextIO

from rich.cells import cell_len
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from lite_runner import terminal

_BAR = 20
_GAP = 2
#: Columns of the time taken.
_SECONDS = 8
#: How the last word on a board stands out; under ``NO_COLOR`` it does not.
_STYLES = {"failed": "red", "stopped": "yellow"}


@dataclass
class Row:
    """What is shown of one board."""

    name: str
    step: str = "waiting"
    detail: str = ""
    sent: int = 0
    size: int = 0
    start: float | None = None
    end: float | None = None

    @property
    def under_way(self) -> bool:
        return self.start is not None and self.end is None

    @property
    def seconds(self) -> float:
        start = time.monotonic() if self.start is None else self.start
        return (time.monotonic() if self.end is None else self.end) - start


class LiveTable:
    """Shows rows until its context ends.

    While it is open, what threads say on standard error goes through it, each line behind its
    board's name.

    Args:
        stream: to show it on; standard error if None.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = terminal.raw(stream or sys.stderr)
        changing = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        console = Console(file=self._stream, force_terminal=changing, highlight=False)
        # The summary takes its place.
        live = Live(console=console, auto_refresh=False, transient=True, redirect_stderr=False)
        self._live = live if changing else None
        self._rows: list[Row] = []
        self._lock = threading.RLock()
        self._thread = threading.local()
        self._start = time.monotonic()
        self._stack = contextlib.ExitStack()

    def add(self, name: str) -> Row:
        """One more row."""
        row = Row(name)
        self._rows.append(row)
        return row

    def begin(self, row: Row) -> None:
        """The calling thread begins to work on a board."""
        self._thread.name = row.name
        with self._lock:
            row.start = time.monotonic()

    def step(self, row: Row, step: str, detail: str) -> None:
        """The board is at another step."""
        with self._lock:
            row.step, row.detail = step, detail
            if self._live is None:
                self._print(row.name, f"{step} {detail}".rstrip())

    def end(self, row: Row, step: str, detail: str) -> None:
        """The work is done."""
        with self._lock:
            row.step, row.detail, row.end = step, detail, time.monotonic()
            if self._live is None:
                colon = ":" if step == "failed" else ""
                took = "" if step == "failed" else f" ({row.seconds:.1f} s)"
                self._print(row.name, f"{step}{colon} {detail}".rstrip() + took)

    def say(self, text: str) -> None:
        """A line that stays, above the table."""
        with self._lock:
            self._print(getattr(self._thread, "name", ""), text)

    def draw(self) -> None:
        """Show how far all of them are; call it now and then."""
        with self._lock:
            if self._live is not None:
                console = self._live.console
                table = _table(self._rows, self._start, console.width - 1, console.height - 1)
                self._live.update(table, refresh=True)

    def __enter__(self) -> LiveTable:
        self._stack.enter_context(contextlib.redirect_stderr(_Aside(self)))
        if self._live is not None:
            self._stack.enter_context(self._live)
            self.draw()
        return self

    def __exit__(self, *others: object) -> None:
        with self._lock:
            self._stack.close()

    def _print(self, name: str, text: str) -> None:
        line = terminal.visible(f"{name}: {text}" if name else text)
        if self._live is not None:
            self._live.console.print(Text(line), soft_wrap=True)
        else:
            self._stream.write(f"{line}\n")
            self._stream.flush()


def _table(rows: Sequence[Row], start: float, width: int, height: int) -> Group:
    """Every board where there is room, else those under way; then how many are done."""
    names = max((cell_len(row.name) for row in rows), default=0)
    steps = max(len("connecting"), *(len(row.step) for row in rows), 0)
    shown = rows if len(rows) < height else [row for row in rows if row.under_way][: height - 1]
    grid = Table.grid(padding=(0, _GAP, 0, 0))
    for column in (names, steps, _SECONDS, max(width - names - steps - _SECONDS - 3 * _GAP, 1)):
        grid.add_column(width=column, no_wrap=True, overflow="crop")
    for row in shown:
        took = f"{row.seconds:{_SECONDS - 2}.0f} s" if row.start is not None else ""
        cells = (row.name, row.step, took, _progress(row))
        grid.add_row(*map(_text, cells), style=_STYLES.get(row.step))
    return Group(grid, _text(_total(rows, start)))


def _text(line: str) -> Text:
    return Text(terminal.visible(line), no_wrap=True, overflow="crop")


def _progress(row: Row) -> str:
    if not row.size:
        return row.detail
    share = min(row.sent / row.size, 1)
    bar = "#" * round(share * _BAR)
    return f"[{bar:.<{_BAR}}] {share:4.0%} of {row.size / 1e6:.1f} MB"


def _total(rows: Sequence[Row], start: float) -> str:
    ended = [row for row in rows if row.end is not None]
    failed = sum(row.step == "failed" for row in ended)
    under_way = sum(row.under_way for row in rows)
    counts = {
        "under way": under_way,
        "waiting": len(rows) - len(ended) - under_way,
        "failed": failed,
    }
    parts = [f"{len(ended) - failed} of {len(rows)} boards done"]
    parts += [f"{count} {word}" for word, count in counts.items() if count]
    return f"{', '.join(parts)}, {time.monotonic() - start:.0f} s"


class _Aside(io.TextIOBase):
    """Standard error while a table is shown: whole lines of one thread stay together."""

    def __init__(self, table: LiveTable) -> None:
        self._table = table
        self._parts = threading.local()

    def write(self, text: str) -> int:
        *lines, rest = (getattr(self._parts, "rest", "") + text).split("\n")
        self._parts.rest = rest
        for line in lines:
            self._table.say(line)
        return len(text)

    def writable(self) -> bool:
        return True
