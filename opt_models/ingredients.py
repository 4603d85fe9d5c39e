"""Ingredients of a pack: the files it is made from, of published models or of a user's own."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

from lite_runner.errors import ImageError
from lite_runner.pack import Golden, read_dictionary
from opt_models import catalog, fetch, lite_env, model_folder
from opt_models.catalog import Model, Recipe, Verified
from opt_models.errors import CatalogError, ChangedError, FetchError
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
        processor: the only one it is known to run on; empty if it runs on all of its kind.
    """

    name: str
    networks: Mapping[str, Ingredient]
    dictionary: Path
    golden: Golden | None
    releases: tuple[str, ...]
    processor: str = ""


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
        CatalogError: ``published``, but a model has no ``.nb``; or the runtime is not of opt's
            release.
        FetchError: a file cannot be had.
    """
    networks: dict[str, Ingredient] | None = None
    releases: tuple[str, ...] = (runtime.release,)
    processor = ""
    verified = recipe.verified
    if verified is not None and str(runtime) in verified.runtimes and not convert:
        networks = _verified(recipe, verified, runtime)
    if networks is not None and verified is not None:
        releases = tuple(one.release for one in verified.on(runtime.processor))
        processor = runtime.processor
    elif published:
        networks = {stage: _as_published(model) for stage, model in recipe.models.items()}
        _say(
            f"pack {recipe.name}: its published models were not verified on {runtime}; the deploy's"
            " verification will tell whether they work"
        )
    else:
        _check_opt(recipe.name, runtime)
        networks = {stage: _to_convert(model) for stage, model in recipe.models.items()}
    return Ingredients(
        name=recipe.name,
        networks=networks,
        dictionary=_dictionary(recipe),
        golden=None,
        releases=releases,
        processor=processor,
    )


def own(
    recipe: Recipe | None,
    name: str,
    folders: Mapping[str, str],
    dictionary: str,
    runtime: Runtime,
) -> Ingredients:
    """The files of a user's own exported models, whole or in place of some of a named pack's.

    Args:
        recipe: of the named pack.
        name: of the new pack.
        folders: by stage, each with an inference model; empty where there is none.
        dictionary: file of the user's recogniser, a character a line.
        runtime: what the pack is for.

    Raises:
        CatalogError: something is missing that makes a whole pack; names the option.
        OptError: a folder holds no inference model; says what it holds and what to do.
        FetchError: a file of the named pack cannot be had.
    """
    _check_opt(name or "a pack of your own", runtime)
    given = {stage: Path(folder).expanduser() for stage, folder in folders.items() if folder}
    needed = {"--name": name, "--dict": dictionary or (recipe and "rec" not in given)}
    if recipe is None:
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
    if recipe is not None:
        others = {stage: model for stage, model in recipe.models.items() if stage not in given}
        networks.update({stage: _to_convert(model) for stage, model in others.items()})
        characters = characters if dictionary else _dictionary(recipe)
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
    if not image:
        raise CatalogError("--golden must be given too: the picture that --golden-text is read in")
    if not path.is_file():
        raise CatalogError(f"--golden {image}: there is no such picture")
    try:
        picture.load(path)
    except ImageError as error:
        raise CatalogError(f"--golden {image}: {error}") from error
    if not any(line.strip() for line in lines):
        raise CatalogError(f"--golden {image}: say what it reads, --golden-text for every line")
    return Golden(path, tuple(lines))


def _check_opt(name: str, runtime: Runtime) -> None:
    """Refuse to convert for a runtime that another release's opt would be needed for."""
    have = lite_env.WHEEL.release
    if runtime.release != have:
        verified = [
            recipe.name
            for recipe in catalog.recipes().values()
            if recipe.verified is not None and str(runtime) in recipe.verified.runtimes
        ]
        instead = f", or the pack {' or '.join(verified)}" if verified else ""
        raise CatalogError(
            f"{name}: for Paddle-Lite {runtime} its models must be converted by the opt of"
            f" {runtime.release}, this is {have}'s, and what one writes the other misreads; take"
            f" Paddle-Lite {have}{instead}"
        )


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


def _as_published(model: Model, sha256: str | None = None) -> Ingredient:
    file = fetch.published(model, "slim", sha256)
    return Ingredient(model.name, published=file, height=model.height)


def _verified(recipe: Recipe, verified: Verified, runtime: Runtime) -> dict[str, Ingredient] | None:
    """The very files that were verified on the runtime; None if they cannot be had."""
    try:
        return {
            stage: _as_published(model, verified.sha256[stage])
            for stage, model in recipe.models.items()
        }
    except ChangedError:
        raise
    except FetchError as error:
        _say(f"pack {recipe.name}: {error}")
        _say(f"pack {recipe.name}: without the .nb files verified on {runtime}, opt builds others")
        return None


def _dictionary(recipe: Recipe) -> Path:
    rec = recipe.models["rec"]
    if rec.dictionary is None:
        raise CatalogError(f"{rec.name}: the catalog names no dictionary for this recogniser")
    return fetch.dictionary(rec.dictionary)
