"""The Gradle library: its sources here, and copies of them that are filled for an app."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Mapping

#: In the layout that Gradle's Android plugin expects.
PROJECT = Path(__file__).parent / "lite-ocr"
MAIN = Path("src/main")
JAVA = PROJECT / MAIN / "java"
#: Native methods of the Java classes; compiled by :mod:`cross_build.android.ndk`.
JNI = PROJECT / MAIN / "cpp" / "lite_jni.cc"
#: Not copied: native code, which is compiled already, and what Gradle and Android Studio leave.
_LEFT_OUT = shutil.ignore_patterns("cpp", "build", ".*", "local.properties")


def copy(folder: Path, texts: Mapping[str, str]) -> None:
    """Copy the library.

    Args:
        folder: for it; not there yet.
        texts: for the files at the library's top, by the texts that they replace.
    """
    shutil.copytree(PROJECT, folder, ignore=_LEFT_OUT)
    for path in (path for path in folder.iterdir() if path.is_file()):
        text = path.read_text(encoding="utf-8")
        for old, new in texts.items():
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")


def abi_filters(names: list[str]) -> str:
    """ABIs as ``build.gradle.kts`` lists them."""
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"abiFilters += listOf({quoted})"
