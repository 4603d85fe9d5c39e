"""One network of a pack: converted by opt or taken as published, and described."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Mapping, Sequence

from lite_runner.pack import Golden
from lite_runner.releases.release import sha256
from opt_models.catalog import catalog
from opt_models.errors import CatalogError, OptError
from opt_models.formats import nb, program
from opt_models.formats.inference_model import Exported
from opt_models.formats.summary import Summary
from opt_models.memory_planning.share import share
from opt_models.packs import convert, decoding, input_size
from opt_models.packs.inputs import NetworkInput
from opt_models.runtime import Runtime


@dataclass(frozen=True)
class Order:
    """What all networks of a pack have in common.

    Attributes:
        runtime: what they are for.
        precision: as of :func:`opt_models.packs.build.build`.
        fold: whether fp32 networks are folded before opt.
        characters: of the dictionary, a line each.
        golden: picture to compare folded networks on.
    """

    runtime: Runtime
    precision: str | None
    fold: bool
    characters: Sequence[str]
    golden: Golden


def bring(folder: Path, stage: str, part: NetworkInput, order: Order) -> dict[str, Any]:
    """Bring one network into the folder of a pack.

    Args:
        folder: of the pack.
        stage: ``det``, ``cls`` or ``rec``.
        part: what it is made from.
        order: what all networks of the pack have in common.

    Returns:
        what ``pack.json`` says of it.

    Raises:
        CatalogError: the precision does not fit the network.
        OptError: it is not what the stage needs, or opt cannot convert it.
    """
    target = folder / f"{stage}.nb"
    print(f"  {stage}: {part.source} -> {target.name}", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        if part.files is None:
            made = _take(stage, part, target, order)
        else:
            made = _convert(stage, part, part.files, target, order, Path(name))
    memory = None
    # Only where outputs were compared, bit by bit, on the real runtime.
    if order.runtime.arch == "arm" and made.precision != "fp16":
        memory = _share(stage, target, made.settings["shape"])
    return {
        "file": target.name,
        "sha256": sha256(target),
        "source": part.source,
        "opt": nb.read_header(target).opt_version,
        "precision": made.precision,
        "folded": dict(made.folded),
        "memory": memory,
        **made.settings,
    }


@dataclass(frozen=True)
class _Made:
    """A written ``.nb``: what ``pack.json`` says of it."""

    precision: str
    folded: Mapping[str, int]
    settings: Mapping[str, Any]


def _take(stage: str, part: NetworkInput, target: Path, order: Order) -> _Made:
    """Copy a published ``.nb`` that the runtime's processor can run."""
    (published,) = part.paths
    found = nb.read(published)
    if found.arch != order.runtime.arch:
        raise OptError(
            f"{published.name}: was published for {found.arch}, the target is"
            f" {order.runtime.arch}; leave out --published, then it is built from the inference"
            " model"
        )
    # A published file is taken as it is read today: at any size, whatever it declares.
    settings = _settings(stage, part, found.summary, order, lambda shape: True)
    shutil.copyfile(published, target)
    return _Made(found.summary.precision, {}, settings)


def _convert(
    stage: str, part: NetworkInput, exported: Exported, target: Path, order: Order, work: Path
) -> _Made:
    """Let opt write the ``.nb`` of an export."""
    files = convert.as_program(exported, work)
    summary = program.summary(files.program)
    wanted = order.precision
    if wanted == "fp16" and stage not in catalog.fp16_stages():
        wanted = None
    precision = _precision(part, summary, wanted)
    runs = partial(convert.runs, files, work)
    settings = _settings(stage, part, summary, order, runs)
    input_size.check_free(stage, part.source, input_size.usual(stage, settings), runs)
    request = convert.Request(
        stage, settings, order.golden, order.runtime.arch, precision, order.fold
    )
    folded = convert.convert(files, part.reference, target, request, work)
    return _Made(precision, folded, settings)


def _settings(
    stage: str, part: NetworkInput, summary: Summary, order: Order, runs: input_size.Runs
) -> dict[str, Any]:
    """How a network is fed and read: its stage's settings, its own, and what its program fixes."""
    _check_role(stage, summary, part.source)
    settings = {**catalog.stage_settings(stage), **part.settings}
    if stage == "rec":
        settings.update(decoding.decode(summary, order.characters, part.source))
    shape = settings["shape"]
    return {**settings, **input_size.settings(stage, summary, shape, part.height, runs)}


def _share(stage: str, target: Path, shape: Sequence[int]) -> dict[str, Any] | None:
    """Let a finished network's variables share memory.

    Returns:
        what ``pack.json`` says of it: bytes before and after for an input; None if nothing changed.
    """
    found = share(target, (1, 3, shape[0], shape[1]))
    if found is None:
        return None
    before, after = found
    print(
        f"  {stage}: shares memory, {before.size / 1e6:.0f} -> {after.size / 1e6:.0f} MB at"
        f" {shape[0]} x {shape[1]}",
        file=sys.stderr,
    )
    return {"shape": list(after.shape), "before": before.size, "after": after.size}


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


def _precision(part: NetworkInput, summary: Summary, wanted: str | None) -> str:
    if summary.precision != "fp32" and wanted not in (None, summary.precision):
        raise CatalogError(
            f"--precision {wanted}: {part.source} is published quantised ({summary.precision});"
            " leave --precision out, or choose the model that is not slim"
        )
    return wanted or summary.precision
