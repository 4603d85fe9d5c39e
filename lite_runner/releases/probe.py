"""What a board is, and whether a release fits it.

Run on the board as a file by the board's own Python, before anything else of ours is there, so it
needs nothing but the standard library. Prints one JSON object.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import re
import shutil
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Iterable, NamedTuple, Protocol, Sequence

if TYPE_CHECKING:  # sent to boards as text, this module is alone there
    from lite_runner.releases.answers import Facts, Needs

_LIBRARIES = {"libgomp.so.1": "libgomp1", "libstdc++.so.6": "libstdc++6"}
#: What to do where a board's machine is not the one needed, by what it is.
_OTHER_MACHINES = {
    "aarch64": "choose another --target, such as armv8",
    "armv7l": "choose another --target, such as armv7hf",
    "armv6l": "Paddle-Lite has nothing for ARMv6, the processor of Raspberry Pi 1, Zero and Zero W",
}
#: Features of 64-bit ARM by their bits (asm/hwcap.h).
_HWCAP = {"asimd": 1, "asimdhp": 10, "asimddp": 20}
_AT_HWCAP = 16


class Capable(Protocol):
    """What decides whether a release can run on a board."""

    @property
    def machine(self) -> str:
        """``uname -m``."""

    @property
    def python(self) -> str:
        """Major and minor version of its interpreter."""

    @property
    def glibc(self) -> tuple[int, int]:
        """Version of the C library."""

    @property
    def glibcxx(self) -> int | None:
        """Newest N of the C++ library's ``GLIBCXX_3.4.N``; None where there is none."""

    @property
    def missing(self) -> Sequence[str]:
        """Libraries that are asked for and do not load."""


class _Board(NamedTuple):
    """This board as :class:`Capable`."""

    machine: str
    python: str
    glibc: tuple[int, int]
    glibcxx: int | None
    missing: Sequence[str]


#: Begins the argument that names the folder of releases.
FOLDER = "--folder="


def facts(libraries: Iterable[str], folder: str = "/") -> Facts:
    """Facts about this board; ``libc`` as the system names it.

    Args:
        libraries: names of libraries that may be missing.
        folder: for releases; it need not be there yet.
    """
    machine = platform.machine()
    if machine in ("aarch64", "armv8l") and struct.calcsize("P") == 4:
        machine = "armv7l"  # a 32-bit system on a 64-bit kernel
    return {
        "machine": machine,
        "system": platform.platform(terse=True),
        # platform.libc_ver() would tell what the interpreter was built for, not what is there.
        "libc": os.confstr("CS_GNU_LIBC_VERSION"),
        "python": ".".join(map(str, sys.version_info[:2])),
        "executable": sys.executable,
        "missing": [name for name in libraries if not _loads(name)],
        "glibcxx": _glibcxx(),
        "cores": os.cpu_count() or 1,
        "features": _features(machine),
        "model": _text("/proc/device-tree/model"),
        "noexec": noexec(folder),
    }


def incompatibility(board: Capable, needs: Needs) -> str:
    """Why a board cannot run something, and what to do; empty if it can.

    Args:
        board: what it has.
        needs: requirements of what is to run there; ``board.missing`` stands for its libraries.
    """
    if board.machine != needs["machine"]:
        advice = _OTHER_MACHINES.get(board.machine, "choose another --target")
        return f"expected a {needs['machine']} board, this is {board.machine}; {advice}"
    if board.missing:
        packages = " ".join(_LIBRARIES.get(name, name) for name in board.missing)
        return (
            f"the board lacks {', '.join(board.missing)}; run there 'sudo apt-get install"
            f" {packages}'"
        )
    python = needs.get("python", board.python)
    if python != board.python and shutil.which(f"python{python}") is None:
        return f"built for Python {python}, the board has {board.python}; choose another --system"
    glibc = tuple(needs.get("glibc", board.glibc))
    if glibc > board.glibc:
        return (
            f"built for GLIBC_{_dotted(glibc)}, the board has GLIBC_{_dotted(board.glibc)};"
            " choose another --system"
        )
    glibcxx = needs.get("glibcxx")
    if glibcxx and board.glibcxx is not None and glibcxx > board.glibcxx:
        return (
            f"built for GLIBCXX_3.4.{glibcxx}, the board has GLIBCXX_3.4.{board.glibcxx};"
            " choose another --system"
        )
    return ""


