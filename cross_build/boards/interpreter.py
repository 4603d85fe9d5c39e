"""The Python of a board that runs ours: looked for there, and what to do where there is none.

What fits is Python 3.8 or newer, the system's own first. Where its packages have none that is new
enough, one that the user has put into the own home folder does: of uv, pyenv or conda.
"""

from __future__ import annotations

import re
from typing import Mapping

from cross_build.bundles import wheel_lock

#: Exit code of :data:`RUN` where there is no such Python.
MISSING = 127
#: A shell's script that runs a Python with ``-c``; its arguments are a program and what that takes.
#: Without one it ends with :data:`MISSING`, says so on standard error, and what the board is on
#: standard output.
RUN = """
for python in python3 python3.13 python3.12 python3.11 python3.10 python3.9 python3.8 \\
    "$HOME"/.local/bin/python3.[0-9]* \\
    "$HOME"/.local/share/uv/python/cpython-3.*/bin/python3 \\
    "$HOME"/.pyenv/versions/3.*/bin/python3 "$HOME"/mini*3/bin/python3; do
    command -v "$python" >/dev/null 2>&1 || continue
    "$python" -S -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null || continue
    exec "$python" -I -c "$@"
done
version=$(python3 -V 2>&1) || version='no python3 at all'
echo "there is no Python 3.8 or newer ($version)" >&2
cat /etc/os-release 2>/dev/null
echo "MACHINE=$(uname -m)"
echo "LIBC=$(getconf GNU_LIBC_VERSION 2>/dev/null)"
exit 127
"""
#: By ``ID`` of ``/etc/os-release``, the first version whose own ``python3`` is new enough, and what
#: gets it.
_PACKAGED = {
    "debian": (11.0, "apt-get install python3"),
    "raspbian": (11.0, "apt-get install python3"),
    "ubuntu": (20.04, "apt-get install python3"),
    "fedora": (32.0, "dnf install python3"),
    "arch": (0.0, "pacman -S python"),
    "archarm": (0.0, "pacman -S python"),
}
#: Ubuntu 18.04 has another Python besides its own, which JetPack 4 is deployed with.
_BIONIC = ("ubuntu", "18.04", "apt-get install python3.8")
_NEWER = "use a newer system there, such as Raspberry Pi OS 12 or Ubuntu 22.04"


def advice(answer: str, wheels: bool) -> str:
    """What to do about a board without a Python that fits.

    Args:
        answer: what :data:`RUN` printed.
        wheels: whether releases for the board bring numpy and OpenCV; else its system has to have
            them, for its own Python.
    """
    about = _fields(answer)
    system, version = about.get("ID", ""), about.get("VERSION_ID", "")
    if (system, version) == _BIONIC[:2]:
        return f"run there 'sudo {_BIONIC[2]}'"
    least, command = _PACKAGED.get(system, (0.0, ""))
    if command and _number(version) >= least:
        return f"run there 'sudo {command}'"
    python = _standalone(about.get("MACHINE", ""), about.get("LIBC", "")) if wheels else ""
    if not python:
        return _NEWER
    name = about.get("PRETTY_NAME") or "its system"
    return (
        f"{name} has no newer one in its packages: put one into the user's home there, with"
        " 'curl -LsSf https://astral.sh/uv/install.sh | sh' and"
        f" '~/.local/bin/uv python install {python}', or {_NEWER}"
    )


def _fields(text: str) -> Mapping[str, str]:
    """Lines such as ``ID="debian"`` (os-release(5))."""
    lines = re.findall(r"""^(\w+)=["']?(.*?)["']?$""", text, re.MULTILINE)
    return dict(lines)


def _number(version: str) -> float:
    """A system's version; unknown ones, of systems that have none, count as the newest."""
    match = re.match(r"\d+(\.\d+)?", version)
    return float(match.group()) if match else float("inf")


def _standalone(machine: str, libc: str) -> str:
    """The newest Python that our packages are locked for with a C library as old as the board's.

    uv's own builds need glibc 2.17.
    """
    match = re.fullmatch(r"glibc (\d+)\.(\d+)", libc)
    glibc = (int(match[1]), int(match[2])) if match else (0, 0)
    pythons = [
        platform.python
        for platform in wheel_lock.platforms()
        if platform.machine == machine and platform.glibc <= glibc
    ]
    return max(pythons, key=lambda python: int(python.split(".")[1]), default="")
