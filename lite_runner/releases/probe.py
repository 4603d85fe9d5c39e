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
from typing import Any, Iterable, Mapping

_LIBRARIES = {"libgomp.so.1": "libgomp1", "libstdc++.so.6": "libstdc++6"}
#: What to do where a board's machine is not the wanted one, by what it is.
_OTHER_MACHINES = {
    "aarch64": "choose another --target, such as armv8",
    "armv7l": "choose another --target, such as armv7hf",
    "armv6l": "Paddle-Lite has nothing for ARMv6, the processor of Raspberry Pi 1, Zero and Zero W",
}
#: Features of 64-bit ARM by their bits (asm/hwcap.h).
_HWCAP = {"asimd": 1, "asimdhp": 10, "asimddp": 20}
_AT_HWCAP = 16


def facts(libraries: Iterable[str]) -> dict[str, Any]:
    """What the host's :class:`Facts` hold, as JSON takes it; ``libc`` as the system says.

    Args:
        libraries: of which is told whether they are missing.
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
    }


def unfit(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Why a board cannot run something, and what to do; empty if it can.

    Args:
        found: its facts; ``glibc`` as a pair of numbers.
        wanted: of them ``machine``, and perhaps ``python``, ``glibc`` and ``glibcxx``.
    """
    if found["machine"] != wanted["machine"]:
        advice = _OTHER_MACHINES.get(found["machine"], "choose another --target")
        return f"expected a {wanted['machine']} board, this is {found['machine']}; {advice}"
    if found["missing"]:
        packages = " ".join(_LIBRARIES.get(one, one) for one in found["missing"])
        return (
            f"the board lacks {', '.join(found['missing'])}; run there 'sudo apt-get install"
            f" {packages}'"
        )
    python = wanted.get("python", found["python"])
    if python != found["python"] and shutil.which(f"python{python}") is None:
        return (
            f"built for Python {python}, the board has {found['python']}; choose another --system"
        )
    glibc = tuple(wanted.get("glibc", found["glibc"]))
    if glibc > tuple(found["glibc"]):
        return (
            f"built for GLIBC_{_dotted(glibc)}, the board has GLIBC_{_dotted(found['glibc'])};"
            " choose another --system"
        )
    glibcxx = wanted.get("glibcxx")
    if glibcxx and found["glibcxx"] is not None and glibcxx > found["glibcxx"]:
        return (
            f"built for GLIBCXX_3.4.{glibcxx}, the board has GLIBCXX_3.4.{found['glibcxx']};"
            " choose another --system"
        )
    return ""


def misfit(wanted: Mapping[str, Any]) -> str:
    """Why this board cannot run a release, and what to do; empty if it can.

    Args:
        wanted: as for :func:`unfit`, and ``libraries`` it is loaded with.
    """
    found = facts(wanted.get("libraries", ()))
    try:
        found["glibc"] = glibc(found["libc"])
    except ValueError as error:
        return f"expected a board with glibc, {error}"
    return unfit(found, wanted)


def glibc(libc: str | None) -> tuple[int, int]:
    """Version of the C library, as the system says it: ``"glibc 2.36"``.

    Raises:
        ValueError: it is another one.
    """
    match = re.match(r"glibc (\d+)\.(\d+)", libc or "")
    if match is None:
        raise ValueError(f"the C library is {libc}")
    return int(match.group(1)), int(match.group(2))


def _features(machine: str) -> list[str] | None:
    """The processor's, as ``/proc/cpuinfo`` calls them; None where they are not known."""
    match = re.search(r"^Features\s*:(.*)$", _text("/proc/cpuinfo"), re.M)
    features = match and match.group(1).split()
    if machine != "aarch64":
        return features
    # What programs go by; it is also true where cpuinfo is another processor's.
    getauxval = ctypes.CDLL(None).getauxval
    getauxval.restype, getauxval.argtypes = ctypes.c_ulong, [ctypes.c_ulong]
    bits = getauxval(_AT_HWCAP)
    told = {name for name, bit in _HWCAP.items() if bits >> bit & 1}
    return sorted(told.union(features or ()))


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
    """``[LIBRARY ...]`` prints the facts; ``--misfit WANTED``, JSON as well, prints the reason."""
    if arguments[:1] == ["--misfit"]:
        print(json.dumps({"misfit": misfit(json.loads(arguments[1]))}))
    else:
        print(json.dumps(facts(arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
