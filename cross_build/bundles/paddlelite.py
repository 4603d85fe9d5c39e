"""Runtimes: Paddle-Lite's library and header for one processor, published or a user's own build."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from cross_build.bundles import elf
from cross_build.errors import TargetError
from lite_runner.errors import LiteError
from lite_runner.releases.release import sha256
from lite_runner.user_path import user_path
from opt_models.errors import FetchError
from opt_models.runtime import Runtime
from opt_models.store import archive, cache, config, download, lockfile
from opt_models.store.toml_file import read_toml

LIBRARY = "libpaddle_light_api_shared.so"
#: Names the folder or archive of a user's own build, by processor.
VARIABLES = {
    "armv8": "PADDLE_LITE_RUNTIME_ARMV8",
    "armv7hf": "PADDLE_LITE_RUNTIME_ARMV7HF",
    "android-armv8": "PADDLE_LITE_RUNTIME_ANDROID_ARMV8",
    "android-armv7": "PADDLE_LITE_RUNTIME_ANDROID_ARMV7",
}
_MACHINES = {
    "armv8": "aarch64",
    "armv7hf": "armv7l",
    "android-armv8": "aarch64",
    "android-armv7": "armv7l",
}
#: Upstream's kernels for fp16 have 4096 fp16 products (v2.13-rc); a constant may look so.
_FEW = 100
#: How the library calls itself: a release, or the commit of a build of no release.
_RELEASE = re.compile(rb"\0(v\d[\w.-]{1,20})\0")
_COMMIT = re.compile(rb"\0([0-9a-f]{7,9})\0")


@dataclass(frozen=True)
class Library:
    """A runtime on the host.

    Attributes:
        folder: with ``include`` and ``lib``.
        runtime: release, as the library calls itself, and processor.
        sha256: of the library and its header.
        fp16: whether it has fp16 kernels; all of it is then compiled for ARMv8.2.
        origin: where it is from, and how its bytes are known, for people.
    """

    folder: Path
    runtime: Runtime
    sha256: str
    fp16: bool
    origin: str = field(default="", compare=False)

    @property
    def include(self) -> Path:
        return self.folder / "include"

    @property
    def path(self) -> Path:
        return self.folder / "lib" / LIBRARY


def find(runtime: Runtime, chosen: str = "") -> Library:
    """The library of a runtime, or the one the user names in its stead.

    Args:
        runtime: release and processor.
        chosen: folder or archive of another one; that of the environment variable if empty.

    Raises:
        TargetError: what the user names is no library for this processor.
        FetchError: the release's archive cannot be had; says what to do instead.
    """
    variable = VARIABLES[runtime.processor]
    origin = "--runtime" if chosen else variable
    chosen = chosen or os.environ.get(variable, "")
    if chosen:
        return local(user_path(chosen, origin), runtime.processor, origin)
    folder, pinned = _unpacked(runtime)
    library = _in(folder, runtime.processor, "the release's archive")
    if library.runtime != runtime:
        raise TargetError(
            f"the archive of Paddle-Lite {runtime} holds {library.runtime}; get it from"
            " another place"
        )
    return replace(library, origin=f"upstream's archive, its sha256 {_known(pinned)}")


def _known(pinned: bool) -> str:
    """How the bytes of an archive are known."""
    if pinned:
        return "pinned"
    return f"not pinned: as recorded on first use in {config.current().lock}"


def local(path: Path, processor: str, origin: str) -> Library:
    """A user's own build.

    Args:
        path: folder with ``include`` and ``lib``, at the top or in ``cxx``, or an archive of one.
        processor: it has to be for.
        origin: where the user names it, for errors.

    Raises:
        TargetError: it is none; says what was expected.
    """
    if path.is_file():
        # An archive's files get their place in the cache by its content.
        name = f"runtimes/{sha256(path)[:16]}"
        try:
            folder = cache.folder(name, lambda fresh: archive.unpack(path, fresh))
        except FetchError as error:
            raise TargetError(f"{origin} {path}: {error}") from error
    else:
        folder = path
    library = _in(folder, processor, f"{origin} {path}")
    return replace(library, origin=f"your own, {origin} {path}")


@dataclass(frozen=True)
class Archive:
    """An archive of a release, as upstream published it.

    Attributes:
        host: it is published on.
        path: on that host.
        sha256: of it, if that is pinned.
    """

    host: str
    path: str
    sha256: str | None


def published(runtime: Runtime) -> Archive:
    """The archive of a runtime.

    Raises:
        FetchError: upstream published none; says what to do instead.
    """
    data = read_toml(Path(__file__).with_name("runtimes.toml"))
    if runtime.processor not in data["releases"].get(runtime.release, ()):
        raise FetchError(
            f"Paddle-Lite {runtime}: upstream published no such archive; {_own_build(runtime)}"
        )
    name = data["archives"][runtime.processor]
    path = data["path"].format(release=runtime.release, archive=name)
    pin = data["sha256"].get(runtime.release, {}).get(runtime.processor)
    return Archive(data["host"], path, pin)


def _unpacked(runtime: Runtime) -> tuple[Path, bool]:
    """The unpacked archive of a release, and whether its sha256 is pinned."""
    release = published(runtime)
    try:
        file = download.get(release.path, release.host, release.sha256, archive.check)
    except FetchError as error:
        *lines, advised = error.lines
        raise FetchError(
            f"{error}; or {_own_build(runtime)}",
            lines=[*lines, f"{advised}, or give it with --runtime"],
        ) from error
    name = f"runtimes/{sha256(file)[:16]}"
    known = release.sha256 or lockfile.is_shipped(release.path)
    return cache.folder(name, lambda fresh: archive.unpack(file, fresh)), bool(known)


def _own_build(runtime: Runtime) -> str:
    return f"build it and give its folder with --runtime or {VARIABLES[runtime.processor]}"


def _in(top: Path, processor: str, origin: str) -> Library:
    """The library in a folder, wherever upstream's builds and archives put it."""
    for folder in (top, top / "cxx", *sorted(top.glob("*")), *sorted(top.glob("*/cxx"))):
        library = folder / "lib" / LIBRARY
        header = folder / "include" / "paddle_api.h"
        if library.is_file() and header.is_file():
            break
    else:
        raise TargetError(
            f"{origin}: expected include/paddle_api.h and lib/{LIBRARY}, there or in cxx/"
        )
    try:
        machine = elf.read(library).machine
    except LiteError as error:
        raise TargetError(f"{origin}: {error}") from error
    if machine != _MACHINES[processor]:
        raise TargetError(f"{origin}: is for {machine}, expected {_MACHINES[processor]}")
    return Library(
        folder=folder,
        runtime=Runtime(_release(library, origin), processor),
        sha256=_digest(library, header),
        fp16=machine == "aarch64" and elf.half_products(library) > _FEW,
    )


def _release(library: Path, origin: str) -> str:
    """Release or commit, as the library calls itself (``GetVersion``, lite/api/cxx_api.cc)."""
    data = library.read_bytes()
    for pattern in (_RELEASE, _COMMIT):
        releases = {match.decode() for match in pattern.findall(data)}
        if len(releases) == 1:
            return str(releases.pop())
    raise TargetError(
        f"{origin}: {library.name} does not tell which release of Paddle-Lite it is; build it from"
        " a tagged release"
    )


def _digest(library: Path, header: Path) -> str:
    return f"{sha256(library)}-{sha256(header)}"
