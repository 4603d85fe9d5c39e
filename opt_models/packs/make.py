"""What a user asks of ``pack``, step by step: resolve, inputs, convert and build, write."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Mapping, Sequence

from lite_runner.errors import UsageError
from lite_runner.pack import Pack
from opt_models.catalog.catalog import Recipe
from opt_models.packs import build, golden, inputs, pack_folder, resolve
from opt_models.packs.build_options import BuildOptions
from opt_models.packs.inputs import PackInputs
from opt_models.runtime import Runtime


@dataclass(frozen=True)
class PackRequest:
    """A pack as a user asks for it; what is empty was not given.

    Attributes:
        runtime: what it is for.
        pack: a named pack, to be made or to take other networks of.
        networks: the user's own, paths by stage.
        dictionary: path of the recogniser's characters, one a line.
        name: of the new pack; the named pack's if empty.
        golden: path of a picture to verify with.
        golden_lines: what it reads.
        precision: one of :data:`opt_models.packs.build_options.PRECISIONS`.
        published: whether the published ``.nb`` files are taken as they are.
        fold: whether networks are folded.
    """

    runtime: Runtime
    pack: str = ""
    networks: Mapping[str, str] = field(default_factory=dict)
    dictionary: str = ""
    name: str = ""
    golden: str = ""
    golden_lines: Sequence[str] = ()
    precision: str = ""
    published: bool = False
    fold: bool = True

    @property
    def label(self) -> str:
        """What the new pack is called; empty if nobody said."""
        return self.name or self.pack

    @property
    def has_own_files(self) -> bool:
        """Whether anything of the user's own goes into it."""
        return any(self.networks.values()) or bool(self.dictionary)


def make(request: PackRequest, folder: Path) -> Pack:
    """Make a pack and write it into a folder, in place of an older one.

    What is wrong with the request is said before anything is fetched.

    Raises:
        UsageError, CatalogError: options contradict each other, or name what there is not.
        FetchError, OptError: from getting and converting networks.
    """
    recipe, precision = _resolved(request)
    options = BuildOptions(request.runtime, precision or None, request.fold)
    if request.label:
        inputs.check_name(request.label)
        pack_folder.check(folder)
    picture = golden.read(request.golden, request.golden_lines)
    gathered = replace(_gathered(request, recipe, precision), name=request.label, golden=picture)
    return pack_folder.write(build.build(gathered, options), folder)


def _resolved(request: PackRequest) -> tuple[Recipe | None, str]:
    """The named pack, if one is asked for, and the precision, which its name may say."""
    recipe, of_name = resolve.named(request.pack) if request.pack else (None, None)
    if request.precision and of_name not in (None, request.precision):
        raise UsageError(
            f"pack {request.pack}: is asked for in {of_name}; leave out --precision"
            f" {request.precision}"
        )
    precision = request.precision or of_name or ""
    if request.published and (request.has_own_files or precision):
        raise UsageError(
            "--published takes .nb files as they are; leave it out with --precision, --det, --cls,"
            " --rec or --dict"
        )
    return recipe, precision


def _gathered(request: PackRequest, recipe: Recipe | None, precision: str) -> PackInputs:
    if recipe is not None and not request.has_own_files:
        return inputs.from_recipe(recipe, request.runtime, request.published, bool(precision))
    return inputs.from_files(
        recipe, request.name, request.networks, request.dictionary, request.runtime
    )
