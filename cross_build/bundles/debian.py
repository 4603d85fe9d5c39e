"""Packages of Debian for another processor: fetched and unpacked here, not installed.

mmdebstrap fetches them: it knows proxies and keys, checks Debian's signatures, follows
dependencies, and needs neither root nor an emulator for that.
"""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from lite_runner.program_output import first_line
from lite_runner.releases.release import sha256
from opt_models.errors import ChangedError, FetchError
from opt_models.store import cache, config, lockfile, process
from opt_models.store.content_key import content_key

#: By Debian's name, what ``uname -m`` calls a processor.
ARCHITECTURES = {"aarch64": "arm64", "armv7l": "armhf"}
_TOOLS = ("mmdebstrap", "dpkg-deb")
#: Fields of a package's own description, one line each.
_FORMAT = "${Package}\\n${Version}\\n"


@dataclass(frozen=True)
class Package:
    """One unpacked package.

    Attributes:
        name: by Debian's name.
        version: by Debian's count.
        sha256: of the file it came in.
        folder: its files below it, as they would lie in the system's root.
    """

    name: str
    version: str
    sha256: str
    folder: Path


def unpacked(machine: str, suite: str, names: Sequence[str]) -> list[Package]:
    """Packages with all they depend on, fetched on first use; from then on the same ones.

    Args:
        machine: what they are for, as ``uname -m`` calls it.
        suite: Debian's release, ``"bookworm"``.
        names: of packages.

    Raises:
        FetchError: there is no mmdebstrap, or it does not get them.
        ChangedError: a package is not what it was when it was fetched first.
    """
    key = content_key(*names, length=8)
    name = f"debian/{suite}-{ARCHITECTURES[machine]}-{key}"
    folder = cache.folder(name, lambda fresh: _fetch(fresh, machine, suite, names))
    listing = json.loads((folder / "packages.json").read_text(encoding="utf-8"))
    return [Package(**row, folder=folder / row["name"]) for row in listing]


def sources(suite: str) -> list[str]:
    """This computer's own mirror of Debian, if it has one; mmdebstrap knows the usual one."""
    for path in ("sources.list", "sources.list.d/debian.sources"):
        with contextlib.suppress(OSError):
            text = (Path("/etc/apt") / path).read_text(encoding="utf-8")
            mirror = re.search(r"^(?:deb|URIs:)\s+(?:\[.*\]\s*)?(\S+/debian/?)(\s|$)", text, re.M)
            if mirror:
                return [f"deb {mirror.group(1)} {suite} main"]
    return []


def _fetch(fresh: Path, machine: str, suite: str, names: Sequence[str]) -> None:
    architecture = ARCHITECTURES[machine]
    purpose = f"Debian {suite} for {architecture}: {', '.join(names)}"
    if config.current().offline:
        raise FetchError(f"{purpose}: offline; do it once with the network")
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        raise FetchError(
            f"{purpose}: {' and '.join(missing)} missing; run 'sudo apt-get install"
            " mmdebstrap debian-archive-keyring'"
        )
    print(f"fetching {purpose}", file=sys.stderr, flush=True)
    archives = fresh / "archives"
    archives.mkdir()
    # Extracted where they are thrown away: which file is of which package, and under which licence,
    # only the packages themselves tell.
    keep = f'cp "$1"/var/cache/apt/archives/*.deb {shlex.quote(str(archives))}'
    command = ["mmdebstrap", f"--architectures={architecture}", "--variant=extract", "--quiet"]
    command += ["--mode=chrootless", "--format=null", f"--extract-hook={keep}"]
    command += [f"--include={','.join(names)}", suite, "/dev/null", *sources(suite)]
    _run(command, purpose)
    listing = []
    for file in sorted(archives.glob("*.deb")):
        digest = sha256(file)
        _compare(file, digest)
        about = _run(["dpkg-deb", "--show", f"--showformat={_FORMAT}", str(file)], purpose).split(
            "\n"
        )
        _run(["dpkg-deb", "--extract", str(file), str(fresh / about[0])], purpose)
        listing.append({"name": about[0], "version": about[1], "sha256": digest})
    shutil.rmtree(archives)
    (fresh / "packages.json").write_text(json.dumps(listing, indent=1), encoding="utf-8")


def _compare(file: Path, digest: str) -> None:
    """Compare a package with what was recorded of it; record it if nothing was.

    Debian signs its packages; that one of the same version is the same one we see to ourselves.
    """
    path = f"/debian/{file.name}"
    known = lockfile.recorded(path)
    if known is None:
        lockfile.record(path, digest, file.stat().st_size)
    elif known[0] != digest:
        raise ChangedError(lockfile.changed(path, digest, file.stat().st_size))


def _run(command: list[str], purpose: str) -> str:
    outcome = process.run(command)
    if outcome.code != 0:
        reason = first_line(outcome.stderr, "E:", "dpkg-deb:") or "it said nothing"
        raise FetchError(
            f"{purpose}: {command[0]} failed with {outcome.code} ({reason}); check the network, and"
            " that debian-archive-keyring is installed"
        )
    return outcome.stdout
