"""Staging: what is measured brought to a board, or taken as it is in use there."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Sequence

from cross_build.bench.peers import peer as peers
from cross_build.bench.peers import selection
from cross_build.boards.answers import releases
from cross_build.boards.answers.answer import Answer
from cross_build.boards.board import Board
from cross_build.bundles.bundle import Bundle
from cross_build.deploys import deploy as deploys
from cross_build.deploys import remote_read
from cross_build.errors import BoardError
from lite_runner import __version__
from lite_runner.bench.messages import Picture
from lite_runner.errors import LiteError, UsageError


@dataclass(frozen=True)
class Sweep:
    """What is measured.

    Attributes:
        packs: named packs or folders of packs; the target's own if empty.
        threads: of each model; the release's own number if empty.
        powers: Paddle-Lite's power modes; the release's own if empty.
        workers: lines recognised side by side; the release's own number if empty.
        peers: names of :data:`cross_build.bench.peers.peer.PEERS`; each is measured
            with the networks of each pack.
        runtime: a Paddle-Lite library of the user's own.
        tuned: whether what an earlier tuning found on the board is used.
    """

    packs: Sequence[str] = ()
    threads: Sequence[int] = ()
    powers: Sequence[str] = ()
    workers: Sequence[int] = ()
    peers: Sequence[str] = ()
    runtime: str = ""
    tuned: bool = True


@dataclass(frozen=True)
class Stage:
    """A board with everything in place.

    Attributes:
        board: held: no deploy comes between.
        programs: (name, path of the program there, whether a peer), ours first.
        cores: of the board.
        pictures: as the board has them (see :mod:`lite_runner.bench.pictures`).
        models: of each of our programs, what tells its models from others.
        skipped: sentences on what could not be brought, or is not told.
    """

    board: Board
    programs: Sequence[tuple[str, str, bool]]
    cores: int
    pictures: Sequence[Picture]
    models: Sequence[str]
    skipped: Sequence[str] = ()


@contextmanager
def staged(board: Board, sweep: Sweep, pictures: Sequence[Picture]) -> Iterator[Stage]:
    """Bring everything to a board that is to be measured; removed again in the end.

    Raises:
        LiteError: a pack or peer cannot be brought there.
    """
    chosen = list(dict.fromkeys(map(peers.find, sweep.peers)))
    with deploys.host_lock(board):
        board = board.with_interpreter()
        bundles = [
            deploys.bundle_for(board, pack or None, sweep.runtime, sweep.tuned)
            for pack in sweep.packs or [""]
        ]
        facts, system = board.probe(), bundles[0].system
        others = selection.bundles(chosen, bundles, board.target, facts)
        board, _ = board.install_system(system)
        with board.lock() as state:
            brought: list[str] = []
            try:
                programs = []
                for name, bundle in zip(_names(sweep.packs, bundles), bundles):
                    brought.append(bundle.name)
                    free = board.status().free if brought[1:] else state.free
                    done = deploys.stage(board, bundle, free)
                    programs.append((name, done.program, False))
                for name, bundle in others.bundles.items():
                    brought.append(bundle.name)
                    if not board.known(bundle.name).intact:
                        deploys.send(board, bundle, board.status().free)
                    programs.append((name, board.path("releases", bundle.name, "ocr"), True))
                with _sent(board, pictures) as there:
                    models = [bundle.models for bundle in bundles]
                    yield Stage(board, programs, facts.cores, there, models, others.skipped)
            finally:
                _leave(board, brought)


@contextmanager
def in_use(board: Board, pictures: Sequence[Picture]) -> Iterator[Stage | None]:
    """The release that a board has in use, as it is; None where it cannot be measured from here.

    It cannot if there is none, or a damaged one, or one of another version of this project, whose
    program may not understand ours.

    Raises:
        BoardError: the board cannot be reached.
    """
    with deploys.host_lock(board):
        board = board.with_interpreter()
        cores = board.probe().cores
        with board.lock() as state:
            pack = _measurable(board, state)
            if state.current is None or not pack:
                yield None
                return
            print(f"measuring release {state.current}, pack {pack}, in use there", file=sys.stderr)
            program = board.path("releases", state.current, "ocr")
            with _sent(board, pictures) as there:
                yield Stage(board, [(pack, program, False)], cores, there, ())


def _measurable(board: Board, state: releases.Status) -> str:
    """The pack of the release in use, if that can be measured from here; else empty."""
    if state.current is None or not state.intact:
        return ""
    program = board.path("releases", state.current, "ocr")
    version = board.transport.run([program, "--version"]).stdout.split()[-1:]
    try:
        pack = releases.proof(Answer("", state.verified))["pack"]
    except BoardError:
        return ""
    return pack if version == [__version__] else ""


@contextmanager
def _sent(board: Board, pictures: Sequence[Picture]) -> Iterator[list[Picture]]:
    """Pictures as the board has them, until the end."""
    with remote_read.inbox(board) as inbox:
        board.transport.put(_files(pictures), inbox)
        yield [
            {**picture, "path": f"{inbox}/{name}"}
            for name, picture in zip(_files(pictures), pictures)
        ]


def _names(packs: Sequence[str], bundles: Sequence[Bundle]) -> list[str]:
    """What packs are called: by their own names, or, where these are the same, as they were given.

    Raises:
        UsageError: one was given twice.
    """
    names = [str(bundle.about["pack"]) for bundle in bundles]
    if len(set(names)) < len(names):
        names = [Path(given).name for given in packs]
    if len(set(names)) < len(names):
        raise UsageError(f"--pack {', '.join(packs)}: two are the same, or called the same")
    return names


def _files(pictures: Sequence[Picture]) -> dict[str, Path]:
    """Pictures by a name of their own for the board."""
    return {f"{number:05d}": Path(picture["path"]) for number, picture in enumerate(pictures)}


def _leave(board: Board, brought: Sequence[str]) -> None:
    """Remove what was brought; what is in use or kept for rollback the board keeps."""
    for name in brought:
        try:
            board.release("discard", name)
        except LiteError as error:
            # The connection may be lost; the next deploy removes it.
            print(f"{error}; the next deploy tidies up there", file=sys.stderr)
            return
