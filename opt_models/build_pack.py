"""Packs, made from ingredients: convert the networks, work out the decoding, write pack.json."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from lite_runner import pack as packs
from lite_runner.release import sha256
from opt_models import cache, catalog, decoding, linear, lite_env, opt
from opt_models.errors import CatalogError, OptError
from opt_models.formats import nb, program
from opt_models.formats.summary import Summary
from opt_models.ingredients import Ingredient, Ingredients
from opt_models.model_folder import ModelFiles
from opt_models.runtime import Runtime

_HERE = Path(__file__).parent
#: What decides on a pack's content, given what it is made from.
_CODE = (
    *("build_pack.py", "decoding.py", "linear.py", "lite_env.py", "opt.py"),
    *(f"formats/{path.name}" for path in sorted(_HERE.glob("formats/*.py"))),
)
#: Names become names of folders.
_NAME = re.compile(r"\w[\w.+-]*")
_LONGEST_NAME = 80
#: What ``--precision`` takes: how weights are stored or computed with.
PRECISIONS = ("fp32", "fp16", "int8", "int16")


def build(parts: Ingredients, runtime: Runtime, precision: str | None = None) -> packs.Pack:
    """The pack of some ingredients, made on first use and kept in the cache.

    Args:
        parts: networks, dictionary and golden picture.
        runtime: what the pack is for.
        precision: one of :data:`PRECISIONS`, for networks that are still fp32; as published if
            None. ``int8`` and ``int16`` store weights quantised, ``fp16`` computes in halves.

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
            "schema": packs.SCHEMA,
            "name": parts.name,
            "lite_version": runtime.release,
            "runtimes": list(parts.releases),
            "arch": runtime.arch,
            "processor": parts.processor,
            "cls": None,
        }
        lines = len(packs.read_dictionary(parts.dictionary))
        for stage, part in parts.networks.items():
            data[stage] = _network(folder, stage, part, runtime, precision, lines)
        data["dictionary"] = _copy(parts.dictionary, folder / "dictionary.txt")
        golden = _golden(parts)
        data["golden"] = {
            **_copy(golden.image, folder / f"golden{golden.image.suffix.lower()}", "image"),
            "lines": list(golden.lines),
        }
        text = json.dumps(data, ensure_ascii=False, indent=1) + "\n"
        (folder / "pack.json").write_text(text, encoding="utf-8")
        packs.load(folder)

    key = _key(parts, runtime, precision)
    return packs.load(cache.folder(f"packs/{parts.name}-{runtime.arch}-{key}", make))


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
    if runtime.release != lite_env.WHEEL.release:
        raise CatalogError(
            f"Paddle-Lite {runtime}: packs are made with opt {lite_env.WHEEL.release} only, and"
            " opt and runtime must be the same release; choose another --target"
        )


