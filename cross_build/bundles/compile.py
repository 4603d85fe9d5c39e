"""The C ABI for one runtime: compiled by the host's cross compiler, checked before it is used."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import lite_runner
from cross_build.bundles import elf
from cross_build.bundles.paddlelite import LIBRARY, Library
from cross_build.errors import DeployError
from lite_runner.program_output import first_line
from lite_runner.releases.release import sha256
from opt_models.store import cache, process
from opt_models.store.content_key import content_key

#: What the shim is called, on boards too.
SHIM = "liblite_capi.so"
#: Debian's compilers. The runtimes are built with g++ and its C++ library; clang's would not fit.
_COMPILERS = {"armv8": "aarch64-linux-gnu-g++", "armv7hf": "arm-linux-gnueabihf-g++"}
_PACKAGES = {"armv8": "g++-aarch64-linux-gnu", "armv7hf": "g++-arm-linux-gnueabihf"}
_OPTIONS = (
    *("-std=c++11", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-s"),
    # Found beside the shim, wherever a release lies.
    *("-Wl,-rpath,$ORIGIN", "-Wl,--no-undefined", "-Wl,--allow-shlib-undefined"),
)
_SOURCES = Path(lite_runner.__file__).parent / "predictor"


def tools() -> list[tuple[str, str, str]]:
    """(processor, compiler, how to get it) of all processors that are compiled for."""
    return [
        (name, tool, f"sudo apt-get install {_PACKAGES[name]}") for name, tool in _COMPILERS.items()
    ]


def shim(library: Library) -> Path:
    """The shared library of ``lite_capi.cc`` for a runtime, compiled on first use.

    Raises:
        DeployError: there is no compiler, or it failed; says what to install.
    """
    compiler = _COMPILERS[library.runtime.processor]
    package = _PACKAGES[library.runtime.processor]
    program = shutil.which(compiler)
    if program is None:
        raise DeployError(
            f"{compiler} is missing, which compiles for {library.runtime.processor} boards; run"
            f" 'sudo apt-get install {package}'"
        )
    sources = [_SOURCES / "lite_capi.cc", _SOURCES / "lite_capi.h"]
    version = process.run([program, "-dumpfullversion"]).stdout
    parts = [version, *_OPTIONS, library.sha256, *map(sha256, sources)]
    key = content_key(*parts)

    def make(folder: Path) -> None:
        print(f"compiling the C ABI for Paddle-Lite {library.runtime}", file=sys.stderr)
        target = folder / SHIM
        inputs = [f"-I{library.include}", str(sources[0]), str(library.path)]
        outcome = process.run([program, *_OPTIONS, *inputs, "-o", str(target)])
        if outcome.code != 0:
            reason = first_line(outcome.stderr, "error") or "no message"
            raise DeployError(
                f"{compiler} cannot compile the C ABI against {library.include}: {reason}; is it"
                " the header of this very library?"
            )
        if LIBRARY not in elf.read(target).needed:
            raise DeployError(f"{compiler} did not link {LIBRARY}; install {package} anew")

    return cache.folder(f"shims/{library.runtime.processor}-{key}", make) / SHIM
