"""A C library with its loader, and a Python, for boards that have neither.

Android has its own C library, which no wheel and no Paddle-Lite for Linux runs with. So a bundle
for it brings another one, of which nothing is installed: the loader is started as a program and
told where its libraries lie. They are of Debian's packages, and not the cross compiler's: with
these comes a Python that was built for them, and they are the same ones whatever the host runs.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Mapping

from cross_build.bundles import bundle as bundles
from cross_build.bundles import debian, elf, manifest
from cross_build.bundles.bundle import PYTHON, Bundle
from cross_build.bundles.debian import Package
from cross_build.targets import system_packages
from cross_build.targets.targets import System
from lite_runner.releases.release import SYSTEM
from opt_models.store import cache
from opt_models.store.content_key import content_key

#: Raised when something else of the packages is taken.
_EDITION = 2
#: With all of the standard library that has no window.
_PACKAGES = ("python{}-minimal", "libpython{}-stdlib", "libstdc++6", "libgomp1")
#: Where Debian's own Python finds them.
_SITE = "usr/lib/python3/dist-packages/"
_LOADERS = {"aarch64": "ld-linux-aarch64.so.1", "armv7l": "ld-linux-armhf.so.3"}
#: Libraries that wheels may expect of every Linux (PEP 600), and Paddle-Lite's own.
_LIBRARIES = (
    *("libc.so.6", "libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0", "libutil.so.1"),
    *("libgcc_s.so.1", "libstdc++.so.6", "libgomp.so.1", "libz.so.1", "libresolv.so.2"),
)
#: Of the standard library: Python's own tests, and what only developers look up. ``nis`` alone
#: would bring Kerberos along.
_LEFT_OUT = ("_test", "_ctypes_test", "_xxtest", "xxlimited", "nis.", "test/", "pydoc_data/")
#: ``#!/bin/sh`` does not do: below Android 9 there is no /bin. A library that is preloaded there is
#: one for Android's C library.
_LAUNCHER = """\
#!/system/bin/sh
# Starts Python with the C library beside it: of the phone only its kernel and this shell are used.
here=${{0%/*}}
unset LD_PRELOAD
exec "$here/../lib/{loader}" --library-path "$here/../lib" --argv0 "$0" "$here/{python}" "$@"
"""


@dataclass(frozen=True)
class PortablePython:
    """A system as it goes along with releases.

    Attributes:
        bundle: its files, under a name of their own: releases of the same system share it.
        packages: those it is made of, with the paths of their files in the bundle.
    """

    bundle: Bundle
    packages: Mapping[Package, tuple[str, ...]]


def make(machine: str, system: System) -> PortablePython:
    """The system that a bundle carries.

    Args:
        machine: of the board, as ``uname -m`` calls it.
        system: with ``portable_python``.

    Raises:
        FetchError: its packages cannot be had.
    """
    names = [name.format(system.python) for name in _PACKAGES]
    names += system_packages.DEBIAN if machine == "armv7l" else ()
    packages = debian.unpacked(machine, system.portable_python, names)
    key = content_key(*(package.sha256 for package in packages))

    def fill(fresh: Path) -> None:
        taken = _taken(packages, system.python)
        files = fresh / "files"
        for path, (_, source) in taken.items():
            (files / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, files / path)
            (files / path).chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)
        words = {"loader": _LOADERS[machine], "python": f"python{system.python}"}
        (files / PYTHON).write_text(_LAUNCHER.format(**words), encoding="utf-8")
        (files / PYTHON).chmod(0o755)
        listing: dict[str, list[str]] = {}
        for path, (package, _) in taken.items():
            listing.setdefault(package.name, []).append(path)
        (fresh / "packages.json").write_text(json.dumps(listing), encoding="utf-8")

    folder = cache.folder(f"carried/{_EDITION}-{machine}-{key}", fill)
    listing = json.loads((folder / "packages.json").read_text(encoding="utf-8"))
    shipped = {
        package: tuple(listing[package.name]) for package in packages if package.name in listing
    }
    about = {"carries": [f"{package.name} {package.version}" for package in shipped]}
    return PortablePython(bundles.named(manifest.cached(folder / "files"), about), shipped)


def _taken(packages: list[Package], python: str) -> dict[str, tuple[Package, Path]]:
    """The package and the file of each path in the bundle."""
    taken: dict[str, tuple[Package, Path]] = {}
    libraries = {}
    standard = f"usr/lib/python{python}/"
    for package in packages:
        for file in sorted(filter(_is_its_own, package.folder.rglob("*"))):
            path = file.relative_to(package.folder).as_posix()
            if path.startswith(standard):
                inner = path[len(standard) :]
                if not inner.removeprefix("lib-dynload/").startswith(_LEFT_OUT):
                    taken[f"{SYSTEM}lib/python{python}/{inner}"] = (package, file)
            elif path.startswith(_SITE) and package.name in system_packages.DEBIAN:
                taken[f"{SYSTEM}{path[len('usr/') :]}"] = (package, file)
            elif path == f"usr/bin/python{python}":
                taken[f"{SYSTEM}bin/python{python}"] = (package, file)
            elif file.name.startswith(("lib", "ld-linux")) and ".so" in file.name:
                libraries[file.name] = (package, file)
    waiting = [*_LIBRARIES, *_needed(file for _, file in taken.values())]
    while waiting:
        name = waiting.pop()
        path = f"{SYSTEM}lib/{name}"
        if path not in taken:
            taken[path] = libraries[name]
            waiting += _needed([libraries[name][1]])
    documents: dict[str, Path] = {
        package.name: package.folder / "usr/share/doc" / package.name for package in packages
    }
    for package in {owner for owner, _ in taken.values()}:
        document = documents[package.name]
        if document.is_symlink():  # packages of one source refer to one text
            document = documents[document.readlink().name]
        taken[f"{SYSTEM}doc/{package.name}/copyright"] = (package, document / "copyright")
    return dict(sorted(taken.items()))


def _is_its_own(path: Path) -> bool:
    """Whether a path of a package is a file; links into the system's root would lead into ours."""
    return path.is_file() and not (path.is_symlink() and path.readlink().is_absolute())


def _needed(files: Iterable[Path]) -> list[str]:
    """Libraries that programs and libraries among files are loaded with."""
    libraries: list[str] = []
    for file in files:
        with file.open("rb") as start:
            if start.read(4) == b"\x7fELF":
                libraries += elf.read(file).needed
    return libraries
