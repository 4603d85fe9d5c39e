"""Packs, made from their inputs: convert the networks, work out the decoding, write pack.json."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from lite_runner import pack
from lite_runner.releases.release import sha256
from opt_models.catalog import catalog
from opt_models.errors import CatalogError
from opt_models.packs import network
from opt_models.packs.inputs import PackInputs
from opt_models.paddlelite import env
from opt_models.runtime import Runtime
from opt_models.store import cache
from opt_models.store.content_key import content_key

_PACKAGE = Path(__file__).parents[1]
#: What decides on a pack's content, given what it is made from.
_MODULES = ("build", "convert", "decoding", "dictionary", "network")
_ROOMS = ("folding", "formats", "importing", "memory_planning", "paddlelite")
_CODE = (
    *(f"packs/{name}.py" for name in _MODULES),
    *(
        str(path.relative_to(_PACKAGE))
        for room in _ROOMS
        for path in sorted((_PACKAGE / room).rglob("*.py"))
    ),
)
#: Names become names of folders.
_NAME = re.compile(r"\w[\w.+-]*")
_LONGEST_NAME = 80
#: What ``--precision`` takes: how weights are stored or computed with.
PRECISIONS = ("fp32", "fp16", "int8", "int16")


def build(
    parts: PackInputs, runtime: Runtime, precision: str | None = None, fold: bool = True
) -> pack.Pack:
    """The pack of some inputs, made on first use and kept in the cache.

    Args:
        parts: networks, dictionary and golden picture.
        runtime: what the pack is for.
        precision: one of :data:`PRECISIONS`, for networks that are still fp32; as published if
            None. ``int8`` and ``int16`` store weights quantised, ``fp16`` lets networks compute in
            half precision that do so correctly (:func:`opt_models.catalog.catalog.fp16_stages`).
        fold: fold fp32 networks before opt (see :mod:`opt_models.folding`).

    Raises:
        CatalogError: the name is none, the precision does not fit the runtime or the networks, or
            the golden picture the dictionary.
        OptError, PackError: from the steps on the way.
    """
    check(parts.name, precision, runtime)

    def make(folder: Path) -> None:
        print(f"building pack {parts.name} for Paddle-Lite {runtime}", file=sys.stderr)
        if precision == "fp16":
            print(
                "  fp16 needs ARMv8.2 (Raspberry Pi 5, Jetson Orin) and a library built for it",
                file=sys.stderr,
            )
        data: dict[str, Any] = {
            "schema": pack.SCHEMA,
            "name": parts.name,
            "lite_version": runtime.release,
            "runtimes": list(parts.releases),
            "arch": runtime.arch,
            "processor": parts.processor,
            "cls": None,
        }
        golden = _golden(parts)
        order = network.Order(runtime, precision, fold, parts.charset.characters, golden)
        for stage, part in parts.networks.items():
            data[stage] = network.bring(folder, stage, part, order)
        dictionary = folder / "dictionary.txt"
        rec = data["rec"]
        dictionary.write_bytes(parts.charset.as_file(rec["classes"] - 1 - rec["space"]))
        data["dictionary"] = {"file": dictionary.name, "sha256": sha256(dictionary)}
        data["golden"] = {
            **_copy(golden.image, folder / f"golden{golden.image.suffix.lower()}"),
            "lines": list(golden.lines),
        }
        text = json.dumps(data, ensure_ascii=False, indent=1) + "\n"
        (folder / "pack.json").write_text(text, encoding="utf-8")
        pack.load(folder)

    key = _key(parts, runtime, precision, fold)
    return pack.load(cache.folder(f"packs/{parts.name}-{runtime.arch}-{key}", make, pack.load))


def check(name: str, precision: str | None, runtime: Runtime) -> None:
    """Refuse what no pack can be made for; worth asking before files are fetched.

    Raises:
        CatalogError: says why, and what can be chosen.
    """
    if _NAME.fullmatch(name) is None or len(name.encode()) > _LONGEST_NAME:
        raise CatalogError(
            f"--name {name!r}: is no name for a pack; letters, digits and . _ + - are, up to"
            f" {_LONGEST_NAME} bytes"
        )
    if precision not in (None, *PRECISIONS):
        raise CatalogError(
            f"--precision: {precision!r} is not one of {', '.join(PRECISIONS)}; leave it out to"
            " keep the networks as published"
        )
    if precision == "fp16" and runtime.arch == "x86":
        raise CatalogError(
            "--precision fp16: Paddle-Lite computes in fp16 on ARM only; use int8 or int16 on x86,"
            " or an ARM --target"
        )


def _key(parts: PackInputs, runtime: Runtime, precision: str | None, fold: bool) -> str:
    """Changes whenever the pack might: with any file's content, a setting, opt, or this code."""
    files = [path for part in parts.networks.values() for path in part.paths]
    inputs = {
        "schema": pack.SCHEMA,
        "name": parts.name,
        "runtimes": [parts.releases, parts.processor],
        "networks": {
            stage: [part.source, part.height, catalog.stage_settings(stage), dict(part.settings)]
            for stage, part in parts.networks.items()
        },
        "files": [sha256(path) for path in files],
        "characters": parts.charset.characters,
        "goldens": [[sha256(golden.image), golden.lines] for golden in _goldens(parts)],
        "opt": [env.WHEEL.package, str(runtime), precision, fold, catalog.fp16_stages()],
        "code": [sha256(_PACKAGE / name) for name in _CODE],
    }
    return content_key(json.dumps(inputs, sort_keys=True))


def _goldens(parts: PackInputs) -> tuple[pack.Golden, ...]:
    """The user's picture, or all of our own."""
    return (parts.golden,) if parts.golden else catalog.goldens()


def _golden(parts: PackInputs) -> pack.Golden:
    """The user's picture, or the hardest one of our own whose text the dictionary can spell."""
    # Spaces do not count when a board is verified.
    known = {" ", *parts.charset.characters}
    if parts.golden is not None:
        strange = sorted(set("".join(parts.golden.lines)) - known)
        if strange:
            raise CatalogError(
                f"--golden-text: {' '.join(strange)} not in {parts.charset.source}, so no board"
                " could read it; give a picture of what the recogniser was trained for"
            )
        return parts.golden
    for golden in catalog.goldens():
        if set("".join(golden.lines)) <= known:
            return golden
    raise CatalogError(
        f"{parts.charset.source}: lacks characters of every picture packs are verified with; give"
        " one of your own with --golden PICTURE --golden-text LINE"
    )


def _copy(source: Path, target: Path) -> dict[str, str]:
    shutil.copyfile(source, target)
    return {"image": target.name, "sha256": sha256(target)}
