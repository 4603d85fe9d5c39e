"""Progress: who is told how far a deploy is."""

from __future__ import annotations

import sys
from typing import Callable, ContextManager, Protocol

from opt_models.progress_bar import progress_bar


class Progress(Protocol):
    """Told of each step of a deploy; may end it by an error of its own."""

    def step(self, name: str, detail: str = "") -> None:
        """A step begins.

        Args:
            name: such as ``"sending"``.
            detail: what the step is about, for people.
        """

    def sending(self, size: int) -> ContextManager[Callable[[int], object]]:
        """So many bytes go out; gives what is called with the size of each piece."""


class Terminal:
    """Tells on standard error, with a bar where that is a terminal."""

    def step(self, name: str, detail: str = "") -> None:
        if detail:
            print(f"{name} {detail}", file=sys.stderr, flush=True)

    def sending(self, size: int) -> ContextManager[Callable[[int], object]]:
        return progress_bar("sending", size)


#: Keeps nothing, so one does for all.
TERMINAL = Terminal()
