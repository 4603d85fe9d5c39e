"""TOML files, by the standard library's parser or, below Python 3.11, by the one it comes from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's tables."""
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return data
