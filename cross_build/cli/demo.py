"""The command ``demo``."""

from __future__ import annotations

from pathlib import Path

from invoke.context import Context

from cross_build.cli import samples
from cross_build.cli.command import command
from cross_build.cli.connected import connected
from lite_runner.cli.results import Destinations


@command(help={"out": "folder for the annotated pictures"})
def demo(c: Context, out: str = "out/demo") -> int:
    """Deploy to this computer and read the sample pictures; drawings go to --out."""
    from cross_build.deploys import deploy, remote_read
    from lite_runner.pictures import inputs

    folder = samples.folder()
    with connected("local") as board:
        print(deploy.summary(board, deploy.deploy(board)), flush=True)
        print()
        shown = Destinations()
        pictures = inputs.expand([folder])
        results = remote_read.read(board, pictures, draw=Path(out), show=shown.show)
    code = shown.finish(results)
    print(f"\ncompared with {folder}/labels.json: {samples.errors(results)}")
    print(f"annotated pictures: {out}")
    return code
