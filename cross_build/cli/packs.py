"""The command ``pack``."""

from __future__ import annotations

from invoke.context import Context

from cross_build.cli.arguments import OptionalName
from cross_build.cli.command import command
from cross_build.cli.options import SOURCES
from cross_build.targets.targets import target as find_target
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
    from opt_models.packs import make, pack_folder

    config.choose(models, offline)
    request = make.PackRequest(
        runtime=find_target(target).runtime,
        pack=pack,
        networks={"det": det, "cls": cls, "rec": rec},
        dictionary=dict,
        name=name,
        golden=golden,
        golden_lines=golden_text or [],
        precision=precision,
        published=published,
        fold=fold,
    )
    folder = user_path(out or f"packs/{request.label}", "--out").absolute()
    print(pack_folder.summary(make.make(request, folder)))
