"""Bundles: all the files one board needs, each with its hash, under one name made from them."""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

import lite_runner
from cross_build import inventory
from cross_build.board import Board, Facts
from cross_build.inventory import Item
from cross_build.wheels import resolve
from lite_runner.pack import Pack
from opt_models import cache, lite_env

_LAUNCHER = """\
#!/bin/sh
# Starts the text reader of this release, wherever its folder lies.
here=$(dirname "$(readlink -f "$0")")
python={python}
command -v "$python" >/dev/null || {{
    echo "ocr: $python is gone; deploy to this board again" >&2
    exit 1
}}
{settings}exec "$python" -I "$here/app/lite_runner/launch.py" "$@"
"""

#: The wheel's MKL takes its slowest code (SSE2) on processors that are not Intel's; 5 is the code
#: for AVX2. Not on an AMD without it: that would end in an illegal instruction.
_X86_SETTINGS = """\
if [ -z "${MKL_DEBUG_CPU_TYPE+set}" ] &&
    grep -qm1 '^vendor_id.*AuthenticAMD' /proc/cpuinfo 2>/dev/null &&
    grep -m1 '^flags' /proc/cpuinfo | grep -w fma | grep -qw avx2; then
    export MKL_DEBUG_CPU_TYPE=5
fi
"""


@dataclass(frozen=True)
class Bundle:
    """A release as it will lie on a board.

    Attributes:
        name: made from the content, so that equal bundles have equal names.
        items: the files by their path in the release.
        about: what the manifest says besides: target, pack, versions.
    """

    name: str
    items: Mapping[str, Item]
    about: Mapping[str, Any]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(item.size for item in self.items.values())

    def manifest(self) -> str:
        """JSON text of the manifest."""
        files = {path: item.entry() for path, item in self.items.items()}
        return json.dumps({**self.about, "files": files}, sort_keys=True)


def make(board: Board, facts: Facts, pack: Pack) -> Bundle:
    """The bundle of a pack for a board.

    Raises:
        FetchError: a package for the board cannot be had.
    """
    wheels = resolve(board.target.wheels, facts)
    env = lite_env.find()
    packages = {**inventory.cached(wheels.site), **inventory.cached(env.site)}
    runner = inventory.items(Path(lite_runner.__file__).parent)
    items = {
        **{f"app/lite_runner/{name}": item for name, item in runner.items()},
        **{f"site/{name}": item for name, item in packages.items()},
        **{f"pack/{name}": item for name, item in inventory.items(pack.folder).items()},
        "ocr": _launcher(board.python, facts.machine),
    }
    about = {
        "target": board.target.name,
        "pack": pack.name,
        "lite_version": pack.lite_version,
        "lite_ocr": lite_runner.__version__,
        "python": facts.python,
        "wheels": [*wheels.names, f"paddlelite-{lite_env.WHEEL.package}"],
    }
    content = {path: [item.sha256, item.mode] for path, item in sorted(items.items())}
    text = json.dumps([about, content], sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Bundle(name, items, about)


def _launcher(python: str, machine: str) -> Item:
    settings = _X86_SETTINGS if machine == "x86_64" else ""
    text = _LAUNCHER.format(python=shlex.quote(python), settings=settings)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]

    def write(folder: Path) -> None:
        (folder / "ocr").write_text(text, encoding="utf-8")
        (folder / "ocr").chmod(0o755)

    return inventory.item(cache.folder(f"launchers/{digest}", write) / "ocr")