def _key(parts: Ingredients, runtime: Runtime, precision: str | None) -> str:
    """Changes whenever the pack might: with any file's content, a setting, opt, or this code."""
    files = [path for part in parts.networks.values() for path in part.paths]
    goldens = (parts.golden,) if parts.golden else catalog.goldens()
    inputs = {
        "schema": packs.SCHEMA,
        "name": parts.name,
        "runtimes": [parts.releases, parts.processor],
        "networks": {
            stage: [part.source, part.height, catalog.stage_settings(stage)]
            for stage, part in parts.networks.items()
        },
        "files": [sha256(path) for path in (*files, parts.dictionary)],
        "goldens": [[sha256(golden.image), golden.lines] for golden in goldens],
        "opt": [lite_env.WHEEL.package, str(runtime), precision],
        "code": [sha256(_HERE / name) for name in _CODE],
    }
    text = json.dumps(inputs, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _network(
    folder: Path,
    stage: str,
    part: Ingredient,
    runtime: Runtime,
    precision: str | None,
    lines: int,
) -> dict[str, Any]:
    """Bring one network into the pack and describe it."""
    target = folder / f"{stage}.nb"
    print(f"  {stage}: {part.source} -> {target.name}", file=sys.stderr)
    if part.files is None:
        summary = _take(part, target, runtime)
        stored = summary.precision
    else:
        summary = program.summary(part.files.program)
        stored = _precision(part, summary, precision)
    _check_role(stage, summary, part.source)
    more = _reading(summary, lines, part) if stage == "rec" else {}
    if part.files is not None:
        switch = stored if summary.precision == "fp32" else "fp32"
        _convert(part.files, target, runtime, switch)
    return {
        "file": target.name,
        "sha256": sha256(target),
        "source": part.source,
        "opt": nb.read_header(target).opt_version,
        "precision": stored,
        **catalog.stage_settings(stage),
        **more,
    }


def _reading(summary: Summary, lines: int, part: Ingredient) -> dict[str, Any]:
    """What depends on the recogniser itself: its decoding and its input's height."""
    shape = catalog.stage_settings("rec")["shape"]
    height = _height(summary) or part.height or shape[0]
    return {**decoding.decode(summary, lines, part.source), "shape": [height, shape[1]]}


def _convert(files: ModelFiles, target: Path, runtime: Runtime, precision: str) -> None:
    """Let opt write the ``.nb`` of an inference model."""
    if precision not in ("int8", "int16"):
        opt.optimise(files.program, files.params, target, runtime.arch, precision)
        return
    rewritten = target.with_suffix(".program")
    linear.rewrite(files.program, rewritten)
    opt.optimise(rewritten, files.params, target, runtime.arch, precision)
    rewritten.unlink()


def _check_role(stage: str, summary: Summary, source: str) -> None:
    """Tell a network that was given for another stage, before opt works on it for seconds."""
    shapes = [tensor.shape for tensor in summary.outputs if tensor.dtype == "float32"]
    shape = shapes[0] if shapes else ()
    if stage == "det" and len(shape) != 4:
        raise OptError(
            f"--det: {source} puts out {list(shape)}; a detector's output is [batch, 1, height,"
            " width]: is it a DB detector?"
        )
    if stage == "cls" and shape[-1:] != (2,):
        raise OptError(
            f"--cls: {source} puts out {list(shape)}; a direction classifier's output is [batch,"
            " 2]: is it a PP-OCR classifier?"
        )


def _take(part: Ingredient, target: Path, runtime: Runtime) -> Summary:
    """Copy a published ``.nb`` that the runtime's processor can run."""
    (published,) = part.paths
    found = nb.read(published)
    if found.arch != runtime.arch:
        raise OptError(
            f"{published.name}: was published for {found.arch}, the target is {runtime.arch};"
            " leave out --published, then it is built from the inference model"
        )
    shutil.copyfile(published, target)
    return found.summary


def _precision(part: Ingredient, summary: Summary, wanted: str | None) -> str:
    if summary.precision != "fp32" and wanted not in (None, summary.precision):
        raise CatalogError(
            f"--precision {wanted}: {part.source} is published quantised ({summary.precision});"
            " leave --precision out, or choose the model that is not slim"
        )
    return wanted or summary.precision


def _height(summary: Summary) -> int | None:
    """Input height of a network, in pixels, where its program fixes it."""
    shape = summary.inputs[0].shape
    return shape[2] if len(shape) == 4 and shape[2] > 0 else None


def _golden(parts: Ingredients) -> packs.Golden:
    """The user's picture, or the hardest one of our own whose text the dictionary can spell."""
    # Spaces do not count when a board is verified.
    known = {" ", *packs.read_dictionary(parts.dictionary)}
    if parts.golden is not None:
        strange = sorted(set("".join(parts.golden.lines)) - known)
        if strange:
            raise CatalogError(
                f"--golden-text: {' '.join(strange)} not in {parts.dictionary.name}, so no board"
                " could read it; give a picture of what the recogniser was trained for"
            )
        return parts.golden
    for golden in catalog.goldens():
        if set("".join(golden.lines)) <= known:
            return golden
    raise CatalogError(
        f"{parts.dictionary.name}: lacks characters of every picture packs are verified with; give"
        " one of your own with --golden PICTURE --golden-text LINE"
    )


def _copy(source: Path, target: Path, key: str = "file") -> dict[str, str]:
    shutil.copyfile(source, target)
    return {key: target.name, "sha256": sha256(target)}
