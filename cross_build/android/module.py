"""Modules: a Gradle library for Android apps, with everything that reading takes."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

import lite_runner
from cross_build.android import abi as abis
from cross_build.android import assets, check, gradle, ndk
from cross_build.android.abi import Abi, Module
from cross_build.bundles import elf, manifest, paddlelite
from cross_build.bundles.paddlelite import Library
from cross_build.errors import BoardError, TargetError
from lite_runner.pack import Pack
from lite_runner.user_path import user_path
from opt_models.packs import resolve
from opt_models.runtime import Runtime
from opt_models.store.output_folder import OutputFolder

#: What a module is made of, in its own folder; no other folder has it.
MANIFEST = "lite-ocr.json"
#: Where a module goes without --out; Gradle calls it by the folder's name.
PLACE = Path("out/lite-ocr")


@dataclass(frozen=True)
class _Part:
    """What a module holds for one ABI.

    Attributes:
        abi: which.
        library: Paddle-Lite's.
        native: libraries beside it.
        warnings: what some devices refuse of these libraries, a line each.
    """

    abi: Abi
    library: Library
    native: ndk.Native
    warnings: Sequence[str]

    @property
    def files(self) -> list[Path]:
        return [self.library.path, *self.native.files]


@dataclass(frozen=True)
class _Contents:
    """What a module is made of.

    Attributes:
        parts: one for each ABI.
        pack: the one copy of it that all ABIs read.
        kit: what the native code was compiled by.
    """

    parts: Sequence[_Part]
    pack: Pack
    kit: ndk.Ndk

    @property
    def abis(self) -> list[str]:
        return [part.abi.name for part in self.parts]

    @property
    def releases(self) -> str:
        """Of Paddle-Lite, for people."""
        return " and ".join(sorted({part.library.runtime.release for part in self.parts}))


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
        variables = " and ".join(paddlelite.VARIABLES[abi.runtime] for abi in chosen)
        raise TargetError(
            f"--runtime: one library is for one target; name those of {targets} by {variables}"
        )
    output = OutputFolder(user_path(out, "--out").absolute(), MANIFEST, "a module of ours")
    output.check()
    kit = ndk.find()
    parts = [_part(abi, common, runtime, kit) for abi in chosen]
    warnings = [warning for part in parts for warning in part.warnings]
    if strict and warnings:
        raise BoardError(warnings[0])
    contents = _Contents(parts, _pack(pack or common.pack, parts), kit)
    summary = output.write(
        lambda folder: _fill(folder, output.folder.name, contents),
        lambda folder: _summary(folder, contents),
    )
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return summary


def _part(abi: Abi, common: Module, runtime: str, kit: ndk.Ndk) -> _Part:
    """Find, compile and check the libraries of one ABI."""
    library = paddlelite.find(Runtime(common.release, abi.runtime), runtime)
    # Before it is compiled for: what a compiler says of a library for Linux helps nobody.
    warnings = check.check([elf.read(library.path)], abi, {*common.system, ndk.CPP})
    native = ndk.build(kit, abi, common.api, library)
    names = {*common.system, paddlelite.LIBRARY, *(path.name for path in native.files)}
    warnings += check.check(map(elf.read, native.files), abi, names)
    return _Part(abi, library, native, warnings)


def _pack(name: str, parts: Sequence[_Part]) -> Pack:
    """The pack for all parts, which all read its one copy.

    Raises:
        TargetError: it would be another one for another processor or release.
    """
    packs = [
        resolve.find(name, Runtime(part.library.runtime.release, part.abi.processor))
        for part in parts
    ]
    settings = {assets.settings(pack, abis.module()) for pack in packs}
    if len(settings) > 1:
        raise TargetError(
            f"--pack {name}: is not the same for {' and '.join(part.abi.target for part in parts)};"
            " write a module for each, or choose another pack"
        )
    return packs[0]


def _fill(folder: Path, name: str, contents: _Contents) -> None:
    """Make a module.

    Args:
        folder: for it; not there yet.
        name: what it will be called, by Gradle, too.
        contents: what goes into it.
    """
    every = gradle.abi_filters([abi.name for abi in abis.every()])
    texts = {
        "@NAME@": name,
        "@PACK@": contents.pack.name,
        "@RELEASE@": contents.releases,
        every: gradle.abi_filters(contents.abis),
    }
    gradle.copy(folder, texts)
    assets_folder = folder / gradle.MAIN / "assets" / "lite-ocr"
    assets_folder.mkdir(parents=True)
    assets.write(contents.pack, abis.module(), assets_folder)
    for part in contents.parts:
        libraries = folder / gradle.MAIN / "jniLibs" / part.abi.name
        libraries.mkdir(parents=True)
        for path in part.files:
            shutil.copyfile(path, libraries / path.name)
    text = json.dumps(_manifest(folder, contents), ensure_ascii=False, indent=1)
    (folder / MANIFEST).write_text(f"{text}\n", encoding="utf-8")


def _manifest(folder: Path, contents: _Contents) -> dict[str, object]:
    """What a module holds, and of whom it is."""
    return {
        "lite_ocr": lite_runner.__version__,
        "licence": "Apache-2.0, as Paddle-Lite's and PaddleOCR's models",
        "pack": contents.pack.name,
        "paddle_lite": {part.abi.name: part.library.runtime.release for part in contents.parts},
        "ndk": contents.kit.revision,
        "files": {name: item.entry() for name, item in manifest.items(folder).items()},
    }


def _summary(folder: Path, contents: _Contents) -> str:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return "\n".join(
        [
            f"{folder}: {sum(sizes) / 1e6:.1f} MB, {len(sizes)} files",
            f"  for       {', '.join(contents.abis)}; Android from API {abis.module().api} on",
            f"  pack      {contents.pack.name}, Paddle-Lite {contents.releases}",
            f"  compiled  by NDK {contents.kit.revision}",
            f"  use       {folder / 'README.md'}",
        ]
    )
