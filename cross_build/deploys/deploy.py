"""Deploys: probe, pack, bundle, send, verify on the board, and only then switch to it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Iterator, Sequence

from cross_build.boards.answers import releases
from cross_build.boards.answers.answer import Answer, parse
from cross_build.boards.answers.releases import Status
from cross_build.boards.board import Board
from cross_build.boards.progress import TERMINAL, Progress
from cross_build.boards.transfer import transfer
from cross_build.boards.transports import Outcome
from cross_build.bundles import bundle as bundles
from cross_build.bundles import paddlelite, portable_python
from cross_build.bundles.bundle import Bundle
from cross_build.bundles.paddlelite import Library
from cross_build.deploys import history
from cross_build.errors import BoardError, DeployError, TargetError
from cross_build.targets.facts import Facts
from cross_build.targets.targets import Target
from lite_runner.errors import LiteError
from lite_runner.pack import Pack
from lite_runner.releases import install, settings
from lite_runner.releases.proof import STAGES, Proof
from lite_runner.releases.release import sha256
from lite_runner.releases.settings import Tuning
from opt_models.packs import resolve
from opt_models.store import cache
from opt_models.store import manifest as manifests
from opt_models.store.single_flight import SingleFlight


@dataclass(frozen=True)
class Deployment:
    """How a deploy ended.

    Attributes:
        release: name of the release now in use.
        changed: False if it was in use already and nothing was done.
        proof: what verification on the board read and measured.
        sent: files sent.
        sent_bytes: and their size.
        total: files of the release.
        total_bytes: and their size.
        seconds: of the whole deploy.
        library: where Paddle-Lite's library is from, for people; empty where its wheel is taken.
    """

    release: str
    changed: bool
    proof: Proof
    sent: int
    sent_bytes: int
    total: int
    total_bytes: int
    seconds: float
    library: str = ""


def deploy(
    board: Board,
    pack_name: str | None = None,
    runtime: str = "",
    progress: Progress = TERMINAL,
    once: SingleFlight | None = None,
) -> Deployment:
    """Bring a board to the wanted release; does nothing if it has it already.

    Cut off anywhere, the release in use stays in use, and the next deploy goes on from there.

    Args:
        board: where to.
        pack_name: a named pack or the folder of a pack; the target's own if None.
        runtime: folder or archive of a Paddle-Lite library of the user's own.
        progress: is told of each step.
        once: shared by deploys to other boards, which then share what is made for them.

    Raises:
        DeployError: sending or verification failed, or another deploy is under way there.
        BoardError, LiteError: from the steps on the way.
    """
    start = time.perf_counter()
    progress.step("connecting")
    with host_lock(board), _recorded(board):
        bundle = bundle_for(board, pack_name, runtime, progress=progress, once=once)
        board, brought = board.install_system(bundle.system, progress)
        progress.step("comparing")
        with board.lock(bundle.name) as state:
            missing: Sequence[str] = ()
            proof = _in_use(state, bundle.name)
            changed = proof is None
            if proof is None:
                staged = stage(board, bundle, state.free, progress)
                missing, proof = staged.missing, staged.proof
                progress.step("switching")
                board.release("switch", bundle.name, stdin=json.dumps(proof))
        history.deployed(board, bundle.name, proof, changed)
    system = bundle.system.items if bundle.system else {}
    return Deployment(
        release=bundle.name,
        changed=changed,
        proof=proof,
        sent=len(missing) + len(brought),
        sent_bytes=sum(bundle.items[path].size for path in missing)
        + sum(system[path].size for path in brought),
        total=len(bundle.items) + len(system),
        total_bytes=bundle.size + (bundle.system.size if bundle.system else 0),
        seconds=time.perf_counter() - start,
        library=bundle.library,
    )


@dataclass(frozen=True)
class Staged:
    """A release that is verified on a board, in use or not.

    Attributes:
        release: its name.
        program: path of its program there.
        proof: what its verification read and measured.
        missing: the files that had to be sent.
    """

    release: str
    program: str
    proof: Proof
    missing: Sequence[str]


def stage(board: Board, bundle: Bundle, free: int, progress: Progress = TERMINAL) -> Staged:
    """Bring a bundle to a board and verify it there, beside the release in use.

    Args:
        board: held by the caller (:meth:`Board.lock`).
        bundle: to be there.
        free: bytes the board has left.
        progress: is told of each step.

    Raises:
        DeployError: there is no room, files arrive damaged, or verification fails.
        BoardError: the board cannot be reached.
    """
    program = board.path("releases", bundle.name, "ocr")
    known = board.known(bundle.name)
    proof = _proof(known.verified)
    if known.intact and proof is not None:
        return Staged(bundle.name, program, proof, ())
    # A deploy may have been cut off between the two.
    missing = () if known.intact else send(board, bundle, free, progress)
    progress.step("verifying", "on the board")
    return Staged(bundle.name, program, _verify(board, bundle, program), missing)


def preview(
    board: Board,
    pack_name: str | None = None,
    runtime: str = "",
    progress: Progress = TERMINAL,
    once: SingleFlight | None = None,
) -> str:
    """What a deploy would do, as text for people; nothing is changed on the board.

    Args and errors as :func:`deploy`.
    """
    progress.step("connecting")
    board = board.with_interpreter()
    bundle = bundle_for(board, pack_name, runtime, progress=progress, once=once)
    progress.step("comparing")
    state = board.status()
    name, current = board.target.name, state.current
    if _in_use(state, bundle.name) is not None:
        return f"{name}: release {current} is in use already; a deploy would do nothing"
    answer = board.answer("compare", stdin=bundle.manifest())
    missing, free = releases.paths(answer["missing"], bundle.items), answer["free"].whole()
    lines = [f"{name}: a deploy would replace {current or 'nothing'} by {bundle.name}"]
    size = sum(bundle.items[path].size for path in missing)
    if bundle.system is not None and board.needs_system(bundle.system):
        files, megabytes = len(bundle.system.items), bundle.system.size / 1e6
        lines.append(f"  system    {files} files, {megabytes:.1f} MB, to be sent once")
    return "\n".join(
        [
            *lines,
            f"  pack      {bundle.about['pack']}, Paddle-Lite {bundle.about['lite_version']}",
            f"  sending   {len(missing)} of {len(bundle.items)} files,"
            f" {size / 1e6:.1f} of {bundle.size / 1e6:.1f} MB; {free / 1e6:.0f} MB free",
            f"  folder    {board.transport.root}",
        ]
    )


def undeploy(board: Board) -> bool:
    """Remove everything of ours from a board; False if there was nothing."""
    with host_lock(board):
        board = board.with_interpreter()
        with board.lock():
            removed = board.answer("remove")["removed"].boolean()
    history.forget(board)
    return removed


def rollback(board: Board) -> str:
    """Return to the release before the one in use; gives its name.

    Raises:
        DeployError: there is none.
    """
    with host_lock(board):
        board = board.with_interpreter()
        with board.lock():
            answer = board.answer("rollback")
            if answer.has("error"):
                reason = answer["error"].text()
                raise DeployError(f"{board.target.name}: {reason}; deploy again instead")
            name = answer["current"].text()
            history.deployed(board, name, _proof(board.known(name).verified), False)
    return name


def summary(board: Board, done: Deployment) -> str:
    """A deployment as text for people."""
    seconds = done.proof["seconds"]
    times = " + ".join(f"{seconds[stage] * 1000:.0f}" for stage in STAGES)
    state = "deployed and verified" if done.changed else "nothing changed"
    return "\n".join(
        [
            f"{board.target.name}: {state} in {done.seconds:.1f} s",
            f"  release   {done.release}",
            f"  pack      {done.proof['pack']}, Paddle-Lite {done.proof['lite_version']}",
            *([f"  library   {done.library}"] if done.library else []),
            f"  reads     {' / '.join(done.proof['lines'])}",
            f"  takes     {times} ms to {', '.join(STAGES)}, loading included",
            f"  size      {done.total} files, {done.total_bytes / 1e6:.0f} MB",
            f"  sent      {done.sent} files, {done.sent_bytes / 1e6:.1f} MB",
            f"  program   {board.path('ocr')} read IMAGES",
        ]
    )


def bundle_for(
    board: Board,
    pack_name: str | None = None,
    runtime: str = "",
    tuned: bool = True,
    progress: Progress = TERMINAL,
    once: SingleFlight | None = None,
) -> Bundle:
    """What a board shall get, after a look at it.

    Args:
        board, pack_name, runtime, progress, once: as for :func:`deploy`.
        tuned: whether what a tuning found on the board is used.

    Raises:
        BoardError, LiteError: as :func:`deploy`.
    """
    target, shared = board.target, once or SingleFlight()
    library = library_for(target, runtime, shared)
    facts = board.probe(bundles.needs(library) if library else ())
    for contradiction in board.contradictions(facts):
        _say(f"{target.name}: {contradiction}; the board's word counts")
    progress.step("bundling")
    pack = pack_for(target, pack_name, library, shared)
    system = shared(("system", target), lambda: system_for(target))

    def make(tuning: Tuning) -> Bundle:
        alike = (target, _alike(facts), pack_name, runtime, json.dumps(tuning, sort_keys=True))
        return shared(
            ("bundle", *alike), lambda: bundles.make(target, facts, pack, library, tuning, system)
        )

    plain = make({})
    tuning = releases.tuning(board.answer("tuned"), plain.models) if tuned else None
    if tuning is None:
        return plain
    if not settings.is_tuning(tuning):
        _say(f"{target.name}: what tuning found there is damaged and not used; tune it again")
        return plain
    _say(f"{target.name}: with the settings that tuning found")
    return make(tuning)


def system_for(target: Target) -> Bundle | None:
    """What a target's releases run on, if its boards have no Python and no C library themselves."""
    system = target.system() if target.systems else None
    if system is None or not system.portable_python:
        return None
    return portable_python.make(target.machine, system).bundle


