"""The commands that change what a board has: ``deploy``, ``rollback`` and ``undeploy``."""

from __future__ import annotations

from pathlib import Path

from invoke.context import Context

from cross_build.cli.command import command
from cross_build.cli.connected import connected
from cross_build.cli.options import BOARD, CONTENT
from lite_runner.cli import output
from lite_runner.errors import UsageError
from opt_models.text_table import columns


@command(
    iterable=["host"],
    help={
        **BOARD,
        **CONTENT,
        "host": f"{BOARD['host']}; once for each of many boards",
        "hosts": "file with many boards: a host a line, its target behind it if they differ",
        "parallel": "of many boards, how many at once",
        "dry-run": "only say what would be done",
        "json": "write what came of each board there; - for stdout",
    },
)
def deploy(
    c: Context,
    target: str = "local",
    host: list[str] | None = None,
    hosts: str = "",
    pack: str = "",
    runtime: str = "",
    folder: str = "",
    emulate: bool = False,
    dry_run: bool = False,
    parallel: int = 16,
    json: str = "",
) -> int:
    """Put a verified text reader on boards; does nothing where it is already."""
    from cross_build.deploys import deploy as deploys
    from cross_build.deploys.fleet import rollout
    from cross_build.deploys.fleet.hosts import chosen

    addresses = host or []
    if len(addresses) < 2 and not hosts and not json:
        with connected(target, "".join(addresses), folder, emulate) as board:
            if dry_run:
                print(deploys.preview(board, pack or None, runtime))
            else:
                print(deploys.summary(board, deploys.deploy(board, pack or None, runtime)))
        return 0
    _check_fleet(bool(addresses or hosts), emulate, bool(json), dry_run)
    boards = chosen(addresses, Path(hosts) if hosts else None, target)
    if dry_run:
        text, code = rollout.preview(boards, pack or None, runtime, folder, parallel)
        print(text)
        return code
    done = rollout.deploy(boards, pack or None, runtime, folder, parallel)
    if json:
        output.write_json(rollout.as_data(done.results), json)
    if json != output.STDOUT:
        print(rollout.summary(done, columns()))
    return done.code


def _check_fleet(hosts: bool, emulate: bool, json: bool, dry_run: bool) -> None:
    """Refuse options that say nothing of many boards."""
    if emulate:
        raise UsageError("--emulate: is one board of its own; leave out --host, --hosts and --json")
    if not hosts:
        raise UsageError("--json: say which boards, with --host or --hosts")
    if json and dry_run:
        raise UsageError("--json: tells what was done; leave it out with --dry-run")


@command(help=BOARD)
def rollback(
    c: Context, target: str = "local", host: str = "", folder: str = "", emulate: bool = False
) -> None:
    """Return to the release that was in use before."""
    from cross_build.deploys import deploy as deploys

    with connected(target, host, folder, emulate) as board:
        print(f"{target}: release {deploys.rollback(board)} is in use again")


@command(help=BOARD)
def undeploy(
    c: Context, target: str = "local", host: str = "", folder: str = "", emulate: bool = False
) -> None:
    """Remove everything that deploys put on a board."""
    from cross_build.deploys import deploy as deploys

    with connected(target, host, folder, emulate) as board:
        removed = deploys.undeploy(board)
        print(
            f"{target}: {'removed' if removed else 'nothing to remove at'} {board.transport.root}"
        )
