"""Rollouts: a deploy to many boards at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Callable, Sequence, TypeVar

from cross_build.boards.board import Board
from cross_build.boards.connect import connect
from cross_build.deploys import deploy as deploys
from cross_build.deploys.deploy import Deployment
from cross_build.deploys.fleet.hosts import Host
from cross_build.deploys.fleet.live_table import LiveTable
from cross_build.deploys.fleet.parallel import AT_ONCE, BoardProgress, each
from opt_models import text_table
from opt_models.packs import resolve
from opt_models.store.single_flight import SingleFlight

T = TypeVar("T")


@dataclass(frozen=True)
class Result:
    """How the deploy to one board ended.

    Attributes:
        host: its address.
        target: its kind.
        state: ``"deployed"``, ``"unchanged"``, ``"failed"`` or ``"stopped"``.
        release: in use there now; None if the deploy did not come to its end.
        pack: of that release.
        lite_version: of that release.
        sent_bytes: that went out.
        seconds: of the whole deploy.
        error: why it failed, in one line that ends with what to do; empty if it did not.
    """

    host: str
    target: str
    state: str
    release: str | None
    pack: str
    lite_version: str
    sent_bytes: int
    seconds: float
    error: str


@dataclass(frozen=True)
class Rollout:
    """How a deploy to many boards ended.

    Attributes:
        results: of each board, in the order they were given.
        interrupted: by Ctrl-C.
    """

    results: Sequence[Result]
    interrupted: bool

    @property
    def code(self) -> int:
        """Exit code: 0 if every board has the release, 130 after Ctrl-C, else 1."""
        if self.interrupted:
            return 130
        return 0 if all(result.release is not None for result in self.results) else 1


def deploy(
    hosts: Sequence[Host],
    pack: str | None = None,
    runtime: str = "",
    folder: str = "",
    at_once: int = AT_ONCE,
) -> Rollout:
    """Deploy to many boards at once; one that fails leaves the others alone.

    What boards have in common is made once: libraries and packs before any board is asked, each
    bundle when the first board wants it.

    Args:
        hosts: the boards.
        pack, runtime: as :func:`cross_build.deploys.deploy.deploy` takes them.
        folder: on each board, for our releases.
        at_once: how many boards.

    Raises:
        LiteError: a library or a pack cannot be had; no board was asked.
    """
    once = _prepared(hosts, pack, runtime)

    def work(board: Board, progress: BoardProgress) -> Deployment:
        return deploys.deploy(board, pack, runtime, progress, once)

    def last_word(done: Deployment) -> tuple[str, str]:
        about = f"{done.release}, {done.proof['pack']}"
        return ("deployed" if done.changed else "unchanged"), about

    ended, interrupted = each(
        hosts, _connected(hosts, folder, work), last_word, LiveTable(), at_once
    )
    results = []
    for host, ending in zip(hosts, ended):
        done = ending.value
        state = "failed" if ending.error else "stopped" if done is None else last_word(done)[0]
        results.append(
            Result(
                host.address,
                host.target.name,
                state,
                done.release if done else None,
                done.proof["pack"] if done else "",
                done.proof["lite_version"] if done else "",
                done.sent_bytes if done else 0,
                round(ending.seconds, 1),
                ending.error,
            )
        )
    return Rollout(results, interrupted)


def preview(
    hosts: Sequence[Host],
    pack: str | None = None,
    runtime: str = "",
    folder: str = "",
    at_once: int = AT_ONCE,
) -> tuple[str, int]:
    """What a deploy would do to each board, as text for people; and the exit code.

    Args and errors as :func:`deploy`.
    """
    once = _prepared(hosts, pack, runtime)

    def work(board: Board, progress: BoardProgress) -> str:
        return deploys.preview(board, pack, runtime, progress, once)

    ended, interrupted = each(
        hosts, _connected(hosts, folder, work), lambda text: ("asked", ""), LiveTable(), at_once
    )
    texts = [
        f"{host.address}: {ending.value or ending.error or 'stopped'}"
        for host, ending in zip(hosts, ended)
    ]
    code = 130 if interrupted else 0 if all(ending.value for ending in ended) else 1
    return "\n".join(texts), code


def summary(rollout: Rollout, width: int | None = None) -> str:
    """A rollout as text for people: a table, then each failure in a line, then how many.

    Args:
        rollout: it.
        width: columns of the terminal; None for lines of any length.
    """
    headings = ("board", "target", "state", "release", "pack", "Paddle-Lite", "sent", "took")
    rows = [
        (
            *(result.host, result.target, result.state),
            *(result.release or "-", result.pack or "-", result.lite_version or "-"),
            f"{result.sent_bytes / 1e6:.1f} MB" if result.release else "-",
            f"{result.seconds:.1f} s",
        )
        for result in rollout.results
    ]
    lines = [text_table.table(headings, rows, width=width, left=6), ""]
    failed = [result for result in rollout.results if result.error]
    lines += [f"{result.host}: {result.error}" for result in failed]
    good = sum(result.release is not None for result in rollout.results)
    stopped = sum(result.state == "stopped" for result in rollout.results)
    counts = [f"{good} of {len(rollout.results)} boards have the release"]
    counts += [f"{len(failed)} failed"] if failed else []
    counts += [f"{stopped} stopped"] if stopped else []
    lines.append(", ".join(counts))
    if failed or stopped:
        lines[-1] += "; the others keep the one they had. The same command goes on from there"
    return "\n".join(lines)


def as_data(results: Sequence[Result]) -> list[dict[str, object]]:
    """Results as JSON takes them."""
    return [asdict(result) for result in results]


def _prepared(hosts: Sequence[Host], pack: str | None, runtime: str) -> SingleFlight:
    """What boards have in common; made here, where one failure is one line and not one a board."""
    once = SingleFlight()
    if pack:
        resolve.check_name(pack)  # said before a library is looked for, which may take long
    for target in {host.target.name: host.target for host in hosts}.values():
        deploys.pack_for(target, pack, deploys.library_for(target, runtime, once), once)
    return once


def _connected(
    hosts: Sequence[Host], folder: str, work: Callable[[Board, BoardProgress], T]
) -> Callable[[int, BoardProgress], T]:
    """Work on a board as work on the number of a host."""

    def run(number: int, progress: BoardProgress) -> T:
        host = hosts[number]
        # Many boards cannot each ask for a password.
        board = connect(host.target, host=host.address, folder=folder, ask=False)
        progress.closes(board.transport.close)
        try:
            return work(board, progress)
        finally:
            board.transport.close()

    return run