def library_for(target: Target, runtime: str, once: SingleFlight) -> Library | None:
    """Paddle-Lite's library for boards of a target; None where its own wheel is taken.

    Raises:
        TargetError: they have no use for ``runtime``.
        LiteError: it cannot be had.
    """
    if target.runtime.arch != "arm":
        if runtime:
            raise TargetError(f"{target.name}: runs Paddle-Lite's own wheel; leave --runtime out")
        return None
    key = ("library", target.runtime, runtime)
    return once(key, lambda: paddlelite.find(target.runtime, runtime))


def pack_for(
    target: Target, pack_name: str | None, library: Library | None, once: SingleFlight
) -> Pack:
    """The pack for boards of a target, made if need be.

    Raises:
        LiteError: there is none, or it cannot be made.
    """
    name, made_for = pack_name or target.pack, library.runtime if library else target.runtime
    return once(("pack", name, made_for), lambda: resolve.find(name, made_for))


def _alike(facts: Facts) -> Facts:
    """Facts without what is for people only: boards with equal ones get equal bundles."""
    return dataclasses.replace(facts, system="", model="")


@contextlib.contextmanager
def _recorded(board: Board) -> Iterator[None]:
    """Make what fails known to ``boards``."""
    try:
        yield
    except LiteError as error:
        history.failed(board, error)
        raise


