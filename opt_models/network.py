"""One network of a pack: converted by opt or taken as published, and described."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Sequence

from lite_runner.pack import Golden
from lite_runner.release import sha256
from opt_models import catalog, decoding, opt
from opt_models.errors import CatalogError, OptError
from opt_models.folding import fold, linear, trial
from opt_models.folding.checked import Folded, fold_checked
from opt_models.formats import nb, program
from opt_models.formats.summary import Summary
from opt_models.ingredients import Ingredient
from opt_models.model_folder import ModelFiles
from opt_models.runtime import Runtime
from opt_models.sharing.share import share

#: Kinds of operators of which opt also quantises the weights, see :mod:`opt_models.folding.linear`.
_PRODUCTS = {"matmul", "matmul_v2"}


@dataclass(frozen=True)
class Order:
    """What all networks of a pack have in common.

    Attributes:
        runtime: what they are for.
        precision: as of :func:`opt_models.build_pack.build`.
        fold: whether fp32 networks are folded before opt.
        characters: lines of the dictionary.
        golden: picture to compare folded networks on.
    """

    runtime: Runtime
    precision: str | None
    fold: bool
    characters: int
    golden: Golden


def bring(folder: Path, stage: str, part: Ingredient, order: Order) -> dict[str, Any]:
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
    if part.files is None:
        summary = _take(part, target, order.runtime)
        stored = summary.precision
    else:
        summary = program.summary(part.files.program)
        wanted = order.precision
        if wanted == "fp16" and stage not in catalog.fp16_stages():
            wanted = None
        stored = _precision(part, summary, wanted)
    _check_role(stage, summary, part.source)
    settings = catalog.stage_settings(stage)
    if stage == "rec":
        settings.update(_reading(summary, order.characters, part))
    folded: Mapping[str, int] = {}
    if part.files is not None and summary.precision == "fp32":
        with tempfile.TemporaryDirectory(dir=folder) as name:
            work, files = Path(name), part.files
            if order.fold:
                declared = summary.inputs[0].shape
                result = _fold(files, stage, settings["shape"], declared, order, work)
                files, folded = result.files, result.passes
            _convert(files, target, order.runtime, stored, work)
    elif part.files is not None:
        opt.optimise(part.files.program, part.files.params, target, order.runtime.arch)
    memory = None
    # Only where outputs were compared, bit by bit, on the real runtime.
    if order.runtime.arch == "arm" and stored != "fp16":
        memory = _share(stage, target, settings["shape"])
    return {
        "file": target.name,
        "sha256": sha256(target),
        "source": part.source,
        "opt": nb.read_header(target).opt_version,
        "precision": stored,
        "folded": dict(folded),
        "memory": memory,
        **settings,
    }


def _fold(
    files: ModelFiles,
    stage: str,
    shape: Sequence[int],
    declared: Sequence[int],
    order: Order,
    work: Path,
) -> Folded:
    """Fold an inference model in fp32; says what came of it."""
    inputs = trial.inputs(stage, shape, declared, order.golden)
    # Lines of text are all brought to one height, pictures are not.
    height = 0 if stage == "det" else shape[0]
    result = fold_checked(files, inputs, work, height, order.runtime.arch)
    print(f"  {stage}: {result.told}", file=sys.stderr)
    return result


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


def _reading(summary: Summary, lines: int, part: Ingredient) -> dict[str, Any]:
    """What depends on the recogniser itself: its decoding and its input's height."""
    shape = catalog.stage_settings("rec")["shape"]
    height = _height(summary) or part.height or shape[0]
    return {**decoding.decode(summary, lines, part.source), "shape": [height, shape[1]]}


def _convert(files: ModelFiles, target: Path, runtime: Runtime, precision: str, work: Path) -> None:
    """Let opt write the ``.nb`` of an inference model in fp32."""
    if (
        precision in ("int8", "int16")
        and _PRODUCTS & program.summary(files.program).operators.keys()
    ):
        files = _with_mul(files, precision, work)
    opt.optimise(files.program, files.params, target, runtime.arch, precision)


def _with_mul(files: ModelFiles, precision: str, work: Path) -> ModelFiles:
    """A model whose products with weights the runtime turns back after quantisation."""
    graph = fold.read(files)
    done = fold.run(graph, {"linear layers": linear.as_mul})
    for other in linear.others(graph):
        raise OptError(
            f"{files.program}: has a {other} that Paddle-Lite would quantise and not turn back;"
            f" leave --precision {precision} out"
        )
    if not done:
        return files
    rewritten = ModelFiles(work / "linear.pdmodel", work / "linear.pdiparams")
    graph.write(rewritten.program, rewritten.params)
    return rewritten


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
