"""Transfers: files of a bundle on their way to a board."""

from __future__ import annotations

from typing import Sequence

from cross_build.boards.progress import TERMINAL, Progress
from cross_build.boards.transports import Transport
from cross_build.bundles.bundle import Bundle


def transfer(
    transport: Transport,
    bundle: Bundle,
    paths: Sequence[str],
    folder: str,
    progress: Progress = TERMINAL,
    what: str = "",
) -> None:
    """Put files of a bundle into a folder of the board; tells how far it is.

    Raises:
        BoardError: the board cannot be reached or its disk is full.
    """
    size = sum(bundle.items[path].size for path in paths)
    progress.step(
        "sending", f"{what}{len(paths)} of {len(bundle.items)} files, {size / 1e6:.1f} MB"
    )
    with progress.sending(size) as count:
        files = {path: bundle.items[path].source for path in paths}
        transport.put(files, folder, count)
