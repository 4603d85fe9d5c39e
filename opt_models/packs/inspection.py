"""What a model's files say without running it, and which Paddle-Lite runs it."""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

from lite_runner.releases.release import sha256
from opt_models.command_name import command_name
from opt_models.errors import OptError
from opt_models.formats import inference_model, nb
from opt_models.formats.inference_model import ModelFiles, OnnxFile, PirFiles
from opt_models.formats.summary import Summary, Tensor
from opt_models.memory_planning import share
from opt_models.memory_planning.share import Memory
from opt_models.packs import convert

#: Builds between releases write their commit in place of a version. These wrote published models
#: (looked up in Paddle-Lite's history).
_COMMITS = {
    "b92e8c4": "of 2020-09-24, on the way to v2.8",
    "6010b5f": "of 2021-05-08, a week before v2.9",
}
_HEX = set("0123456789abcdef")
_LAYOUTS = {
    0: "naive buffer",
    1: "flatbuffers, weights together",
    2: "flatbuffers, weights one by one",
}
_FORMATS = {
    ModelFiles: "Paddle inference model",
    PirFiles: "Paddle 3 inference model (PIR)",
    OnnxFile: "ONNX model",
}
#: Of a name and the words behind it: with the blanks around them 80 columns.
_WIDTH = 76


@dataclass(frozen=True)
class Inspection:
    """What a file or folder is.

    Attributes:
        format: in words.
        size: bytes of all its files.
        opt_version: what wrote the ``.nb``; None for an inference model, as all three.
        layout: of the ``.nb``.
        arch: processor the ``.nb`` is for, see :class:`opt_models.formats.nb.Model`.
        runtimes: what can load it and why, the surest first; empty if nothing can.
        memory: what the ``.nb``'s variables take in a run, as far as it is known.
    """

    path: Path
    format: str
    size: int
    opt_version: str | None
    layout: int | None
    arch: str | None
    summary: Summary
    runtimes: tuple[str, ...]
    memory: Memory | None = None


def inspect_all(
    path: Path, verified: Mapping[str, tuple[str, ...]] | None = None
) -> list[Inspection]:
    """Look at a model, or at every ``.nb`` of a folder, such as a pack.

    Args:
        path: as for :func:`inspect`.
        verified: as for :func:`inspect`.

    Raises:
        OptError: it is neither, or is cut off or damaged.
    """
    several = sorted(path.glob("*.nb")) if path.is_dir() else []
    return [inspect(file, verified) for file in several or [path]]


def inspect(path: Path, verified: Mapping[str, tuple[str, ...]] | None = None) -> Inspection:
    """Look at a model.

    Args:
        path: an ``.nb`` or ``.onnx`` file, or a folder with an inference model.
        verified: runtimes on which published files were tried, by the files' sha256.

    Raises:
        OptError: it is neither, or is cut off or damaged.
    """
    if path.is_dir() or path.suffix == ".onnx":
        return _exported(path)
    if not path.is_file():
        raise OptError(f"{path}: there is no such file; give an .nb file or a folder with a model")
    try:
        nb.read_header(path)
    except OptError:
        if path.suffix == ".nb":
            raise
        inference_model.find(path)  # knows what else a file may be, and says so
        raise
    return _nb(path, verified or {})


def as_json(inspection: Inspection) -> dict[str, object]:
    """For machines: what ``json.dumps`` takes."""
    data = dataclasses.asdict(inspection)
    data["path"] = str(inspection.path)
    return data


