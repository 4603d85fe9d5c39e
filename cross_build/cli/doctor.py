"""The command ``doctor``."""

from __future__ import annotations

from invoke.context import Context

from cross_build.cli.command import command
from cross_build.cli.options import BOARD
from cross_build.targets.targets import target as find_target
from lite_runner.errors import UsageError


@command(help={**BOARD, "target": "kind of board whose deploys are meant; any if not given"})
def doctor(
    c: Context, target: str = "", host: str = "", folder: str = "", emulate: bool = False
) -> int:
    """Say what is installed, what is missing, and the command that fixes it."""
    from cross_build.cli import board_diagnosis, diagnosis
    from cross_build.cli.connected import connected
    from lite_runner.cli import doctor as checks

    if not target and (host or folder or emulate):
        raise UsageError("--host: say which kind of board, with --target")
    kind = find_target(target) if target else None
    rows = [*diagnosis.host_checks(), *board_diagnosis.checks(kind)]
    if kind is None or kind.transport == "local":
        rows.append(diagnosis.local_check())
    elif host or emulate or kind.transport == "adb":
        with connected(target, host, folder, emulate) as board:
            rows.append(board_diagnosis.board_check(board))
    return checks.show(rows)
