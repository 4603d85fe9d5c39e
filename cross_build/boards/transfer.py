"""Transfers: files of a bundle on their way to a board."""

from __future__ import annotations

from typing import Sequence

from cross_build.boards.progress import TERMINAL, Watch
from cross_build.boards.transports import Transport
from cross_build.bundles.bundle import Bundle


def transfer(
    transport: Transport,
    bundle: Bundle,
    paths: Sequence[str],
    folder: str,
    watch: Watch = TERMINAL,
    what: str = "",
) -> None:
    """Put files of a bundle into a folder of the board; the watch is told how far it is.

    Raises:
        BoardError: the board cannot be reached or its disk is full.
    """
    size = sum(bundle.items[path].size for path in paths)
    watch.step("sending", f"{what}{len(paths)} of {len(bundle.items)} files, {size / 1e6:.1f} MB")
    with watch.sending(size) as count:
        files = {path: bundle.items[path].source for path in paths}
        transport.put(files, folder, count)