def as_text(inspection: Inspection) -> str:
    """For terminals: a line for each thing, operators by count."""
    summary = inspection.summary
    opt = inspection.opt_version
    rows = [("format", inspection.format), ("size", f"{inspection.size:,} bytes")]
    if opt is not None:
        rows.append(("written by", f"opt {opt}"))
        rows.append(("processor", str(inspection.arch)))
    rows.append(("precision", summary.precision))
    rows += [("input", _shown(tensor)) for tensor in summary.inputs]
    rows += [("output", _shown(tensor)) for tensor in summary.outputs]
    if inspection.memory is not None:
        rows.append(("variables", _memory_as_text(inspection.memory)))
    total = sum(summary.operators.values())
    counts = [f"{name} {count}" for name, count in summary.operators.items()]
    rows += _wrapped(f"{total} operators", counts)
    runs = inspection.runtimes or (_conversion(),)
    rows += [("runs on", runtime) for runtime in runs]
    width = max(len(name) for name, _ in rows)
    lines = [str(inspection.path)]
    before = ""
    for name, value in rows:
        lines.append(f"  {'' if name == before else name:<{width}}  {value}")
        before = name
    return "\n".join(lines)


def _conversion() -> str:
    return (
        f"nothing before opt converts it: {command_name()} pack, with its folder or .onnx file"
        " after --det, --rec or --cls"
    )


def _nb(path: Path, verified: Mapping[str, tuple[str, ...]]) -> Inspection:
    model = nb.read(path)
    header = model.header
    opt = header.opt_version
    known = verified.get(sha256(path), ()) if verified else ()
    tried = (f"Paddle-Lite {runtime}: verified with this very file" for runtime in known)
    wrote = f"Paddle-Lite {opt}{_explained(opt)} on {model.arch}: its opt wrote the file"
    return Inspection(
        path=path,
        format=f"Paddle-Lite model (.nb), layout {header.layout}: {_LAYOUTS[header.layout]}",
        size=model.size,
        opt_version=opt,
        layout=header.layout,
        arch=model.arch,
        summary=model.summary,
        runtimes=(*tried, wrote),
        memory=_memory(path, model.summary),
    )


def _memory(path: Path, summary: Summary) -> Memory | None:
    """At the declared shape of the input; where that is left open, at one picture of 640 pixels."""
    if len(summary.inputs) != 1 or len(summary.inputs[0].shape) != 4:
        return None
    usual = (1, 3, 640, 640)
    shape = tuple(
        side if side > 0 else usual_side for side, usual_side in zip(summary.inputs[0].shape, usual)
    )
    return share.memory(nb.read_topology(path), shape)


def _exported(source: Path) -> Inspection:
    files = inference_model.find(source)
    # A program of another format is looked at as opt would get it.
    with tempfile.TemporaryDirectory() as name:
        summary = convert.read(files, Path(name)).summary
    return Inspection(
        path=source,
        format=f"{_FORMATS[type(files)]}, {' and '.join(path.name for path in files.paths)}",
        size=sum(path.stat().st_size for path in files.paths),
        opt_version=None,
        layout=None,
        arch=None,
        summary=summary,
        runtimes=(),
    )


def _explained(version: str) -> str:
    """What a version that is a commit means, in brackets; nothing for a release."""
    if version in _COMMITS:
        return f" ({_COMMITS[version]})"
    if len(version) >= 7 and set(version) <= _HEX:
        return " (a commit, no release)"
    return ""


def _memory_as_text(memory: Memory) -> str:
    most = (
        f"{memory.size / 1e6:.1f} MB" if memory.whole else f"more than {memory.size / 1e6:.1f} MB"
    )
    return f"{memory.variables}, {most} in a run at {' x '.join(map(str, memory.shape))}"


def _shown(tensor: Tensor) -> str:
    shape = " x ".join("?" if side < 0 else str(side) for side in tensor.shape)
    # A name may hold anything; a terminal must not.
    name = tensor.name if tensor.name.isprintable() else repr(tensor.name)
    return f"{name}  {shape or 'shape unknown'}  {tensor.dtype}"


def _wrapped(name: str, words: list[str]) -> list[tuple[str, str]]:
    """Rows of at most a terminal's width."""
    rows: list[tuple[str, str]] = []
    line = ""
    for word in words:
        longer = f"{line}, {word}" if line else word
        if line and len(longer) > _WIDTH - len(name):
            rows.append((name, line + ","))
            longer = word
        line = longer
    return [*rows, (name, line)]
