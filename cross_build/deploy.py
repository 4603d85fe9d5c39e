"""Deploys: probe, pack, bundle, send, verify on the board, and only then switch to it."""

from __future__ import annotations

import json
import re
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Sequence

from cross_build import bundle as bundles
from cross_build.board import Board
from cross_build.bundle import Bundle
from cross_build.errors import DeployError
from cross_build.transports import Outcome
from opt_models import cache, named_pack

#: Files sent between two progress lines.
_STRIDE = 500


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
    """

    release: str
    changed: bool
    proof: dict[str, Any]
    sent: int
    sent_bytes: int
    total: int
    total_bytes: int
    seconds: float


def deploy(board: Board, pack_name: str | None = None) -> Deployment:
    """Bring a board to the wanted release; does nothing if it has it already.

    Cut off anywhere, the release in use stays in use, and the next deploy goes on from there.

    Args:
        board: where to.
        pack_name: a named pack or the folder of a pack; the target's own if None.

    Raises:
        DeployError: sending or verification failed.
        BoardError, LiteError: from the steps on the way.
    """
    start = time.perf_counter()
    with _only_one(board):
        facts = board.probe()
        pack = named_pack.find(pack_name or board.target.pack, board.target.runtime)
        bundle = bundles.make(board, facts, pack)
        state = board.release("status")
        missing: Sequence[str] = ()
        changed = not (
            state["current"] == bundle.name and state["intact"] and state["verified"] is not None
        )
        if changed:
            missing = _send(board, bundle, state["free"])
            proof = _verify(board, bundle)
            board.release("switch", bundle.name, stdin=json.dumps(proof))
        else:
            proof = state["verified"]
    return Deployment(
        release=bundle.name,
        changed=changed,
        proof=proof,
        sent=len(missing),
        sent_bytes=sum(bundle.items[path].size for path in missing),
        total=len(bundle.items),
        total_bytes=bundle.size,
        seconds=time.perf_counter() - start,
    )


def rollback(board: Board) -> str:
    """Return to the release before the one in use; gives its name.

    Raises:
        DeployError: there is none.
    """
    with _only_one(board):
        answer = board.release("rollback")
    if "error" in answer:
        raise DeployError(f"{board.target.name}: {answer['error']}; deploy again instead")
    return str(answer["current"])


def summary(board: Board, done: Deployment) -> str:
    """A deployment as text for people."""
    seconds = done.proof["seconds"]
    stages = ("detect", "classify", "recognise")
    times = " + ".join(f"{seconds[stage] * 1000:.0f}" for stage in stages)
    state = "deployed and verified" if done.changed else "nothing changed"
    return "\n".join(
        [
            f"{board.target.name}: {state} in {done.seconds:.1f} s",
            f"  release   {done.release}",
            f"  pack      {done.proof['pack']}, Paddle-Lite {done.proof['lite_version']}",
            f"  reads     {' / '.join(done.proof['lines'])}",
            f"  takes     {times} ms to {', '.join(stages)}, loading included",
            f"  size      {done.total} files, {done.total_bytes / 1e6:.0f} MB",
            f"  sent      {done.sent} files, {done.sent_bytes / 1e6:.0f} MB",
            f"  program   {board.path('ocr')} read IMAGES",
        ]
    )


def _send(board: Board, bundle: Bundle, free: int) -> Sequence[str]:
    """Bring the files over that the board does not hold; returns their paths."""
    manifest = bundle.manifest()
    missing: Sequence[str] = board.release("stage", bundle.name, stdin=manifest)["missing"]
    size = sum(bundle.items[path].size for path in missing)
    if size > free:
        board.release("discard", bundle.name)
        raise DeployError(
            f"{board.target.name}: {size / 1e6:.0f} MB must be sent, {board.transport.root} has"
            f" {free / 1e6:.0f} MB free; make room there"
        )
    if missing:
        _say(f"sending {len(missing)} of {len(bundle.items)} files, {size / 1e6:.0f} MB")
    part = board.path("releases", f"{bundle.name}.part")
    for begin in range(0, len(missing), _STRIDE):
        chosen = missing[begin : begin + _STRIDE]
        board.transport.put({path: bundle.items[path].source for path in chosen}, part)
        if len(missing) > _STRIDE:
            _say(f"  {begin + len(chosen)} of {len(missing)}")
    wrong = board.release("seal", bundle.name, stdin=manifest)["wrong"]
    if wrong:
        raise DeployError(
            f"{board.target.name}: {len(wrong)} files arrived damaged, first {wrong[0]};"
            " the release in use was kept; deploy again"
        )
    return missing


def _verify(board: Board, bundle: Bundle) -> dict[str, Any]:
    """Read the golden picture on the board, with the release that is not in use yet."""
    _say("verifying on the board")
    program = board.path("releases", bundle.name, "ocr")
    outcome = board.transport.run([program, "verify", "--json"])
    try:
        proof: dict[str, Any] = json.loads(outcome.stdout)
    except ValueError as error:
        board.release("discard", bundle.name)
        raise DeployError(
            f"{board.target.name}: verification failed, the release in use was kept:"
            f" {last_words(outcome)}"
        ) from error
    return proof


def last_words(outcome: Outcome) -> str:
    """Why a run of ``ocr`` failed, in one line of its own."""
    # argparse: "ocr read: error: argument --batch: ..."
    said = [line.strip() for line in outcome.stderr.splitlines() if line.strip()]
    if said:
        return re.sub(r"^ocr( \w+: error)?: ", "", said[-1])
    return f"ended by signal {-outcome.code}" if outcome.code < 0 else f"exit code {outcome.code}"


def _only_one(board: Board) -> AbstractContextManager[None]:
    """A lock of this board against other deploys from this host."""
    place = re.sub(r"\W+", "-", f"{board.target.name}-{board.transport.root}")
    waiting = f"another deploy to {board.target.name} is under way; waiting for it"
    return cache.lock(f"deploys/{place}", waiting)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
