"""Paddle-Lite's wheel in an environment of its own, with an interpreter it runs on.

``paddlelite`` has wheels for old Pythons only, while the host may run any. An interpreter that fits
and the unpacked wheel are all that is needed, so nothing is installed anywhere: the optimiser runs
with them, and so does the board ``local``.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from opt_models.errors import FetchError, OptError
from opt_models.paddlelite import pyenv
from opt_models.store import cache, process, wheels


@dataclass(frozen=True)
class Wheel:
    """What is known of one release of the wheel.

    Attributes:
        package: version on the package index.
        release: the version the library calls itself and writes into models.
        sha256: of the manylinux x86-64 wheel, by Python version, newest first.
    """

    package: str
    release: str
    sha256: dict[str, str]


#: The default, and so far only, release: the newest one with wheels past Python 3.7.
WHEEL = Wheel(
    "2.13rc0",
    "v2.13-rc",
    {
        "3.10": "b1e6081c4154e50479426df9c7390c0d1d99dd9d832a270d1fe925894768fb62",
        "3.9": "a92974188b903103b64700745b043619845e56d5500c5985bc4498e7b136c87a",
        "3.8": "8a42fe8737d3ade116264fd85b9f24a2bbe42095882e0a44a4ec7f0104fcc196",
    },
)


#: What the wheel's binding takes and gives arrays with. It was built for numpy 1; the last release
#: of that with wheels for all of its interpreters.
_NUMPY = Wheel(
    "1.24.4",
    "1.24.4",
    {
        "3.10": "7ffe43c74893dbf38c2b0a1f5428760a1a9c98285553c89e12d70a96a7f3a4d6",
        "3.9": "d11efb4dbecbdf22508d55e48d9c8384db795e1b7b51ea735289ff96613ff74d",
        "3.8": "dd80e219fd4c71fc3699fc1dadac5dcf4fd882bfc6f7ec53d30fa197b8ee22dc",
    },
)


#: Brings a Python where this machine has none that fits; fetched for that alone. Its wheel is for
#: any Python.
_UV = Wheel(
    "0.13.9",
    "0.13.9",
    {"3.10": "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19"},
)


@dataclass(frozen=True)
class LiteEnv:
    """An interpreter and the unpacked wheel for it.

    Attributes:
        python: path of the interpreter.
        version: its version, ``"3.10"``.
        site: folder that holds the package ``paddlelite``.
        script: the optimiser's own command line program.
    """

    python: Path
    version: str
    site: Path

    @property
    def script(self) -> Path:
        return self.site / f"paddlelite-{WHEEL.package}.data" / "scripts" / "paddle_lite_opt"


def find() -> LiteEnv:
    """The environment, made on first use.

    Raises:
        OptError: this machine or its interpreters do not fit; says what to install.
        FetchError: the wheel cannot be downloaded.
    """
    python, version = interpreter()
    # The tag the wheel carries; the index has no other.
    return LiteEnv(python, version, _unpacked("paddlelite", WHEEL, version, "manylinux1_x86_64"))


def numpy_for(env: LiteEnv) -> Path:
    """Folder with numpy for the environment's interpreter, to run models; made on first use.

    Raises:
        FetchError: the wheel cannot be downloaded.
    """
    return _unpacked("numpy", _NUMPY, env.version, "manylinux2014_x86_64")


def _unpacked(name: str, wheel: Wheel, version: str, tag: str) -> Path:
    """Folder with the content of a pinned wheel, for one version of Python."""

    def make(folder: Path) -> None:
        print(f"fetching {name}=={wheel.package} for Python {version}", file=sys.stderr)
        digest = wheel.sha256[version]
        requirement = f"{name}=={wheel.package} --hash=sha256:{digest}"
        (file,) = wheels.download([requirement], folder, version, [tag])
        wheels.check(file, digest)
        wheels.unpack(file, folder)
        file.unlink()

    return cache.folder(f"{name}-{wheel.package}-{version}", make)


def interpreter() -> tuple[Path, str]:
    """An interpreter the wheel runs on, and its version; looked for once and remembered.

    Raises:
        OptError: this machine or its interpreters do not fit; says what to install.
    """
    machine, system = platform.machine(), platform.system()
    if (system, machine) != ("Linux", "x86_64"):
        raise OptError(
            f"paddlelite {WHEEL.package} has wheels for x86-64 Linux, this host is {system} on"
            f" {machine}; build packs on such a machine and deploy from there"
        )
    known = cache.root() / f"paddlelite-{WHEEL.package}.json"
    return _remembered(known) or _search(known)


def _remembered(known: Path) -> tuple[Path, str] | None:
    """The interpreter found last time, if it is still there: looking takes seconds."""
    try:
        data = json.loads(known.read_text(encoding="utf-8"))
        python, version = Path(data["python"]), str(data["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (python, version) if version in WHEEL.sha256 and python.is_file() else None


def _search(known: Path) -> tuple[Path, str]:
    print(f"looking for Python {' or '.join(WHEEL.sha256)}, for Paddle-Lite", file=sys.stderr)
    interpreters, problem = _installed(), ""
    if not interpreters:
        interpreters, problem = _by_uv()
    for version in WHEEL.sha256:
        if version in interpreters:
            data = {"python": str(interpreters[version]), "version": version}
            cache.write(known, json.dumps(data))
            return interpreters[version], version
    newest = next(iter(WHEEL.sha256))
    raise OptError(
        f"Paddle-Lite {WHEEL.release} needs Python {', '.join(WHEEL.sha256)}: none is here, and"
        f" {problem}; install Python {newest} with what you have (conda: 'conda create -n lite"
        f" python={newest}'; pyenv: 'pyenv install {newest}'; Ubuntu 22.04: 'sudo apt-get install"
        f" python{newest}'), then try again"
    )


def _installed() -> dict[str, Path]:
    """Interpreters on this machine that run, by version."""
    newest = next(iter(WHEEL.sha256))
    by_pyenv: dict[str, Path] = {}
    for version, path in pyenv.interpreters(WHEEL.sha256):
        if version not in by_pyenv and _runs(path, version):
            by_pyenv[version] = path.resolve()
    # To look at all of the others takes seconds.
    return by_pyenv if newest in by_pyenv else {**dict(_by_findpython()), **by_pyenv}


def _by_findpython() -> Iterator[tuple[str, Path]]:
    import findpython

    for candidate in findpython.find_all():
        try:
            number = candidate.version
            version = f"{number.major}.{number.minor}"
            # Links are followed, so that an interpreter of some virtual environment stands for the
            # one it was made from: that one stays when the environment goes.
            path = candidate.executable.resolve()
        except (OSError, ValueError, subprocess.SubprocessError):
            continue
        if version in WHEEL.sha256 and _runs(path, version):
            yield version, path


def _by_uv() -> tuple[dict[str, Path], str]:
    """An interpreter that uv knows or can download; none, and why not."""
    try:
        uv = _uv()
    except FetchError as error:
        return {}, f"uv, which could install one, is not to be had ({error.problem})"
    for version in WHEEL.sha256:
        for command in (["find", version], ["install", version], ["find", version]):
            if command[0] == "install":
                print(f"uv python install {version}", file=sys.stderr, flush=True)
            try:
                outcome = process.run([uv, "python", *command])
            except OSError as error:
                return {}, f"{uv} does not start ({error.strerror})"
            path = Path(outcome.stdout.strip())
            if command[0] == "find" and outcome.code == 0 and _runs(path, version):
                return {version: path.resolve()}, ""
            if command[0] == "install" and outcome.code != 0:
                # No network or no such build: the other versions would fail alike.
                return {}, f"uv could not install one ({_cause(outcome.reason)})"
    return {}, "those that uv has do not start"


def _cause(line: str) -> str:
    """The last line that uv wrote, the cause of all before it."""
    return re.sub(r"^(caused by|cause|error): ", "", line, flags=re.IGNORECASE)


def _uv() -> str:
    """The program uv: of this machine, or fetched into the cache.

    Raises:
        FetchError: there is none, and it cannot be fetched.
    """
    installed = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if installed is not None:
        return installed
    folder = _unpacked("uv", _UV, next(iter(_UV.sha256)), "manylinux2014_x86_64")
    program = folder / f"uv-{_UV.package}.data" / "scripts" / "uv"
    program.chmod(0o755)
    return str(program)


def _runs(python: Path, version: str) -> bool:
    """Whether this is a CPython of that version for x86-64 that starts: pyenv's shims may not."""
    code = (
        "import sys, platform, struct; print(sys.implementation.name,"
        " '%d.%d' % sys.version_info[:2], platform.machine(), struct.calcsize('P'))"
    )
    try:
        outcome = process.run([str(python), "-I", "-c", code], timeout=60)
    except (OSError, subprocess.SubprocessError):
        return False
    return outcome.stdout.split() == ["cpython", version, "x86_64", "8"]
