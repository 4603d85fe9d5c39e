"""The command ``demo``."""

from __future__ import annotations

from pathlib import Path

from invoke.context import Context

from cross_build.cli import samples
from cross_build.cli.command import command
from cross_build.cli.connected import connected
from lite_runner.cli import output


@command()
def demo(c: Context, out: str = "out/demo") -> int:
    """Deploy to this computer and read the sample pictures; drawings go to --out."""
    from cross_build.deploys import deploy, remote_read
    from lite_runner.pictures import inputs

    folder = samples.folder()
    with connected("local") as board:
        print(deploy.summary(board, deploy.deploy(board)), flush=True)
        print()
        results = remote_read.read(
            board,
            inputs.expand([folder]),
            [],
            Path(out),
            lambda result: output.tell(result, None),
        )
    code = output.finish(results, None)
    print(f"\ncompared with {folder}/labels.json: {samples.errors(results)}")
    print(f"annotated pictures: {out}")
    return code
