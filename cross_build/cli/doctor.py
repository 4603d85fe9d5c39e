"""The command ``doctor``."""

from __future__ import annotations

from invoke.context import Context

from cross_build.cli.command import command


@command()
def doctor(c: Context) -> int:
    """Say what is installed, what is missing, and the command that fixes it."""
    from cross_build.cli import diagnosis as host
    from lite_runner.cli import doctor as checks

    return checks.show(host.host_checks())
