"""The command ``build``: what a board or an app needs, as a file or a folder."""

from __future__ import annotations

from pathlib import Path

from invoke.context import Context

from cross_build.cli.command import command
from cross_build.cli.options import BOARD, CONTENT
from cross_build.targets.targets import target as find_target
from lite_runner.errors import UsageError
from lite_runner.user_path import user_path
from opt_models.command_name import command_name


@command(
    help={
        **CONTENT,
        "target": BOARD["target"],
        "system": f"what the board runs, see '{command_name()} targets'; the commonest if not"
        " given",
        "out": "folder for the archive, dist if not given; with --app the module's own",
        "app": "write a Gradle module for Android apps: android-arm64, android-armv7 or A,B",
        "strict": "with --app: refuse libraries that devices with pages of 16 KiB cannot load",
        "sign": "private SSH key to sign the archive with; see --verify of its installer",
    }
)
def build(
    c: Context,
    target: str,
    pack: str = "",
    runtime: str = "",
    system: str = "",
    out: str = "",
    app: bool = False,
    strict: bool = False,
    sign: str = "",
) -> None:
    """Write an archive with all a board needs, to be unpacked there: no connection, no network."""
    from cross_build.bundles import archive

    if app:
        from cross_build.android import module

        if sign:
            raise UsageError("--sign: is for archives of boards; leave it out with --app")
        if system:
            raise UsageError("--system: is for boards; leave it out with --app")
        print(module.build(target, pack, runtime, Path(out) if out else module.PLACE, strict))
    elif strict:
        raise UsageError("--strict: is for modules of apps; leave it out, or add --app")
    else:
        key = user_path(sign, "--sign") if sign else None
        print(archive.build(find_target(target), system, pack, runtime, Path(out or "dist"), key))
