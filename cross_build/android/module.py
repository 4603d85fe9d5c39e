"""Modules: a Gradle library for Android apps, with everything that reading takes."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

import lite_runner
from cross_build import elf, inventory
from cross_build import runtime as runtimes
from cross_build.android import abi as abis
from cross_build.android import assets, check, gradle, ndk
from cross_build.android.abi import Abi
from cross_build.errors import BoardError, TargetError
from cross_build.runtime import Library
from lite_runner.pack import Pack
from lite_runner.user_path import user_path
from opt_models import named_pack
from opt_models.place import Place
from opt_models.runtime import Runtime

#: What a module is made of, in its own folder; no other folder has it.
MANIFEST = "lite-ocr.json"
#: Where a module goes if nothing else is said; Gradle calls it by the folder's name.
PLACE = Path("out/lite-ocr")


@dataclass(frozen=True)
class _Part:
    """What a module holds for one ABI."""

    abi: Abi
    library: Library
    native: ndk.Native

    @property
    def files(self) -> list[Path]:
        return [self.library.path, *self.native.files]


def build(targets: str, pack: str, runtime: str, out: Path, strict: bool) -> str:
    """Write a module, in place of an older one.

    Args:
        targets: one or more of ``abis.toml``, with commas between.
        pack: a named pack or the folder of one; the usual one if empty.
        runtime: folder or archive of a Paddle-Lite library of the user's own.
        out: folder for it.
        strict: refuse what devices with pages of 16 KiB do.

    Returns:
        What was made, as text for people.

    Raises:
        TargetError: there is no module for a target.
        BoardError: Android could not load a library.
        DeployError: there is no NDK, or it cannot compile for these libraries.
        LiteError: from the steps on the way.
    """
    chosen, common = abis.abis(targets), abis.module()
    if runtime and len(chosen) > 1:
        variables = " and ".join(runtimes.VARIABLES[one.runtime] for one in chosen)
        raise TargetError(
            f"--runtime: one library is for one target; name those of {targets} by {variables}"
        )
    place = Place(user_path(out, "--out").absolute(), MANIFEST, "a module of ours")
    place.check()
    kit = ndk.find()
    parts: list[_Part] = []
    doubts: list[str] = []
    for abi in chosen:
        library = runtimes.find(Runtime(common.release, abi.runtime), runtime)
        others = {*common.system, ndk.CPP}
        # Before it is compiled for: what a compiler says of a library for Linux helps nobody.
        doubts += check.check([elf.read(library.path)], abi, others)
        native = ndk.build(kit, abi, common.api, library)
        own = {*common.system, runtimes.LIBRARY, *(path.name for path in native.files)}
        doubts += check.check(map(elf.read, native.files), abi, own)
        parts.append(_Part(abi, library, native))
    if strict and doubts:
        raise BoardError(doubts[0])
    files = _pack(pack or common.pack, parts)
    summary = place.write(
        lambda folder: _fill(folder, place.folder.name, parts, files, kit),
        lambda folder: _summary(folder, parts, files, kit),
    )
    for doubt in doubts:
        print(f"warning: {doubt}", file=sys.stderr)
    return summary


def _pack(name: str, parts: Sequence[_Part]) -> Pack:
    """The pack for all parts, which all read its one copy.

    Raises:
        TargetError: it would be another one for another processor or release.
    """
    found = [
        named_pack.find(name, Runtime(part.library.runtime.release, part.abi.processor))
        for part in parts
    ]
    settings = {assets.settings(one, abis.module()) for one in found}
    if len(settings) > 1:
        raise TargetError(
            f"--pack {name}: is not the same for {' and '.join(part.abi.target for part in parts)};"
            " write a module for each, or choose another pack"
        )
    return found[0]


def _fill(folder: Path, name: str, parts: Sequence[_Part], pack: Pack, kit: ndk.Ndk) -> None:
    """Make a module.

    Args:
        folder: for it; not there yet.
        name: what it will be called, by Gradle, too.
        parts, pack, kit: what goes into it.
    """
    module = abis.module()
    every = gradle.abi_filters([abi.name for abi in abis.every()])
    texts = {
        "@NAME@": name,
        "@PACK@": pack.name,
        "@RELEASE@": " and ".join(sorted({part.library.runtime.release for part in parts})),
        every: gradle.abi_filters([part.abi.name for part in parts]),
    }
    gradle.copy(folder, texts)
    assets_folder = folder / gradle.MAIN / "assets" / "lite-ocr"
    assets_folder.mkdir(parents=True)
    assets.write(pack, module, assets_folder)
    for part in parts:
        libraries = folder / gradle.MAIN / "jniLibs" / part.abi.name
        libraries.mkdir(parents=True)
        for path in part.files:
            shutil.copyfile(path, libraries / path.name)
    text = json.dumps(_manifest(folder, parts, pack, kit), ensure_ascii=False, indent=1)
    (folder / MANIFEST).write_text(f"{text}\n", encoding="utf-8")


def _manifest(folder: Path, parts: Sequence[_Part], pack: Pack, kit: ndk.Ndk) -> dict[str, Any]:
    """What a module holds, and of whom it is."""
    return {
        "lite_ocr": lite_runner.__version__,
        "licence": "Apache-2.0, as Paddle-Lite's and PaddleOCR's models",
        "pack": pack.name,
        "paddle_lite": {part.abi.name: part.library.runtime.release for part in parts},
        "ndk": kit.revision,
        "files": {name: item.entry() for name, item in inventory.items(folder).items()},
    }


def _summary(folder: Path, parts: Sequence[_Part], pack: Pack, kit: ndk.Ndk) -> str:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    module = abis.module()
    names = ", ".join(part.abi.name for part in parts)
    releases = " and ".join(sorted({part.library.runtime.release for part in parts}))
    return "\n".join(
        [
            f"{folder}: {sum(sizes) / 1e6:.1f} MB, {len(sizes)} files",
            f"  for       {names}; Android from API {module.api} on",
            f"  pack      {pack.name}, Paddle-Lite {releases}",
            f"  compiled  by NDK {kit.revision}",
            f"  use       {folder / 'README.md'}",
        ]
    )
