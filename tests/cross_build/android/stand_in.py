"""A stand-in for Android's NDK: laid out like one, with Debian's compilers behind its names.

What it makes is no Android program, but it is asked, laid out, linked and checked like one. Its C
and C++ libraries bear the names of Android's and offer glibc's symbols.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

from cross_build.android import ndk

REVISION = "99.0.0-stand-in"
#: The NDK's compiler, its folder of libraries, and Debian's compiler, by target.
TOOLS = {
    "android-arm64": ("aarch64-linux-android", "aarch64-linux-android", "aarch64-linux-gnu-g++"),
    "android-armv7": (
        "armv7a-linux-androideabi",
        "arm-linux-androideabi",
        "arm-linux-gnueabihf-g++",
    ),
}
#: Android's libraries, and whose symbols they offer here.
_LIBRARIES = {"libc.so": "libc.so.6", "libm.so": "libm.so.6", ndk.CPP: "libstdc++.so.6"}
#: LLVM's linker, as in the NDK: the first that refuses what older ones warned of.
LINKER = Path("/usr/bin/ld.lld-16")
_CLANG = """\
#!/bin/sh
# A stand-in for the NDK's clang++.
case " $* " in
*" -nostdlib "*) exec {gcc} -fuse-ld=lld -B{linker} "$@" ;;
*" -static-libstdc++ "*) cpp=-l:libstdc++.a ;;
*) cpp=-lc++_shared ;;
esac
exec {gcc} -fuse-ld=lld -B{linker} {options} -nodefaultlibs {includes} "$@" \\
    -L{libraries} $cpp -lm -lc -lgcc_eh -lgcc
"""


def jdk() -> Path | None:
    """The folder of a JDK with headers, if there is one."""
    compiler = shutil.which("javac")
    folder = Path(compiler).resolve().parents[1] if compiler else None
    return folder if folder and (folder / "include" / "jni.h").is_file() else None


def includes() -> list[str]:
    """Options that find jni.h, which the real NDK has in its sysroot."""
    folder = jdk()
    return [f"-I{folder}/include", f"-I{folder}/include/linux"]


def make(folder: Path, api: int) -> Path:
    """Lay out the stand-in in a folder that is not there yet."""
    toolchain = folder / "toolchains" / "llvm" / "prebuilt" / "linux-x86_64"
    (toolchain / "bin").mkdir(parents=True)
    text = f"Pkg.Desc = Android NDK (a stand-in)\nPkg.Revision = {REVISION}\n"
    (folder / "source.properties").write_text(text)
    # The linker is the NDK's: GNU's takes libraries that it refuses.
    (folder / "linker").mkdir()
    (folder / "linker" / "ld.lld").symlink_to(LINKER)
    for compiler, triple, gcc in TOOLS.values():
        libraries = toolchain / "sysroot" / "usr" / "lib" / triple
        libraries.mkdir(parents=True)
        for name, real in _LIBRARIES.items():
            _library(libraries, name, real, gcc)
        clang = toolchain / "bin" / f"{compiler}{api}-clang++"
        # glibc's loader has it, which is no library of Android's; nothing is run here.
        options = "-Wl,--defsym=__tls_get_addr=0" if gcc.startswith("arm-") else ""
        values = {"gcc": gcc, "options": options, "libraries": libraries}
        values["linker"] = str(folder / "linker")
        clang.write_text(_CLANG.format(includes=shlex.join(includes()), **values))
        clang.chmod(0o755)
    return folder


def clang(folder: Path, target: str) -> str:
    """Its compiler for a target."""
    (found,) = folder.glob(f"toolchains/llvm/prebuilt/*/bin/{TOOLS[target][0]}*-clang++")
    return str(found)


def _library(folder: Path, name: str, real: str, gcc: str) -> None:
    told = subprocess.run([gcc, f"-print-file-name={real}"], capture_output=True, text=True)
    source = folder / name
    shutil.copyfile(told.stdout.strip(), source)
    # In place: what is made takes the name, and the symbols, of what was there.
    made = ndk.import_library(source, _fresh(folder), [gcc])
    made.replace(source)
    made.parent.rmdir()


def _fresh(folder: Path) -> Path:
    fresh = folder / "fresh"
    fresh.mkdir()
    return fresh
