"""One network from its export to a ``.nb``: import, fold, opt; what a step makes is compared."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

import numpy as np

from lite_runner.arrays import Floats
from lite_runner.pack import Golden
from opt_models.errors import OptError
from opt_models.folding import fold, linear
from opt_models.folding.verified import fold_verified
from opt_models.formats import program
from opt_models.formats.inference_model import Exported, ModelFiles, OnnxFile, PirFiles
from opt_models.formats.summary import Summary
from opt_models.importing import verified
from opt_models.importing.onnx_import import import_onnx
from opt_models.importing.pir_import import import_pir
from opt_models.packs import probabilities
from opt_models.packs.input_size import Shape
from opt_models.paddlelite import equality, opt, sample_inputs
from opt_models.stage_settings import StageSettings

#: Kinds of operators of which opt also quantises the weights, see :mod:`opt_models.folding.linear`.
_PRODUCTS = {"matmul", "matmul_v2"}


@dataclass(frozen=True)
class Request:
    """What a network is converted for.

    Attributes:
        stage: ``det``, ``cls`` or ``rec``.
        settings: how it is fed and read, as ``pack.json`` holds it.
        golden: picture to compare on.
        arch: ``x86`` or ``arm``.
        precision: what opt shall store or compute with.
        fold: whether networks are folded before opt.
        source: names it in errors.
    """

    stage: str
    settings: StageSettings
    golden: Golden
    arch: str
    precision: str
    fold: bool
    source: str = ""


@dataclass(frozen=True)
class Program:
    """A network in the format that opt reads, and what its program says of it."""

    files: ModelFiles
    summary: Summary


def read(files: Exported, work: Path) -> Program:
    """An export as the program and weights that opt reads; imported where it is no such yet.

    Args:
        files: of any format.
        work: folder for what is written.

    Raises:
        OptError: it cannot be imported; names the operator.
    """
    converted = files if isinstance(files, ModelFiles) else _imported(files, work)
    return Program(converted, program.summary(converted.program))


def _imported(files: PirFiles | OnnxFile, work: Path) -> ModelFiles:
    target = ModelFiles(work / "imported.pdmodel", work / "imported.pdiparams")
    if isinstance(files, OnnxFile):
        import_onnx(files.path, target)
    else:
        import_pir(files.program, files.params, target)
    return target


def convert(
    source: Program, reference: Path | None, target: Path, request: Request, work: Path
) -> Mapping[str, int]:
    """Write the ``.nb`` of a network.

    Args:
        source: the network, as :func:`read` gave it.
        reference: an ONNX file that an import is compared with; None where there is none.
        target: the ``.nb`` to write.
        request: what for.
        work: folder for files on the way.

    Returns:
        how often each pass of folding changed something.

    Raises:
        OptError: an import computes something else than its original, or opt failed.
    """
    files = source.files
    if source.summary.precision != "fp32":
        files = _complete(files, request, work)
        opt.optimise(files.program, files.params, target, request.arch)
        return {}
    inputs = sample_inputs.inputs(
        request.stage, request.settings, source.summary.inputs[0].shape, request.golden
    )
    if reference is not None:
        _check_import(reference, files, inputs, request, work)
    files = _complete(files, request, work)
    passes: Mapping[str, int] = {}
    if request.fold:
        # Lines of text are all brought to one height, pictures are not.
        height = 0 if request.stage == "det" else request.settings["shape"][0]
        limits = equality.limits(request.stage, request.settings.get("threshold", 0.0))
        folded = fold_verified(files, inputs, work, height, request.arch, limits)
        print(f"  {request.stage}: {folded.summary}", file=sys.stderr)
        files, passes = folded.files, folded.passes
    if request.precision in ("int8", "int16"):
        files = _quantisable(files, request.precision, work)
    opt.optimise(files.program, files.params, target, request.arch, request.precision)
    return passes


def _complete(files: ModelFiles, request: Request, work: Path) -> ModelFiles:
    """A network with all that its stage needs of it."""
    if request.stage != "rec":
        return files
    return probabilities.with_softmax(files, request.source, work)


def runs(files: ModelFiles, work: Path, shape: Shape) -> bool:
    """Whether a model can be run on an input of some shape, by the runtime for x86."""
    try:
        equality.run(equality.converted(files, work), [np.zeros(shape, np.float32)], work)
    except OptError:
        return False
    return True


def _check_import(
    reference: Path,
    files: ModelFiles,
    inputs: Sequence[Floats],
    request: Request,
    work: Path,
) -> None:
    threshold = request.settings.get("threshold", 0.0)
    comparison = verified.check(reference, files, request.stage, inputs, threshold, work)
    print(f"  {request.stage}: imported; {comparison}", file=sys.stderr)


def _quantisable(files: ModelFiles, precision: str, work: Path) -> ModelFiles:
    """A model whose products with weights the runtime turns back after quantisation."""
    if not _PRODUCTS & program.summary(files.program).operators.keys():
        return files
    graph = fold.read(files)
    changes = fold.run(graph, {"linear layers": linear.as_mul})
    for product in linear.others(graph):
        raise OptError(
            f"{files.program}: has a {product} that Paddle-Lite would quantise and not turn back;"
            f" leave --precision {precision} out"
        )
    if not changes:
        return files
    rewritten = ModelFiles(work / "linear.pdmodel", work / "linear.pdiparams")
    graph.write(rewritten.program, rewritten.params)
    return rewritten
