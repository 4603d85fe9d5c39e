"""Ingredients of a pack: the files it is made from, of published models or of a user's own."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

from lite_runner.errors import ImageError
from lite_runner.pack import Golden, read_dictionary
from lite_runner.release import sha256
from opt_models import fetch, model_folder
from opt_models.catalog import Model, Recipe, Verified
from opt_models.errors import CatalogError
from opt_models.model_folder import ModelFiles
from opt_models.runtime import Runtime


@dataclass(frozen=True)
class Ingredient:
    """One network: an inference model that ``opt`` converts, or a ``.nb`` to take as published.

    Attributes:
        source: where it comes from, for ``pack.json`` and people.
        files: the inference model.
        published: the ``.nb``, in its stead.
        height: of a recogniser's input in pixels, where it is known beforehand.
    """

    source: str
    files: ModelFiles | None = None
    published: Path | None = None
    height: int | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """All its files."""
        if self.files is None:
            return () if self.published is None else (self.published,)
        return (self.files.program, self.files.params)


@dataclass(frozen=True)
class Ingredients:
    """All that goes into a pack.

    Attributes:
        name: of the pack.
        networks: by stage, ``det``, ``cls`` (may be missing) and ``rec``.
        dictionary: of the recogniser.
        golden: picture to verify with; chosen by the dictionary if None.
        releases: of Paddle-Lite that may run the pack.
    """

    name: str
    networks: Mapping[str, Ingredient]
    dictionary: Path
    golden: Golden | None
    releases: tuple[str, ...]


def from_recipe(
    recipe: Recipe,
    runtime: Runtime,
    published: bool = False,
    convert: bool = False,
) -> Ingredients:
    """The files of a named pack.

    ``opt`` converts the inference models, because only then its release and the runtime's are the
    same. Published ``.nb`` files are taken where the recipe says that exactly these were verified
    on the runtime, or where the user wants them.

    Args:
        recipe: of the catalog.
        runtime: what the pack is for.
        published: take the published ``.nb`` files in any case.
        convert: take the inference models in any case.

    Raises:
        CatalogError: ``published``, but a model has no ``.nb``.
        FetchError: a file cannot be had.
    """
    rec = recipe.models["rec"]
    if rec.dictionary is None:
        raise CatalogError(f"{rec.name}: the catalog names no dictionary for this recogniser")
    verified = recipe.verified
    releases: tuple[str, ...] | None = None
    networks: dict[str, Ingredient] = {}
    if published or (verified and str(runtime) in verified.runtimes and not convert):
        networks = {stage: _as_published(model) for stage, model in recipe.models.items()}
        releases = _releases(verified, networks, runtime)
    if releases is None and networks:
        found = f"pack {recipe.name}: these published models were not verified on {runtime}"
        if published:
            _say(f"{found}; the deploy's verification will tell whether they work")
            releases = (runtime.release,)
        else:
            _say(f"{found}, others of the same name were; building them with opt instead")
    if releases is None:
        networks = {stage: _to_convert(model) for stage, model in recipe.models.items()}
        releases = (runtime.release,)
    return Ingredients(
        name=recipe.name,
        networks=networks,
        dictionary=fetch.dictionary(rec.dictionary),
        golden=None,
        releases=releases,
    )


def own(
    base: Ingredients | None,
    name: str,
    folders: Mapping[str, str],
    dictionary: str,
    runtime: Runtime,
) -> Ingredients:
    """The files of a user's own exported models, whole or in place of some of a named pack's.

    Args:
        base: the named pack's files.
        name: of the new pack.
        folders: by stage, each with an inference model; empty where there is none.
        dictionary: file of the user's recogniser, a character a line.
        runtime: what the pack is for.

    Raises:
        CatalogError: something is missing that makes a whole pack; names the option.
        OptError: a folder holds no inference model; says what it holds and what to do.
    """
    given = {stage: Path(folder).expanduser() for stage, folder in folders.items() if folder}
    needed = {"--name": name, "--dict": dictionary or (base and "rec" not in given)}
    if base is None:
        needed = {"--det": "det" in given, "--rec": "rec" in given, **needed}
    missing = [option for option, value in needed.items() if not value]
    if missing:
        raise CatalogError(f"{' and '.join(missing)} must be given too, to make a pack of your own")
    characters = Path(dictionary).expanduser()
    if dictionary:
        _check_dictionary(characters)
    networks = {
        stage: Ingredient(source=folder.resolve().name, files=model_folder.find(folder))
        for stage, folder in given.items()
    }
    if base is not None:
        networks = {**base.networks, **networks}
        characters = characters if dictionary else base.dictionary
    return Ingredients(name, networks, characters, None, (runtime.release,))


def golden(image: str, lines: Sequence[str]) -> Golden | None:
    """A user's own picture to verify with, if one is given.

    Raises:
        CatalogError: the picture is not there or is none, or nobody says what it reads.
    """
    from lite_runner import image as picture  # late: OpenCV takes long to load

    if not image and not lines:
        return None
    path = Path(image).expanduser()
    if not image or not path.is_file():
        raise CatalogError(f"--golden {image}: there is no such picture")
    try:
        picture.load(path)
    except ImageError as error:
        raise CatalogError(f"--golden {image}: {error}") from error
    if not lines:
        raise CatalogError(f"--golden {image}: say what it reads, --golden-text for every line")
    return Golden(path, tuple(lines))


def _check_dictionary(path: Path) -> None:
    try:
        read_dictionary(path)
    except OSError as error:
        raise CatalogError(f"--dict {path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise CatalogError(
            f"--dict {path}: byte {error.start} is not UTF-8; save it as UTF-8, a character a line"
        ) from error


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _to_convert(model: Model) -> Ingredient:
    return Ingredient(model.name, files=fetch.inference(model), height=model.height)


def _as_published(model: Model) -> Ingredient:
    return Ingredient(model.name, published=fetch.published(model, "slim"), height=model.height)


def _releases(
    verified: Verified | None, networks: Mapping[str, Ingredient], runtime: Runtime
) -> tuple[str, ...] | None:
    """Releases these very files were verified on, on the runtime's processor; None if not on it."""
    if verified is None or str(runtime) not in verified.runtimes:
        return None
    for stage, part in networks.items():
        if [sha256(path) for path in part.paths] != [verified.sha256.get(stage)]:
            return None
    known = (runtime_name.split() for runtime_name in verified.runtimes)
    return tuple(release for release, processor in known if processor == runtime.processor)
