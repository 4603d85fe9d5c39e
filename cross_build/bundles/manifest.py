"""Inventories: path, hash, size and mode of each file of a folder that no longer changes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lite_runner.releases.answers import FileEntry
from lite_runner.releases.release import sha256
from opt_models.store import manifest


@dataclass(frozen=True)
class Item:
    """One file: where it lies on the host, and what it must be on the board."""

    source: Path
    sha256: str
    size: int
    mode: int

    def entry(self) -> FileEntry:
        """What a manifest says of it."""
        return {"sha256": self.sha256, "size": self.size, "mode": self.mode}


def item(path: Path) -> Item:
    """Look at one file."""
    return Item(path, sha256(path), path.stat().st_size, _mode(path))


def items(folder: Path) -> dict[str, Item]:
    """Every file below a folder by its path there, except what no board needs."""
    return {name: item(path) for name, path in _files(folder).items()}


def cached(folder: Path) -> dict[str, Item]:
    """As :func:`items`, of a folder of the cache, whose hashes are known."""
    known = manifest.hashes(folder)
    return {
        name: Item(path, known[name], path.stat().st_size, _mode(path))
        if name in known
        else item(path)
        for name, path in _files(folder).items()
    }


def _files(folder: Path) -> dict[str, Path]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: path for name, path in named.items() if _needed(name)}


def _mode(path: Path) -> int:
    return 0o755 if path.stat().st_mode & 0o100 else 0o644


def _needed(name: str) -> bool:
    parts = name.split("/")
    return not (
        "tests" in parts
        or "__pycache__" in parts
        or name.endswith((".pyi", ".pyc", ".lock"))
        or parts[0].endswith(".data")
    )
