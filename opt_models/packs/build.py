"""Packs, made from their inputs: build the networks, write dictionary, golden and pack.json."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import cast

from lite_runner import pack
from lite_runner.pack_file import (
    ClassifierEntry,
    DetectorEntry,
    FileRef,
    GoldenEntry,
    PackFile,
    RecogniserEntry,
)
from lite_runner.releases.release import sha256
from opt_models.catalog import catalog
from opt_models.errors import CatalogError
from opt_models.packs import network
from opt_models.packs.build_options import BuildOptions
from opt_models.packs.document import WrittenNetwork
from opt_models.packs.inputs import PackInputs
from opt_models.paddlelite import env
from opt_models.store import cache
from opt_models.store.content_key import content_key

_PACKAGE = Path(__file__).parents[1]
#: What decides on a pack's content, given what it is made from.
_MODULES = (
    *("build", "convert", "decoding", "dictionary", "dictionary_lines", "document", "input_size"),
    *("network", "probabilities"),
)
_ROOMS = ("folding", "formats", "importing", "memory_planning", "paddlelite")
_CODE = (
    *(f"packs/{name}.py" for name in _MODULES),
    *(
        str(path.relative_to(_PACKAGE))
        for room in _ROOMS
        for path in sorted((_PACKAGE / room).rglob("*.py"))
    ),
)


def build(inputs: PackInputs, options: BuildOptions) -> pack.Pack:
    """The pack of some inputs, made on first use and kept in the cache.

    Args:
        inputs: networks, dictionary and golden picture.
        options: what it is built for.

    Raises:
        CatalogError: the precision does not fit the networks, or the golden picture the dictionary.
        OptError, PackError: from the steps on the way.
    """

    def make(folder: Path) -> None:
        print(f"building pack {inputs.name} for Paddle-Lite {options.runtime}", file=sys.stderr)
        if options.precision == "fp16":
            print(
                "  fp16 needs ARMv8.2 (Raspberry Pi 5, Jetson Orin) and a library built for it",
                file=sys.stderr,
            )
        document = _fill(folder, inputs, options)
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        (folder / pack.FILE).write_text(text, encoding="utf-8")
        pack.load(folder)

    name = f"packs/{inputs.name}-{options.runtime.arch}-{_key(inputs, options)}"
    return pack.load(cache.folder(name, make, pack.load))


def _fill(folder: Path, inputs: PackInputs, options: BuildOptions) -> PackFile:
    """Write all files of a pack but ``pack.json``, and say what is in that."""
    with tempfile.TemporaryDirectory(dir=folder) as work:
        recogniser = network.open_network(inputs.networks["rec"], Path(work))
        network.check_dictionary(inputs, recogniser.summary)
        golden = _golden(inputs)
        networks = {
            stage: network.build_network(
                *(folder, stage, inputs, golden, options), recogniser if stage == "rec" else None
            )
            for stage in inputs.networks
        }
    return {
        "schema": pack.SCHEMA,
        "name": inputs.name,
        "lite_version": options.runtime.release,
        "runtimes": list(inputs.releases),
        "arch": options.runtime.arch,
        "processor": inputs.processor,
        # Written with more than readers ask for.
        "cls": cast("ClassifierEntry | None", networks.get("cls")),
        "det": cast("DetectorEntry", networks["det"]),
        "rec": cast("RecogniserEntry", networks["rec"]),
        "dictionary": _write_dictionary(folder, inputs, networks["rec"]),
        "golden": _copy_golden(golden, folder),
    }


def _write_dictionary(folder: Path, inputs: PackInputs, rec: WrittenNetwork) -> FileRef:
    """Write the characters that the recogniser has classes for: all but the blank and the space."""
    file = folder / "dictionary.txt"
    file.write_bytes(inputs.charset.as_file(rec["classes"] - 1 - rec["space"]))
    return {"file": file.name, "sha256": sha256(file)}


def _copy_golden(golden: pack.Golden, folder: Path) -> GoldenEntry:
    target = folder / f"golden{golden.image.suffix.lower()}"
    shutil.copyfile(golden.image, target)
    return {"image": target.name, "sha256": sha256(target), "lines": list(golden.lines)}


def _key(inputs: PackInputs, options: BuildOptions) -> str:
    """Changes whenever the pack might: with any file's content, a setting, opt, or this code."""
    networks = inputs.networks
    wheel, runtime = env.WHEEL.package, str(options.runtime)
    parts = {
        "schema": pack.SCHEMA,
        "name": inputs.name,
        "runtimes": [inputs.releases, inputs.processor],
        "networks": {
            stage: [part.source, part.height, catalog.stage_settings(stage), part.settings]
            for stage, part in networks.items()
        },
        "files": [sha256(path) for part in networks.values() for path in part.paths],
        "characters": inputs.charset.characters,
        "goldens": [[sha256(golden.image), golden.lines] for golden in _goldens(inputs)],
        "opt": [wheel, runtime, options.precision, options.fold, catalog.fp16_stages()],
        "code": [sha256(_PACKAGE / name) for name in _CODE],
    }
    return content_key(json.dumps(parts, sort_keys=True))


def _goldens(inputs: PackInputs) -> tuple[pack.Golden, ...]:
    """The user's picture, or all of our own."""
    return (inputs.golden,) if inputs.golden else catalog.goldens()


def _golden(inputs: PackInputs) -> pack.Golden:
    """The user's picture, or the hardest one of our own whose text the dictionary can spell."""
    # Spaces do not count when a board is verified.
    known = {" ", *inputs.charset.characters}
    if inputs.golden is not None:
        strange = sorted(set("".join(inputs.golden.lines)) - known)
        if strange:
            raise CatalogError(
                f"--golden-text: {' '.join(strange)} not in {inputs.charset.source}, so no board"
                " could read it; give a picture of what the recogniser was trained for"
            )
        return inputs.golden
    for golden in catalog.goldens():
        if set("".join(golden.lines)) <= known:
            return golden
    raise CatalogError(
        f"{inputs.charset.source}: lacks characters of every picture packs are verified with; give"
        " one of your own with --golden PICTURE --golden-text LINE"
    )
