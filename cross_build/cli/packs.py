"""The command ``pack``."""

from __future__ import annotations

import dataclasses

from invoke.context import Context

from cross_build.cli.arguments import OptionalName
from cross_build.cli.command import command
from cross_build.cli.options import SOURCES
from cross_build.targets.targets import target as find_target
from lite_runner.errors import UsageError
from lite_runner.user_path import user_path
from opt_models.command_name import command_name
from opt_models.store import config


@command(
    klass=OptionalName,
    iterable=["golden_text"],
    help={
        **SOURCES,
        "pack": f"a named pack, see '{command_name()} models.packs'; not needed with --det and"
        " --rec",
        "det": "folder of your own detector, as exported",
        "cls": "folder of your own direction classifier",
        "rec": "folder of your own recogniser",
        "dict": "the recogniser's characters, one a line",
        "golden": "picture to verify with, if none of ours suits your recogniser",
        "golden-text": "a line of that picture; once for every line",
        "name": "what the pack is called",
        "target": "local, armv8 or armv7hf: processor and Paddle-Lite release",
        "out": "where the pack goes, packs/NAME if not given",
        "precision": "fp32, fp16, int8 or int16, by opt's own switches",
        "published": "take the published .nb files as they are",
        "fold": "--no-fold leaves the networks as published, which is several times slower",
    },
)
def pack(
    c: Context,
    pack: str,
    det: str = "",
    cls: str = "",
    rec: str = "",
    dict: str = "",
    golden: str = "",
    golden_text: list[str] | None = None,
    name: str = "",
    target: str = "local",
    out: str = "",
    precision: str = "",
    published: bool = False,
    fold: bool = True,
    models: str = "",
    offline: bool = False,
) -> None:
    """Make the pack PACK, or one of your own models: --det, --rec, --dict, perhaps --cls."""
    from opt_models.packs import build, inputs, resolve
    from opt_models.packs.build_options import BuildOptions

    config.choose(models, offline)
    runtime = find_target(target).runtime
    own = {"det": det, "cls": cls, "rec": rec}
    mine = any(own.values()) or bool(dict)
    recipe, of_name = resolve.named(pack) if pack else (None, None)
    if precision and of_name not in (None, precision):
        raise UsageError(
            f"pack {pack}: is asked for in {of_name}; leave out --precision {precision}"
        )
    precision = precision or of_name or ""
    label = name or pack
    if published and (mine or precision):
        raise UsageError(
            "--published takes .nb files as they are; leave it out with --precision, --det, --cls,"
            " --rec or --dict"
        )
    folder = user_path(out or f"packs/{label}", "--out").absolute()
    options = BuildOptions(runtime, precision or None, fold)
    if label:  # what is wrong is told before anything is fetched
        inputs.check_name(label)
        resolve.check_folder(folder)
    picture = inputs.golden(golden, golden_text or [])
    if recipe is None or mine:
        sources = inputs.from_files(recipe, name, own, dict, runtime)
    else:
        sources = inputs.from_recipe(recipe, runtime, published, bool(precision))
    made = build.build(dataclasses.replace(sources, name=label, golden=picture), options)
    print(resolve.summary(resolve.write(made, folder)))
