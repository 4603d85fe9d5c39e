"""The commands about published models and named packs: ``models`` and what is under it."""

from __future__ import annotations

import sys

from invoke.context import Context

from cross_build.cli.command import command
from cross_build.cli.options import SOURCES
from lite_runner.cli import output
from lite_runner.user_path import user_path
from opt_models.catalog import catalog, listing
from opt_models.store import config
from opt_models.text_table import columns


@command(
    name="list",
    default=True,
    help={
        "task": "detection (det), recognition (rec) or classification (cls)",
        "language": "by PaddleOCR's name or in English: ch, en, french, korean, latin ...",
        "version": "v1.0, v1.1, v2.0, v2, v3, v4, v5 or v6",
        "slim": "pruned or quantised ones only",
        "json": "as JSON, with all addresses",
    },
)
def list_models(
    c: Context,
    task: str = "",
    language: str = "",
    version: str = "",
    slim: bool = False,
    json: bool = False,
) -> None:
    """List the published models; filters go together."""
    models = listing.select(task, language, version, slim)
    if json:
        output.print_json([listing.as_data(model) for model in models])
    else:
        print(listing.as_table(models, columns()))


@command(name="show", help={"name": "of the model", "json": "as JSON, with all addresses"})
def show_model(c: Context, name: str, json: bool = False) -> None:
    """Tell all about the model NAME: where its files are, what it needs, which packs have it."""
    model = catalog.model(name)
    if json:
        output.print_json(listing.as_data(model))
    else:
        print(listing.as_text(model))


@command(
    name="packs",
    help={
        "for": "a text, such as 'Straße 5 €': only the packs that can spell all of it",
        "json": "as JSON; with --for of every pack, and what it lacks",
    },
)
def list_packs(c: Context, for_: str = "", json: bool = False) -> int:
    """List the named packs: what 'pack' makes and 'deploy --pack' deploys."""
    from opt_models.catalog import pack_listing, spelling

    if not for_:
        if json:
            output.print_json(pack_listing.as_data())
        else:
            print(pack_listing.as_table(columns()))
        return 0
    spellings = spelling.of(for_)
    if json:
        output.print_json(pack_listing.spelling_as_data(spellings))
    else:
        print(pack_listing.spelling_as_table(spellings, _defaults(), columns()))
    return 0 if any(not pack.lacks for pack in spellings) else 1


def _defaults() -> dict[str, str]:
    """The targets that get a pack by default, by its name."""
    from cross_build.targets.targets import targets

    names: dict[str, list[str]] = {}
    for target in targets().values():
        names.setdefault(target.pack, []).append(target.name)
    return {pack: ", ".join(of_pack) for pack, of_pack in names.items()}


@command(
    name="fetch",
    help={
        **SOURCES,
        "name": "of the model",
        "kind": "inference, onnx, trained, pretrained or slim (a ready .nb file); what packs are"
        " made of if not given",
    },
)
def fetch_model(
    c: Context, name: str, kind: str = "", models: str = "", offline: bool = False
) -> None:
    """Download the model NAME, or take it from --models DIR; prints where it lies."""
    from opt_models.catalog import fetch

    config.choose(models, offline)
    model = catalog.model(name)
    print(fetch.published(model, kind) if kind else fetch.network(model))
    print(fetch.advice(model, kind), end="", file=sys.stderr)


@command(
    name="inspect",
    help={"path": "a .nb file, a pack's folder or an inference model's", "json": "as JSON"},
)
def inspect_model(c: Context, path: str, json: bool = False) -> None:
    """Tell what PATH, a .nb file, a pack or an inference model, is made of and runs on."""
    from opt_models.packs import inspection

    networks = inspection.inspect_all(user_path(path, "PATH"), catalog.verified())
    if json:
        output.print_json([inspection.as_json(network) for network in networks])
    else:
        print("\n\n".join(map(inspection.as_text, networks)))
