"""The view of work on many boards: a table that changes on a terminal, lines elsewhere."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import threading
import time
from dataclasses import dataclass
from typing import TextIO

from lite_runner import terminal

_BAR = 20
_ERASE_BELOW = "\x1b[J"
_ERASE_LINE = "\x1b[K"


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


class View:
    """Shows rows until its context ends.

    While it is open, what threads say on standard error goes through it, each line behind its
    board's name.

    Args:
        stream: to show it on; standard error if None.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = terminal.raw(stream or sys.stderr)
        self._live = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._rows: list[Row] = []
        self._lock = threading.RLock()
        self._thread = threading.local()
        self._shown = 0
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
            if not self._live:
                self._line(row.name, f"{step} {detail}".rstrip())

    def end(self, row: Row, step: str, detail: str) -> None:
        """The work is done."""
        with self._lock:
            row.step, row.detail, row.end = step, detail, time.monotonic()
            if not self._live:
                colon = ":" if step == "failed" else ""
                took = "" if step == "failed" else f" ({row.seconds:.1f} s)"
                self._line(row.name, f"{step}{colon} {detail}".rstrip() + took)

    def say(self, text: str) -> None:
        """A word in between, which stays."""
        with self._lock:
            name = getattr(self._thread, "name", "")
            if self._live:
                self._write(self._up() + _ERASE_BELOW)
                self._shown = 0
            self._line(name, text)
            self.draw()

    def draw(self) -> None:
        """Show how far all of them are; call it now and then."""
        if not self._live:
            return
        with self._lock:
            size = shutil.get_terminal_size()
            lines = [line[: size.columns - 1] for line in self._lines(size.lines - 1)]
            text = "".join(f"{line}{_ERASE_LINE}\n" for line in lines)
            self._write(self._up() + text + _ERASE_BELOW)
            self._shown = len(lines)

    def __enter__(self) -> View:
        self._stack.enter_context(contextlib.redirect_stderr(_Aside(self)))
        self.draw()
        return self

    def __exit__(self, *others: object) -> None:
        self._stack.close()
        if self._live:
            with self._lock:
                # The summary takes its place.
                self._write(self._up() + _ERASE_BELOW)
                self._shown = 0

    def _lines(self, room: int) -> list[str]:
        """The table: every board where there is room, else those under way."""
        rows = self._rows
        if len(rows) + 1 > room:
            rows = [row for row in rows if row.under_way][: max(room - 1, 0)]
        width = max((len(row.name) for row in self._rows), default=0)
        step = max(len("connecting"), *(len(row.step) for row in self._rows), 0)
        return [*(self._told(row, width, step) for row in rows), self._total()]

    def _told(self, row: Row, width: int, step: int) -> str:
        took = f"{row.seconds:6.0f} s" if row.start is not None else " " * 8
        told = f"{row.name:{width}}  {row.step:{step}}  {took}  {_progress(row)}"
        return terminal.visible(told.rstrip())

    def _total(self) -> str:
        ended = [row for row in self._rows if row.end is not None]
        failed = sum(row.step == "failed" for row in ended)
        under_way = sum(row.under_way for row in self._rows)
        counts = {
            "under way": under_way,
            "waiting": len(self._rows) - len(ended) - under_way,
            "failed": failed,
        }
        told = [f"{len(ended) - failed} of {len(self._rows)} boards done"]
        told += [f"{count} {word}" for word, count in counts.items() if count]
        return f"{', '.join(told)}, {time.monotonic() - self._start:.0f} s"

    def _up(self) -> str:
        return f"\x1b[{self._shown}A\r" if self._shown else "\r"

    def _line(self, name: str, text: str) -> None:
        self._write(terminal.visible(f"{name}: {text}" if name else text) + "\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _progress(row: Row) -> str:
    if not row.size:
        return row.detail
    share = min(row.sent / row.size, 1)
    bar = "#" * round(share * _BAR)
    return f"[{bar:.<{_BAR}}] {share:4.0%} of {row.size / 1e6:.1f} MB"


class _Aside(io.TextIOBase):
    """Standard error for the time of a view: whole lines of one thread stay together."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._parts = threading.local()

    def write(self, text: str) -> int:
        *lines, rest = (getattr(self._parts, "rest", "") + text).split("\n")
        self._parts.rest = rest
        for line in lines:
            self._view.say(line)
        return len(text)

    def writable(self) -> bool:
        return True
