"""The native library of a module, compiled by the NDK: the C ABI and what Java calls it through."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

import lite_runner
from cross_build.android import gradle
from cross_build.android.abi import Abi
from cross_build.bundles import elf
from cross_build.bundles.paddlelite import LIBRARY, Library
from cross_build.errors import DeployError
from lite_runner.releases.release import sha256
from lite_runner.user_path import user_path
from opt_models.store import cache, process
from opt_models.store.content_key import content_key

#: Name the folder of an NDK; the second is Google's newer name of the first.
VARIABLES = ("ANDROID_NDK_HOME", "ANDROID_NDK_ROOT")
#: What ``System.loadLibrary("lite_ocr")`` loads.
SHIM = "liblite_ocr.so"
#: The C++ library that an app's libraries have in common.
CPP = "libc++_shared.so"
_CAPI = Path(lite_runner.__file__).parent / "predictor"
SOURCES = (gradle.JNI, _CAPI / "lite_capi.cc")
HEADER = _CAPI / "lite_capi.h"
OPTIONS = (
    *("-std=c++11", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-s"),
    *(f"-Wl,-soname,{SHIM}", "-Wl,--no-undefined"),
    # 64-bit devices since Android 15 may have pages of 16 KiB.
    "-Wl,-z,max-page-size=16384",
)
#: What compilers and linkers say of what is wrong.
_FAILED = re.compile(r"error:|undefined (reference|symbol)")
_ADVICE = (
    "install one with 'sdkmanager \"ndk;28.2.13676358\"' or in Android Studio (SDK Manager, SDK"
    " Tools, NDK) and set ANDROID_NDK_HOME to its folder, such as ~/Android/Sdk/ndk/28.2.13676358"
)


@dataclass(frozen=True)
class Ndk:
    """An NDK on this computer.

    Attributes:
        folder: of it.
        revision: such as ``28.2.13676358``.
        toolchain: its only one for this host, with ``bin`` and ``sysroot``.
    """

    folder: Path
    revision: str
    toolchain: Path


def find() -> Ndk:
    """The NDK that the environment names.

    Raises:
        DeployError: there is none there; says how to get one.
    """
    named = [(name, os.environ[name]) for name in VARIABLES if os.environ.get(name)]
    if not named:
        raise DeployError(
            f"{VARIABLES[0]} is not set: apps need a library compiled by Android's NDK; {_ADVICE}"
        )
    variable, path = named[0]
    folder = user_path(path, variable)
    try:
        text = (folder / "source.properties").read_text(encoding="utf-8")
        revision = re.findall(r"^Pkg\.Revision\s*=\s*(\S+)", text, re.MULTILINE)[0]
    except (OSError, ValueError, IndexError) as error:
        raise DeployError(
            f"{variable} {folder}: is no NDK, its source.properties is missing or damaged;"
            f" {_ADVICE}"
        ) from error
    hosts = sorted((folder / "toolchains" / "llvm" / "prebuilt").glob("*/bin"))
    if not hosts:
        raise DeployError(
            f"{variable} {folder}: NDK {revision} has no toolchains/llvm/prebuilt for this"
            f" computer; {_ADVICE}"
        )
    return Ndk(folder, revision, hosts[0].parent)


@dataclass(frozen=True)
class Native:
    """Libraries of a module for one ABI, besides Paddle-Lite's own.

    Attributes:
        shim: the C ABI and its functions for Java.
        cpp: the C++ library, where Paddle-Lite's needs the shared one.
    """

    shim: Path
    cpp: Path | None

    @property
    def files(self) -> list[Path]:
        return [self.shim, *([self.cpp] if self.cpp else [])]


def build(ndk: Ndk, abi: Abi, api: int, library: Library) -> Native:
    """Compile the native library of a module for one ABI, on first use.

    Args:
        ndk: the NDK.
        abi: what for.
        api: lowest level of Android's API.
        library: Paddle-Lite's, for Android.

    Raises:
        DeployError: the NDK lacks what is needed, or cannot compile against this library.
    """
    compiler = _compiler(ndk, abi, api)
    # Two copies of a C++ library in one process do not know each other's exceptions.
    shared = CPP in elf.read(library.path).needed
    options = (*OPTIONS, *(() if shared else ("-static-libstdc++",)))
    inputs = [ndk.revision, str(compiler), *options, library.sha256]
    inputs += map(sha256, (*SOURCES, HEADER))
    key = content_key(*inputs)

    def make(folder: Path) -> None:
        print(f"compiling {SHIM} for {abi.name}", file=sys.stderr)
        stand_in = import_library(library.path, folder, [str(compiler)])
        folders = [f"-I{library.include}", f"-I{_CAPI}"]
        sources = [str(source) for source in SOURCES]
        _run([str(compiler), *options, *folders, *sources, str(stand_in), "-o", str(folder / SHIM)])
        stand_in.unlink()
        if LIBRARY not in elf.read(folder / SHIM).needed:
            raise DeployError(f"{compiler} did not link {LIBRARY}; take NDK 28")

    folder = cache.folder(f"shims/{abi.runtime}-{key}", make)
    return Native(folder / SHIM, _cpp(ndk, abi) if shared else None)


def import_library(real: Path, folder: Path, compiler: Sequence[str]) -> Path:
    """A library that offers the same symbols as a real one and holds nothing.

    Published libraries for Android were linked by an old linker, which left ``_edata`` and its kin
    as local symbols among global ones; the linker of an NDK from 22 on refuses them (issues 359,
    385 and 416 of Paddle-Lite-Demo). What is linked against this one needs the real one all the
    same.

    Args:
        real: the library.
        folder: for the one that is made, under the same name.
        compiler: and its options.
    """
    source, made = folder / "import.s", folder / real.name
    lines = [".text"]
    for name, kind in elf.exports(real):
        lines += [f'.globl "{name}"', f'.type "{name}", %{kind}', f'"{name}":', ".byte 0"]
    source.write_text("\n".join([*lines, ""]), encoding="utf-8")
    name = f"-Wl,-soname,{real.name}"
    _run([*compiler, "-shared", "-nostdlib", name, str(source), "-o", str(made)])
    source.unlink()
    return made


def _compiler(ndk: Ndk, abi: Abi, api: int) -> Path:
    compiler = ndk.toolchain / "bin" / f"{abi.compiler}{api}-clang++"
    if not compiler.is_file():
        raise DeployError(
            f"{ndk.folder}: NDK {ndk.revision} has no {compiler.name}; take one from 19 on, best 28"
        )
    return compiler


def _cpp(ndk: Ndk, abi: Abi) -> Path:
    path = ndk.toolchain / "sysroot" / "usr" / "lib" / abi.triple / CPP
    if not path.is_file():
        raise DeployError(
            f"{ndk.folder}: NDK {ndk.revision} has no {CPP} for {abi.name} in its sysroot; take one"
            " from 22 on, best 28"
        )
    return path


def _run(command: Sequence[str]) -> None:
    try:
        outcome = process.run(command)
    except OSError as error:
        raise DeployError(f"{command[0]}: cannot be run ({error.strerror}); {_ADVICE}") from error
    if outcome.code != 0:
        lines = outcome.stderr.splitlines()
        errors = [line for line in lines if _FAILED.search(line)]
        first = (errors or lines or ["no message"])[0]
        raise DeployError(
            f"{Path(command[0]).name} failed: {first}; are library and header of one release?"
        )
