"""Finished packs in folders of the user's: written there out of the cache, and summarised."""

from __future__ import annotations

import shutil
from pathlib import Path

from lite_runner import pack as packs
from opt_models import text_table
from opt_models.store.output_folder import OutputFolder


def check(folder: Path) -> None:
    """Refuse a place where no pack can go; worth asking before one is made.

    Raises:
        CatalogError: something that is no pack lies there, which is left alone.
    """
    _output(folder).check()


def write(pack: packs.Pack, folder: Path) -> packs.Pack:
    """Copy a pack out of the cache, in place of an older one (see :class:`OutputFolder`).

    Raises:
        CatalogError: something that is no pack lies there, or the place cannot be written.
    """

    def copy(fresh: Path) -> None:
        fresh.mkdir()
        for path in pack.files:
            shutil.copyfile(path, fresh / path.name)

    return _output(folder).write(copy, packs.load)


def _output(folder: Path) -> OutputFolder:
    return OutputFolder(folder, packs.FILE, "a pack")


def summary(pack: packs.Pack) -> str:
    """A pack as text for people."""
    networks = [
        (
            stage,
            network.source,
            f"{network.path.stat().st_size / 1e6:.1f} MB",
            network.precision,
            f"by opt {network.opt}",
            "folded" if network.folded else "not folded",
        )
        for stage, network in pack.networks.items()
    ]
    facts = [
        ("knows", f"{len(pack.recogniser.charset)} characters"),
        ("runs on", f"Paddle-Lite {' or '.join(pack.runtimes)}, {pack.arch}"),
        ("must read", " / ".join(pack.golden.lines)),
    ]
    tables = [text_table.facts(rows) for rows in (networks, facts)]
    return "\n".join([f"pack {pack.name}: {pack.folder}", *tables])
