"""Ways to a board: run a command there, put files there, get files back."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, ContextManager, Mapping, Protocol, Sequence

from opt_models.store.process import Outcome as Outcome


class Transport(Protocol):
    """A way to one board."""

    @property
    def root(self) -> str:
        """Folder on the board that holds our releases; made by the first deploy."""

    def run(
        self,
        command: Sequence[str],
        stdin: str = "",
        on_line: Callable[[str], None] | None = None,
    ) -> Outcome:
        """Run a command and wait for it.

        Args:
            command: program and arguments, taken literally.
            stdin: what it reads.
            on_line: called with each line of its standard output as it comes.

        Raises:
            BoardError: the board cannot be reached or has no such program.
        """

    def put(
        self,
        files: Mapping[str, Path],
        folder: str,
        on_bytes: Callable[[int], object] = lambda count: None,
    ) -> None:
        """Copy files into a folder of the board, by their paths below it; folders are made.

        Cut off, one file may be there in part: whoever goes on compares its hash.

        Args:
            files: on the host.
            folder: on the board.
            on_bytes: called with the size of each piece that goes out.

        Raises:
            BoardError: the board cannot be reached or its disk is full.
        """

    def get(self, folder: str, into: Path) -> None:
        """Copy the files directly in a folder of the board, if there is one, to the host."""

    def hold(self, command: Sequence[str]) -> ContextManager[str]:
        """Start a command that holds something on the board until its standard input ends.

        Gives its first line; the end of the context, or of the connection, ends the command.

        Raises:
            BoardError: it ended before; with its last words.
        """

    def close(self) -> None:
        """Hang up; may be called again."""