def send(board: Board, bundle: Bundle, free: int, progress: Progress = TERMINAL) -> Sequence[str]:
    """Bring the files over that the board does not hold; returns their paths.

    Args and errors as :func:`stage`.
    """
    manifest = bundle.manifest()
    answer = board.answer("stage", bundle.name, stdin=manifest)
    missing = releases.paths(answer["missing"], bundle.items)
    size = sum(bundle.items[path].size for path in missing)
    if size > free:
        board.release("discard", bundle.name)
        raise DeployError(
            f"{board.target.name}: {size / 1e6:.0f} MB must be sent, {board.transport.root} has"
            f" {free / 1e6:.0f} MB free; make room there"
        )
    if missing:
        transfer(
            board.transport,
            bundle,
            missing,
            board.path("releases", f"{bundle.name}.part"),
            progress,
        )
    progress.step("checking")
    answer = board.answer("seal", bundle.name, stdin=manifest)
    wrong = releases.paths(answer["wrong"], bundle.items)
    if wrong:
        _check_sources(bundle, wrong)
        raise DeployError(
            f"{board.target.name}: {len(wrong)} files arrived damaged, first {wrong[0]};"
            " the release in use was kept; deploy again"
        )
    return missing


def _in_use(state: Status, name: str) -> Proof | None:
    """What the verification of a release said that a board has in use, whole; else None."""
    whole = state.current == name and state.intact
    return _proof(state.verified) if whole else None


def _proof(data: object) -> Proof | None:
    """What a verification said, as a board kept it; None if that cannot be read any more."""
    try:
        return releases.proof(Answer("", data))
    except BoardError:
        return None


def _check_sources(bundle: Bundle, paths: Sequence[str]) -> None:
    """Tell damage on this computer from damage on the way.

    Raises:
        DeployError: a file is not what it was when the bundle was made.
    """
    for path in paths:
        source = bundle.items[path].source
        if sha256(source) != bundle.items[path].sha256:
            cached = manifests.doubt(source)
            advice = "deploy again, then it is made anew" if cached else "deploy again"
            raise DeployError(
                f"{source}: is not what it was; the release in use was kept; {advice}"
            )


def _verify(board: Board, bundle: Bundle, program: str) -> Proof:
    """Read the golden picture on the board, with the release that is not in use yet."""
    outcome = board.transport.run([program, "verify", "--json"])
    try:
        return releases.proof(parse(outcome.stdout, f"{board.target.name}: verify"))
    except BoardError as error:
        board.release("discard", bundle.name)
        raise DeployError(
            f"{board.target.name}: verification failed, the release in use was kept:"
            f" {last_words(outcome) if outcome.code else error}"
        ) from error


def last_words(outcome: Outcome) -> str:
    """Why a run of ``ocr`` failed, in one line of its own."""
    return install.last_words(outcome.code, outcome.stderr)


def host_lock(board: Board) -> AbstractContextManager[None]:
    """A lock of this board against other deploys from this host."""
    name = re.sub(r"\W+", "-", f"{board.address}-{board.transport.root}")
    waiting = f"another deploy to {board.target.name} is under way; waiting for it"
    return cache.lock(f"deploys/{name}", waiting)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
