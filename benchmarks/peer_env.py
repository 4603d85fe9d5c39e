"""Peers in environments of their own, in the project's cache: they share an import name."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Sequence

from cross_build.bench.peers.peer import Peer
from opt_models.errors import FetchError
from opt_models.store import cache, wheels


def python(peer: Peer) -> Path:
    """The interpreter of a peer's environment, which is made on first use.

    Raises:
        FetchError: the peer cannot be installed; with pip's own words.
    """
    version = "{}.{}".format(*sys.version_info[:2])
    folder = cache.folder(f"peers/{peer.name}-{peer.version}-{version}", partial(_make, peer))
    return folder / "bin" / "python"


def _make(peer: Peer, folder: Path) -> None:
    print(f"installing {peer.requirement} into the cache", file=sys.stderr, flush=True)
    _run(peer, [sys.executable, "-m", "venv", str(folder)])
    # The folder is renamed later, which breaks the environment's programs, but not its Python.
    pip = [str(folder / "bin" / "python"), "-m", "pip"]
    # RapidOCR leaves the choice of its inference library to who installs it.
    wanted = [peer.requirement, *({peer.engine_package} - {peer.name})]
    _run(peer, [*pip, "install", "--disable-pip-version-check", "--quiet", *wanted])


def _run(peer: Peer, command: Sequence[str]) -> None:
    run = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        why = wheels.reason(run.stderr or run.stdout)
        raise FetchError(f"cannot install {peer.requirement}: {why}")