def noexec(folder: str) -> str:
    """Where the file system of a folder is mounted if it runs no programs; empty if it does.

    Args:
        folder: by its absolute path; the nearest one above it that is there counts.
    """
    path = Path(os.path.realpath(folder))
    while not path.exists():
        path = path.parent
    if not _is_noexec(path):
        return ""
    while path != path.parent and _is_noexec(path.parent):
        path = path.parent
    return str(path)


def noexec_advice(mount: str) -> str:
    """What to do about a folder on a file system that runs no programs."""
    return (
        f"{mount} is mounted 'noexec'; give another folder with --folder, or run there"
        f" 'sudo mount -o remount,exec {mount}'"
    )


def incompatibility_here(needs: Needs) -> str:
    """Why this board cannot run a release, and what to do; empty if it can."""
    answer = facts(needs.get("libraries", ()))
    try:
        version = glibc(answer["libc"])
    except ValueError as error:
        return f"expected a board with glibc, {error}"
    board = _Board(
        answer["machine"], answer["python"], version, answer["glibcxx"], answer["missing"]
    )
    return incompatibility(board, needs)


def glibc(libc: str | None) -> tuple[int, int]:
    """Version of the C library, from the system's name for it: ``"glibc 2.36"``.

    Raises:
        ValueError: it is another one.
    """
    match = re.match(r"glibc (\d+)\.(\d+)", libc or "")
    if match is None:
        raise ValueError(f"the C library is {libc}")
    return int(match.group(1)), int(match.group(2))


def _features(machine: str) -> list[str] | None:
    """Features of the processor as in ``/proc/cpuinfo``; None where they are not known."""
    match = re.search(r"^Features\s*:(.*)$", _text("/proc/cpuinfo"), re.M)
    features = match and match.group(1).split()
    if machine != "aarch64":
        return features
    # What programs go by; it is also true where cpuinfo is another processor's.
    getauxval = ctypes.CDLL(None).getauxval
    getauxval.restype, getauxval.argtypes = ctypes.c_ulong, [ctypes.c_ulong]
    bits = getauxval(_AT_HWCAP)
    by_kernel = {name for name, bit in _HWCAP.items() if bits >> bit & 1}
    return sorted(by_kernel.union(features or ()))


def _glibcxx() -> int | None:
    """Newest version of the C++ library's symbols, N of ``GLIBCXX_3.4.N``."""
    symbols: list[bytes] = []
    if _loads("libstdc++.so.6"):
        for line in _text("/proc/self/maps").splitlines():
            if "libstdc++.so" in line:
                library = Path(line.split()[-1]).read_bytes()
                symbols = re.findall(rb"GLIBCXX_3\.4\.(\d+)", library)
                break
    return max(map(int, symbols)) if symbols else None


def _is_noexec(path: Path) -> bool:
    return bool(os.statvfs(str(path)).f_flag & os.ST_NOEXEC)


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip("\0\n ")
    except OSError:
        return ""


def _dotted(version: Iterable[int]) -> str:
    return ".".join(map(str, version))


def main(arguments: list[str]) -> int:
    """``[--folder=DIR] [LIBRARY ...]`` prints the facts; ``--misfit NEEDS``, JSON, the reason."""
    if arguments[:1] == ["--misfit"]:
        print(json.dumps({"misfit": incompatibility_here(json.loads(arguments[1]))}))
    else:
        given = arguments[0][len(FOLDER) :] if arguments and arguments[0].startswith(FOLDER) else ""
        print(json.dumps(facts(arguments[1:] if given else arguments, given or "/")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
