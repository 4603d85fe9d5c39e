"""A connected board for the time of a command."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Iterator

from cross_build.targets.targets import target as find_target

if TYPE_CHECKING:
    from cross_build.boards.board import Board


@contextlib.contextmanager
def connected(
    target: str, host: str = "", folder: str = "", emulate: bool = False
) -> Iterator[Board]:
    """The board that a command's options name; its connection ends with the command.

    Args:
        target: name of its kind.
        host: where it is; empty for this computer.
        folder: on the board, for releases; the usual one if empty.
        emulate: take an emulated board.

    Raises:
        TargetError: there is no such target, or the options do not fit it.
        BoardError: it cannot be reached.
    """
    from cross_build.boards.connect import connect

    board = connect(find_target(target), host=host, folder=folder, emulate=emulate)
    try:
        yield board
    finally:
        board.transport.close()
