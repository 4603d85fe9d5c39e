"""The roll of boards: what this host has put where, and what the boards themselves say of it."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Sequence

from cross_build.boards import emulator
from cross_build.boards.answers import releases
from cross_build.boards.answers.answer import parse
from cross_build.boards.board import Board
from cross_build.boards.connect import EMULATED, connect
from cross_build.deploys import history
from cross_build.deploys.deploy import last_words
from cross_build.deploys.fleet.hosts import Host
from cross_build.deploys.fleet.live_table import LiveTable
from cross_build.deploys.fleet.parallel import AT_ONCE, BoardProgress, each
from cross_build.deploys.history import Record
from cross_build.errors import BoardError, TargetError
from cross_build.targets.targets import target as find_target
from cross_build.targets.targets import targets
from opt_models import text_table
from opt_models.command_name import command_name


def check(known: Sequence[Record], at_once: int = AT_ONCE) -> tuple[list[Record], int]:
    """Ask every board which release it has in use, and have it read its golden picture.

    Args:
        known: the boards.
        at_once: how many of them.

    Returns:
        What is known of them now, which is kept, too; and the exit code: 1 if a board cannot be
        reached or does not read, 130 after Ctrl-C.
    """
    fit = [record for record in known if record.target in targets()]
    hosts = [Host(record.address, find_target(record.target)) for record in fit]

    def work(number: int, progress: BoardProgress) -> Record:
        return _asked(fit[number], progress)

    def last_word(record: Record) -> tuple[str, str]:
        return ("failed", record.problem) if record.problem else ("reads", f"{record.release}")

    ended, interrupted = each(hosts, work, last_word, LiveTable(), at_once)
    current = []
    for record, ending in zip(fit, ended):
        if ending.stopped:
            current.append(record)
            continue
        now = ending.value or replace(record, problem=ending.error, asked=history.now())
        history.keep(now)
        current.append(now)
    current += [
        replace(record, problem=_no_target(record)) for record in known if record not in fit
    ]
    return current, 130 if interrupted else 1 if any(record.problem for record in current) else 0


def table(known: Sequence[Record], width: int | None = None) -> str:
    """Boards as text for people, then what is wrong with some of them, a line each.

    Args:
        known: the boards.
        width: columns of the terminal; None for lines of any length.
    """
    if not known:
        return f"no board was deployed to from here; '{command_name()} deploy' does it"
    headings = ("board", "target", "release", "pack", "Paddle-Lite", "last read well", "state")
    rows = [
        (
            *(record.address, record.target, record.release or "-", record.pack or "-"),
            *(record.lite_version or "-", _local(record.verified)),
            _state(record),
        )
        for record in known
    ]
    problems = [f"{record.address}: {record.problem}" for record in known if record.problem]
    problems += [
        f"{record.address}: the last deploy was refused: {record.refused}"
        for record in known
        if record.refused
    ]
    table = text_table.table(headings, rows, width=width)
    return "\n".join([table, *([""] if problems else []), *problems])


def as_data(known: Sequence[Record]) -> list[dict[str, object]]:
    """Records as JSON takes them."""
    return [asdict(record) for record in known]


def forget(address: str) -> int:
    """Forget a board that is no more; gives how many folders of releases it had.

    Raises:
        TargetError: no such board is known.
    """
    records = [record for record in history.known() if record.address == address]
    if not records:
        raise TargetError(
            f"--forget {address}: is not among them; '{command_name()} boards' lists them all"
        )
    for record in records:
        history.remove(record)
    return len(records)


def _asked(record: Record, progress: BoardProgress) -> Record:
    board = _board(record)
    progress.closes(board.transport.close)
    try:
        progress.step("connecting")
        status = board.status()
        name, proof = status.current, status.verified
        proof = proof if isinstance(proof, dict) else {}  # damage, which a deploy repairs
        fresh = replace(
            record,
            release=name,
            pack=str(proof.get("pack", "")),
            lite_version=str(proof.get("lite_version", "")),
            verified=record.verified if name == record.release else None,
            asked=history.now(),
            problem="",
        )
        if name is None:
            return replace(fresh, problem="has no release in use; deploy to it")
        if not status.intact:
            return replace(fresh, problem="files of its release are gone or damaged; deploy to it")
        progress.step("verifying", "on the board")
        outcome = board.transport.run([board.path("ocr"), "verify", "--json"])
        try:
            releases.proof(parse(outcome.stdout, "verify"))
        except BoardError as error:
            reason = last_words(outcome) if outcome.code else str(error)
            problem = f"does not read: {reason}; deploy to it"
            return replace(fresh, problem=problem)
        return replace(fresh, verified=history.now())
    finally:
        board.transport.close()


def _board(record: Record) -> Board:
    target = find_target(record.target)
    if target.transport == "local":
        return connect(target, root=Path(record.folder))
    if record.address.startswith(f"{EMULATED} "):
        if emulator.status(target.machine) is None:
            raise BoardError(f"is down; '{command_name()} board up' starts it")
        return connect(target, folder=record.folder, emulate=True)
    return connect(target, host=record.address, folder=record.folder, ask=False)


def _state(record: Record) -> str:
    if record.problem:
        return "failed"
    return "ok, last deploy refused" if record.refused else "ok"


def _no_target(record: Record) -> str:
    return f"there is no target {record.target!r} any more; deploy to it as another"


def _local(time: str | None) -> str:
    """A time of a record as this computer's clock shows it."""
    if time is None:
        return "-"
    return datetime.fromisoformat(time.replace("Z", "+00:00")).astimezone().strftime("%F %H:%M")
