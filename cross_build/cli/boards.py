"""The commands about boards as such: ``boards``, ``targets`` and ``board``, an emulated one."""

from __future__ import annotations

from invoke.context import Context

from cross_build.cli.command import command
from lite_runner.cli import output
from lite_runner.errors import UsageError
from opt_models.text_table import columns


@command(
    help={
        "check": "ask the boards themselves, and have each read its golden picture",
        "parallel": "with --check: how many boards at once",
        "forget": "take a board that is no more off the list",
        "json": "write the list there; - for stdout",
    }
)
def boards(
    c: Context, check: bool = False, parallel: int = 16, forget: str = "", json: str = ""
) -> int:
    """List what was deployed where from this computer."""
    from cross_build.deploys import history
    from cross_build.deploys.fleet import listing

    if forget:
        count = listing.forget(forget)
        print(f"{forget}: forgotten, {count} folder{'s' * (count != 1)} of releases")
        return 0
    known, code = history.known(), 0
    if check:
        known, code = listing.check(known, parallel)
    if json:
        output.write_json(listing.as_data(known), json)
    if json != output.STDOUT:
        print(listing.table(known, columns()))
    return code


@command(name="targets")
def list_targets(c: Context) -> None:
    """List the kinds of boards."""
    from cross_build.targets import targets

    print(targets.table(columns()))


@command(
    positional=["action"],
    help={
        "action": "up, down or status",
        "machine": "aarch64 or armv7l, a 32-bit system",
        "remove": "with down: remove its system, too",
    },
)
def board(c: Context, action: str, machine: str = "aarch64", remove: bool = False) -> None:
    """Start, stop or show an emulated board: Debian for ARM behind a real SSH server."""
    from cross_build.boards import emulator

    if action not in ("up", "down", "status"):
        raise UsageError(f"board {action}: is not up, down or status")
    if action == "up":
        emulator.up(machine)
    if action == "down":
        print("stopped" if emulator.down(machine) else "was not up")
        if remove:
            emulator.remove(machine)
    else:
        print(emulator.summary(machine))
