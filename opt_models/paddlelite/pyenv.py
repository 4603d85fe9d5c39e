"""Interpreters that pyenv has installed, also where its variables are not set.

findpython looks into ``PYENV_ROOT`` and ``~/.pyenv``. Under sudo the latter is another user's, and
a pyenv that lies elsewhere may be known by its shims on the path alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterable, Iterator

_FOLDER = ".pyenv"
_SHIMS = "shims"


def interpreters(versions: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """Interpreters of some versions, each with its version; whether they start is not tried.

    Args:
        versions: such as ``"3.10"``, in the order they are wanted.
    """
    folders = [root / "versions" for root in _roots()]
    for version in versions:
        for folder in folders:
            # The newest patch first: 3.10.13 before 3.10.9.
            for path in sorted(folder.glob(f"{version}.*"), key=_patch, reverse=True):
                yield version, path / "bin" / f"python{version}"


def _roots() -> Iterator[Path]:
    if os.environ.get("PYENV_ROOT"):
        yield Path(os.environ["PYENV_ROOT"])
    # Of the user before sudo, too.
    for user in ("~", f"~{os.environ.get('SUDO_USER', '')}"):
        home = Path(os.path.expanduser(user))  # noqa: PTH111 - Path's own raises for unknown users
        yield home / _FOLDER
    for entry in map(Path, os.get_exec_path()):
        if entry.name == _SHIMS:
            yield entry.parent


def _patch(path: Path) -> int:
    patch = path.name.split(".")[-1]
    return int(patch) if patch.isdecimal() else -1
