"""Records: what this host has put where, a small file for each board."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from cross_build.boards.board import Board
from cross_build.boards.transports import local
from cross_build.errors import UnreachableError
from lite_runner.cli.output import as_json
from lite_runner.errors import LiteError
from lite_runner.releases import durable
from lite_runner.releases.proof import Proof
from opt_models.command_name import command_name
from opt_models.store.content_key import content_key


@dataclass(frozen=True)
class Record:
    """What is known of one folder of releases on one board.

    Attributes:
        address: as given to ``--host``; a word for this computer or an emulated board.
        target: its kind.
        folder: of the releases there.
        release: in use; None where there was none when it was last asked.
        pack: of that release.
        lite_version: of that release.
        verified: when it last read its golden picture, in ISO 8601 and UTC, as far as this host
            knows.
        problem: why the board does not read or answer, in one line; empty if it does.
        asked: when the board last answered or failed to.
        refused: why the last deploy did not come to its end, in one line; the release above is in
            use as before. Empty if it did.
    """

    address: str
    target: str
    folder: str
    release: str | None
    pack: str = ""
    lite_version: str = ""
    verified: str | None = None
    problem: str = ""
    asked: str = ""
    refused: str = ""


_MAY_BE_NONE = ("release", "verified")


def folder() -> Path:
    """Where records are kept; it may not exist yet."""
    return local.default_root().parent / "boards"


def known() -> list[Record]:
    """Every record, by address; what cannot be read is told and left out."""
    records = []
    for path in sorted(folder().glob("*.json")):
        try:
            records.append(_read(path))
        except (OSError, ValueError) as error:
            print(
                f"{path}: is no record of a board ({error}); deploy to the board again, or remove"
                " it",
                file=sys.stderr,
            )
    return sorted(records, key=lambda record: (record.address, record.folder))


def deployed(board: Board, release: str, proof: Proof | None, fresh: bool) -> None:
    """Note what is in use on a board.

    Args:
        board: that was deployed to.
        release: in use there.
        proof: of its verification; None if that cannot be read any more.
        fresh: whether that was just now.
    """
    before = _of(board)
    same = before is not None and before.release == release
    verified = now() if fresh else before.verified if before is not None and same else None
    keep(
        Record(
            board.address,
            board.target.name,
            board.transport.root,
            release,
            proof["pack"] if proof else "",
            proof["lite_version"] if proof else "",
            verified,
            "",
            now(),
        )
    )


def failed(board: Board, error: LiteError) -> None:
    """Note why a deploy failed, if there is a record of the board.

    It says nothing against the release in use, unless the board does not answer at all.
    """
    before = _of(board)
    if before is None:
        return
    if isinstance(error, UnreachableError):
        keep(replace(before, problem=str(error), asked=now()))
    else:
        keep(replace(before, refused=str(error), asked=now()))


def forget(board: Board) -> None:
    """There is nothing of ours on a board any more."""
    _path(board.address, board.transport.root).unlink(missing_ok=True)


def keep(record: Record) -> None:
    """Write a record; that it cannot be written is told, and is no failure of the deploy."""
    path = _path(record.address, record.folder)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.write(path, as_json(asdict(record)).encode())
    except OSError as error:
        print(
            f"{path}: cannot be written ({error.strerror}); '{command_name()} boards' will not know"
            " of this",
            file=sys.stderr,
        )


def remove(record: Record) -> None:
    """Forget a board."""
    _path(record.address, record.folder).unlink(missing_ok=True)


def now() -> str:
    """The time, in ISO 8601 and UTC, to the second."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _of(board: Board) -> Record | None:
    try:
        return _read(_path(board.address, board.transport.root))
    except (OSError, ValueError):
        return None


def _read(path: Path) -> Record:
    """The record in a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is none; says why.
    """
    try:
        record = Record(**json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    for name, value in asdict(record).items():
        if not isinstance(value, str) and not (value is None and name in _MAY_BE_NONE):
            raise ValueError(f"{name} is {value!r}")
    return record


def _path(address: str, root: str) -> Path:
    """A name people recognise, and that no two boards share."""
    key = content_key(address, root, length=8)
    name = re.sub(r"[^\w.-]+", "-", address).strip(".-") or "board"
    return folder() / f"{name}-{key}.json"
