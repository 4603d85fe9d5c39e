"""Inputs of a pack: the files it is made from, of published models or of a user's own."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Mapping

from lite_runner.pack import Golden
from lite_runner.user_path import user_path
from opt_models.catalog import catalog, fetch, supply
from opt_models.catalog.catalog import Model, Recipe, Verified
from opt_models.errors import CatalogError, ChangedError, FetchError
from opt_models.packs import dictionary, network_input
from opt_models.packs.dictionary import Charset
from opt_models.packs.network_input import NetworkInput
from opt_models.paddlelite import env
from opt_models.runtime import Runtime

#: Names become names of folders.
_NAME = re.compile(r"\w[\w.+-]*")
_LONGEST_NAME = 80


@dataclass(frozen=True)
class PackInputs:
    """All that goes into a pack.

    Attributes:
        name: of the pack.
        networks: by stage, ``det``, ``cls`` (may be missing) and ``rec``.
        charset: of the recogniser.
        golden: picture to verify with; chosen by the characters if None.
        releases: of Paddle-Lite that may run the pack.
        processor: the only one it is known to run on; empty if it runs on all of its kind.

    Raises:
        CatalogError: the name is none.
    """

    name: str
    networks: Mapping[str, NetworkInput]
    charset: Charset
    golden: Golden | None
    releases: tuple[str, ...]
    processor: str = ""

    def __post_init__(self) -> None:
        check_name(self.name)


def check_name(name: str) -> None:
    """Refuse what is no name of a pack; worth asking before files are fetched.

    Raises:
        CatalogError: says what a name is made of.
    """
    if _NAME.fullmatch(name) is None or len(name.encode()) > _LONGEST_NAME:
        raise CatalogError(
            f"--name {name!r}: is no name for a pack; letters, digits and . _ + - are, up to"
            f" {_LONGEST_NAME} bytes"
        )


def from_recipe(
    recipe: Recipe,
    runtime: Runtime,
    published: bool = False,
    convert: bool = False,
) -> PackInputs:
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
    networks: dict[str, NetworkInput] | None = None
    releases: tuple[str, ...] = (runtime.release,)
    processor = ""
    verified = recipe.verified
    if verified is not None and str(runtime) in verified.runtimes and not convert:
        networks = _verified(recipe, verified, runtime)
    if networks is not None and verified is not None:
        releases = tuple(known.release for known in verified.on(runtime.processor))
        processor = runtime.processor
    elif published:
        networks = {
            stage: network_input.as_published(stage, model)
            for stage, model in recipe.models.items()
        }
        _say(
            f"pack {recipe.name}: its published models were not verified on {runtime}; the deploy's"
            " verification will tell whether they work"
        )
    else:
        _check_opt(recipe.name, runtime)
        networks = _all_to_convert(recipe.models)
    return PackInputs(
        name=recipe.name,
        networks=networks,
        charset=_charset(recipe, networks["rec"]),
        golden=None,
        releases=releases,
        processor=processor,
    )


def from_files(
    recipe: Recipe | None,
    name: str,
    paths: Mapping[str, str],
    dictionary_file: str,
    runtime: Runtime,
) -> PackInputs:
    """The files of a user's own exported models, whole or in place of some of a named pack's.

    Args:
        recipe: of the named pack.
        name: of the new pack.
        paths: by stage, of a folder with an export or of an ONNX file; empty where there is none.
        dictionary_file: of the user's recogniser, a character a line; may be empty where its
            export brings the characters.
        runtime: what the pack is for.

    Raises:
        CatalogError: something is missing that makes a whole pack, or ``--dict`` and the
            recogniser's export disagree; names the option.
        OptError: a path holds no export; says what it holds and what to do.
        FetchError: a file of the named pack cannot be had.
    """
    _check_opt(name or "a pack of your own", runtime)
    given = {stage: user_path(path, f"--{stage}") for stage, path in paths.items() if path}
    needed: dict[str, object] = {"--name": name}
    if recipe is None:
        needed = {"--det": "det" in given, "--rec": "rec" in given, **needed}
    missing = [option for option, value in needed.items() if not value]
    if missing:
        raise CatalogError(f"{' and '.join(missing)} must be given too, to make a pack of your own")
    charset = dictionary.read(user_path(dictionary_file, "--dict")) if dictionary_file else None
    networks = {stage: network_input.from_path(stage, path) for stage, path in given.items()}
    if recipe is not None:
        others = {stage: model for stage, model in recipe.models.items() if stage not in given}
        networks.update(_all_to_convert(others))
    if recipe is None or "rec" in given:
        charset = dictionary.agreed(charset, networks["rec"].charset)
    else:
        charset = charset or _charset(recipe, networks["rec"])
    if charset is None:
        raise CatalogError(
            "--dict must be given too: the recogniser's file does not say which characters it knows"
        )
    if "rec" in given:
        networks["rec"] = network_input.directed(networks["rec"], charset)
    return PackInputs(name, networks, charset, None, (runtime.release,))


def _check_opt(name: str, runtime: Runtime) -> None:
    """Refuse to convert for a runtime that another release's opt would be needed for."""
    have = env.WHEEL.release
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


def _all_to_convert(models: Mapping[str, Model]) -> dict[str, NetworkInput]:
    wheels = supply.wheels(models)
    return {
        stage: network_input.to_convert(stage, model, wheels.get(stage))
        for stage, model in models.items()
    }


def _verified(
    recipe: Recipe, verified: Verified, runtime: Runtime
) -> dict[str, NetworkInput] | None:
    """The very files that were verified on the runtime; None if they cannot be had."""
    try:
        return {
            stage: network_input.as_published(stage, model, verified.sha256[stage])
            for stage, model in recipe.models.items()
        }
    except ChangedError:
        raise
    except FetchError as error:
        _say(f"pack {recipe.name}: {error}")
        _say(f"pack {recipe.name}: without the .nb files verified on {runtime}, opt builds others")
        return None


def _charset(recipe: Recipe, rec: NetworkInput) -> Charset:
    """The characters of a published recogniser: those its export brings, or its dictionary's."""
    # What comes with the network is at hand; the dictionaries of some are only on their host.
    if rec.charset is not None:
        return rec.charset
    model = recipe.models["rec"]
    if model.dictionary is None:
        raise CatalogError(f"{model.name}: the catalog names no dictionary for this recogniser")
    return dictionary.read(fetch.dictionary(model.dictionary))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
