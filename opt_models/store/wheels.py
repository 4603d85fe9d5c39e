"""Wheels from the user's Python package index: downloaded by pip, checked, unpacked, not installed.

pip does the download so that the user's own index, mirror, proxy and certificate settings count.
"""

from __future__ import annotations

import errno
import struct
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Iterable, Sequence

from lite_runner.program_output import first_line
from lite_runner.releases.release import sha256
from opt_models.errors import FetchError
from opt_models.store import config, process

try:
    import lzma
except ImportError:  # a Python that was built without it reads no wheel packed so, either
    lzma = None  # type: ignore[assignment]

#: C libraries older than this carry no wheel that the project uses.
_OLDEST_GLIBC_MINOR = 5
#: What zipfile raises for a damaged file, depending on the place of the damage.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, struct.error),
    *(RuntimeError, ValueError, LookupError, ArithmeticError),
    *([] if lzma is None else [lzma.LZMAError]),
)
#: What a system says of paths that no wheel has, too long or below a file, and of offsets below 0.
_WRONG_NUMBERS = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EINVAL)


def platforms(machine: str, glibc: tuple[int, int]) -> list[str]:
    """Platform tags of wheels a Linux system accepts, newest first (PEP 600).

    Args:
        machine: ``x86_64``, ``aarch64`` ...
        glibc: version of its C library.
    """
    tags = []
    for minor in range(glibc[1], _OLDEST_GLIBC_MINOR - 1, -1):
        tags.append(f"manylinux_2_{minor}_{machine}")
        legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}.get(minor)
        if legacy is not None:
            tags.append(f"{legacy}_{machine}")
    return tags


def interpreter(python: str) -> list[str]:
    """Options of pip for wheels of a CPython that need not be this one, ``"3.10"``."""
    return [
        *("--implementation", "cp", "--python-version", python),
        *("--abi", f"cp{python.replace('.', '')}", "--abi", "none"),
    ]


def download(
    requirements: Iterable[str],
    folder: Path,
    python: str | None = None,
    platform: Sequence[str] = (),
) -> list[Path]:
    """Download wheels for an interpreter that need not be this one, without their dependencies.

    Args:
        requirements: as pip takes them, with ``--hash`` where pinned.
        folder: where the wheels go.
        python: version of the interpreter, ``"3.10"``; any if None.
        platform: tags the wheel may have (see :func:`platforms`); this machine's if empty.

    Raises:
        FetchError: pip is missing, or did not get a wheel; with pip's own last words.
    """
    pinned = list(requirements)
    listing = folder / "requirements.txt"
    listing.write_text("\n".join(pinned) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--dest", str(folder), "-r", str(listing)]
    if python is not None:
        command += interpreter(python)
    for tag in platform:
        command += ["--platform", tag]
    command += _local(pinned)
    if not sys.stderr.isatty():
        command.append("--quiet")  # its progress bar is for people
    names = ", ".join(line.split(" --hash")[0] for line in pinned)
    outcome = process.run(command, stdout=sys.stderr)
    listing.unlink()
    if outcome.code != 0:
        if "No module named pip" in outcome.stderr:
            raise FetchError(
                f"cannot download {names}: {sys.executable} has no pip;"
                f" run '{sys.executable} -m ensurepip'"
            )
        if config.current().offline:
            raise FetchError(
                f"cannot download {names}: offline",
                "do it once with the network, or put the wheel into the folder that PPOCR_MODELS"
                " names",
            )
        raise FetchError(
            f"cannot download {names}: {reason(outcome.stderr)}",
            "check the network and pip's settings ('python3 -m pip config list')",
        )
    return sorted(folder.glob("*.whl"))


def _local(pinned: Sequence[str]) -> list[str]:
    """Options that let pip take wheels from the user's folder of published files."""
    chosen = config.current()
    options = ["--no-index"] if chosen.offline else []
    if chosen.models is None:
        return options
    right, wrong = 0, 0
    for line in pinned:
        for wheel in sorted(chosen.models.glob(_pattern(line))):
            if f"--hash=sha256:{sha256(wheel)}" in line.split():
                right += 1
                break
            print(f"{wheel}: is not the pinned {line.split()[0]}; passed over", file=sys.stderr)
            wrong += 1
    if right == len(pinned):
        options = ["--no-index"]
    elif wrong:
        return options  # pip would stop at a wrong one
    return [*options, "--find-links", str(chosen.models)]


def _pattern(requirement: str) -> str:
    """What the wheel of a pinned requirement is called."""
    name, _, version = requirement.split()[0].partition("==")
    return f"{name.replace('-', '_')}-{version}-*.whl"


def check(wheel: Path, expected: str) -> None:
    """Compare a wheel with its pinned sha256.

    Raises:
        FetchError: names both.
    """
    actual = sha256(wheel)
    if actual != expected:
        raise FetchError(
            f"{wheel.name}: sha256 is {actual}, expected {expected}; download it again"
        )


def unpack(wheel: Path, folder: Path, keep: Sequence[str] = ()) -> None:
    """Unpack a wheel into a folder.

    Args:
        wheel: the file.
        folder: filled with the wheel's content, its ``purelib`` and ``platlib`` parts at the top.
        keep: if given, only the files of these paths.

    Raises:
        FetchError: the wheel is damaged or holds a path that leads out of the folder.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            for info in archive.infolist():
                name = _place(info.filename)
                if info.is_dir() or (keep and name not in keep):
                    continue
                target = (folder / name).resolve()
                if folder.resolve() not in target.parents:
                    raise FetchError(f"{wheel.name}: path {info.filename!r} leads out of the wheel")
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source, target.open("wb") as sink:
                    while block := source.read(1 << 20):
                        sink.write(block)
                if info.external_attr >> 16 & 0o100:
                    target.chmod(0o755)
    except _DAMAGE as error:
        raise FetchError(
            f"{wheel.name}: is not a whole wheel ({error}); download it again"
        ) from error
    except OSError as error:
        # bz2 tells damage by an error of no system call.
        if error.errno is not None and error.errno not in _WRONG_NUMBERS:
            raise
        raise FetchError(
            f"{wheel.name}: is not a whole wheel ({error.strerror or error}); download it again"
        ) from error


def _place(name: str) -> str:
    """Where a wheel's file belongs: ``X.data/purelib/a`` and ``X.data/platlib/a`` are ``a``."""
    first, _, rest = name.partition("/")
    kind, _, inner = rest.partition("/")
    return inner if first.endswith(".data") and kind in ("purelib", "platlib") else name


def reason(stderr: str) -> str:
    """Why pip failed, in one line out of all it wrote."""
    # Its last error only repeats the first, which names the cause.
    line = first_line(stderr, "ERROR:") or "pip said nothing"
    return line.removeprefix("ERROR: ").rstrip(".")
