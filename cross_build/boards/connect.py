"""Connections: a target and where its board is, made a board."""

from __future__ import annotations

from pathlib import Path

from cross_build.boards.android import Phone
from cross_build.boards.board import Board
from cross_build.boards.transports.adb import Adb
from cross_build.boards.transports.local import Local
from cross_build.errors import TargetError
from cross_build.targets.targets import Target
from opt_models.paddlelite import env

#: Begins the address of an emulated board.
EMULATED = "emulated"


def connect(
    target: Target,
    root: Path | None = None,
    python: Path | None = None,
    host: str = "",
    folder: str = "",
    emulate: bool = False,
    ask: bool = True,
) -> Board:
    """The board of a target.

    Args:
        target: its kind.
        root: where releases of ``local`` live; the usual place if None.
        python: the interpreter of ``local``; one that fits if None.
        host: ``[USER@]HOST[:PORT]`` of any other board; a phone's serial number.
        folder: on that board, for our releases; ``lite-ocr`` in the user's own if empty.
        emulate: start an emulated board, if it is not up, and take that.
        ask: for a password where no key is let in and somebody is there to be asked.

    Raises:
        TargetError: a host is missing or too much.
        OptError: no interpreter for it (``local``).
        BoardError: the emulated board cannot be started.
    """
    if target.transport == "local":
        if host or folder or emulate:
            raise TargetError(
                f"{target.name}: is this computer; leave out --host, --folder and --emulate, or"
                " choose another --target"
            )
        return Board(target, Local(root), str(python or env.interpreter()[0]))
    if target.transport == "adb":
        if emulate:
            raise TargetError(f"{target.name}: no phone can be emulated; leave out --emulate")
        return Phone(target, Adb(host, folder), address=host)
    from cross_build.boards.transports.ssh import Ssh  # late: cryptography takes long to load

    if emulate:
        from cross_build.boards import emulator

        if host:
            raise TargetError("--emulate: is a board of its own; leave out --host")
        transport = emulator.transport(target, folder)
        return Board(target, transport, address=f"{EMULATED} {target.machine}")
    if not host:
        raise TargetError(
            f"{target.name}: say which board, as in --host pi@raspberrypi.local; or --emulate to"
            " try it without one"
        )
    return Board(target, Ssh(host, folder, ask=ask), address=host)
