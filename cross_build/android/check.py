"""Libraries of a module: refused where no device could load them, warned of where some cannot."""

from __future__ import annotations

from typing import Iterable

from cross_build.android.abi import Abi
from cross_build.android.ndk import CPP
from cross_build.bundles.elf import Elf
from cross_build.bundles.paddlelite import LIBRARY
from cross_build.errors import BoardError


def check(libraries: Iterable[Elf], abi: Abi, others: Iterable[str]) -> list[str]:
    """Check libraries of one ABI.

    Args:
        libraries: that go into the module.
        abi: what for.
        others: names of what they may need besides: Android's own, and other ones of the module.

    Returns:
        What some devices refuse, a line each: segments not aligned to pages of 16 KiB.

    Raises:
        BoardError: a library is for another processor, or needs one that Android does not have.
    """
    warnings = []
    for library in libraries:
        name = library.path.name
        if library.machine != abi.machine:
            raise BoardError(
                f"{abi.target}: {name} is for {library.machine}, {abi.name} is {abi.machine};"
                " choose another --runtime or --target"
            )
        for needed in library.needed:
            if needed not in others:
                raise BoardError(f"{abi.target}: {name} needs {needed}; {_why(needed)}")
        if library.page < abi.page:
            warnings.append(_unaligned(library, abi))
    return warnings


def _why(needed: str) -> str:
    # glibc's and libstdc++'s names have versions, Android's have none.
    if needed.startswith(("libc.so.", "libstdc++.so.", "libm.so.", "libgomp.so.", "ld-linux")):
        return "it was built for Linux, not for Android: take an archive named 'android'"
    return "which Android does not have and the module does not bring: take a build without it"


def _unaligned(library: Elf, abi: Abi) -> str:
    name = library.path.name
    advice = {
        LIBRARY: "build Paddle-Lite with -Wl,-z,max-page-size=16384 among"
        " CMAKE_SHARED_LINKER_FLAGS and give its folder with --runtime",
        CPP: "take NDK 28 or newer, which brings an aligned one",
    }.get(name, "link it with -Wl,-z,max-page-size=16384")
    return (
        f"{abi.name}: {name} is aligned to {library.page // 1024} KiB, not to"
        f" {abi.page // 1024} KiB: devices with such pages cannot load it, and Google Play refuses"
        f" apps for Android 15 and newer with it; {advice}"
    )
