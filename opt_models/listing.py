"""The catalog as people and programs read it: a table, one model whole, JSON."""

from __future__ import annotations

from typing import Any, Iterable, Sequence

from opt_models import catalog
from opt_models.catalog import Model
from opt_models.errors import CatalogError


def select(
    task: str = "", language: str = "", version: str = "", slim: bool = False
) -> list[Model]:
    """The models that fit all that is given.

    Args:
        task: ``detection``, ``recognition`` or ``classification``; their first letters and ``cls``
            do too.
        language: PaddleOCR's name of it.
        version: of PP-OCR.
        slim: pruned or quantised ones only.

    Raises:
        CatalogError: no model has such a task, language or version; tells what there is.
    """
    every = models = list(catalog.models().values())
    if task:
        full = "classification" if task == "cls" else task
        chosen = _one(full, "task", catalog.TASKS, prefix=True)
        models = [model for model in models if model.task == chosen]
    if language:
        known = dict.fromkeys(
            name for model in catalog.models().values() for name in model.languages
        )
        chosen = _one(language, "language", list(known))
        models = [model for model in models if chosen in model.languages]
    if version:
        known = dict.fromkeys(model.version for model in every)
        chosen = _one(version, "version", list(known))
        models = [model for model in models if model.version == chosen]
    return [model for model in models if model.slim] if slim else models


def as_table(models: Sequence[Model]) -> str:
    """One line a model."""
    if not models:
        return "no model is all of that; leave out a filter"
    rows = [
        (
            model.name,
            model.task,
            model.version,
            model.size or "",
            ", ".join(".nb" if kind == "slim" else kind for kind in model.kinds),
            ", ".join(model.languages),
        )
        for model in models
    ]
    headings = ("name", "task", "version", "size", "offered", "languages")
    count = f"{len(models)} model{'' if len(models) == 1 else 's'}"
    return f"{_table(headings, rows)}\n\n{count}; 'invoke models.show NAME' tells all of one"


def packs_as_table() -> str:
    """One line a named pack."""
    rows = [
        (
            recipe.name,
            recipe.about,
            ", ".join(recipe.verified.runtimes) if recipe.verified else "",
        )
        for recipe in catalog.recipes().values()
    ]
    lines = [_table(("name", "what it is", "published .nb verified on"), rows), ""]
    for recipe in catalog.recipes().values():
        if recipe.verified and recipe.verified.note:
            lines.append(f"{recipe.name}: {recipe.verified.note}")
    lines.append(f"{len(rows)} packs; 'invoke pack NAME --target T' makes one")
    lines.append("NAME-int8, NAME-int16 and NAME-fp16 are packs in that precision, where not slim")
    return "\n".join(lines)


def packs_as_data() -> list[dict[str, Any]]:
    """The named packs for JSON."""
    return [
        {
            "name": recipe.name,
            "about": recipe.about,
            **{stage: model.name for stage, model in recipe.models.items()},
            "verified": list(recipe.verified.runtimes) if recipe.verified else [],
            "note": recipe.verified.note if recipe.verified else "",
        }
        for recipe in catalog.recipes().values()
    ]


def as_data(model: Model) -> dict[str, Any]:
    """One model for JSON."""
    host = catalog.host()
    return {
        "name": model.name,
        "task": model.task,
        "version": model.version,
        "about": model.about,
        "languages": list(model.languages),
        "slim": model.slim,
        "size": model.size,
        "config": model.config,
        "height": model.height,
        "dictionary": None
        if model.dictionary is None
        else {
            "name": model.dictionary.name,
            "lines": model.dictionary.lines,
            "wheel": model.dictionary.wheel.requirement,
            "file": model.dictionary.file,
        },
        "wheel": model.wheel and model.wheel.wheel.requirement,
        "downloads": [
            {"kind": one.kind, "url": host + one.path, "lite": one.lite} for one in model.downloads
        ],
        "packs": packs_with(model),
    }


def as_text(model: Model) -> str:
    """One model whole, for people."""
    facts = [
        ("task", model.task),
        ("version", model.version),
        ("languages", ", ".join(model.languages)),
        ("slim", "yes" if model.slim else "no"),
        ("size", model.size or "not published"),
        ("config", model.config or "not published"),
    ]
    if model.height:
        facts.append(("input", f"{model.height} pixels high"))
    if model.dictionary:
        row = model.dictionary
        facts.append(("dictionary", f"{row.name}, {row.lines} lines, in {row.wheel.requirement}"))
    if model.wheel:
        facts.append(("also in", model.wheel.wheel.requirement))
    for one in model.downloads:
        lite = f" (Paddle-Lite {one.lite})" if one.lite else ""
        facts.append((one.kind, f"{catalog.host()}{one.path}{lite}"))
    facts.append(("packs", ", ".join(packs_with(model)) or "none"))
    width = max(len(label) for label, _ in facts)
    lines = [f"  {label.ljust(width)}  {text}" for label, text in facts]
    return "\n".join([model.name, f"  {model.about}", "", *lines])


def packs_with(model: Model) -> list[str]:
    """Names of the packs that contain a model."""
    return [recipe.name for recipe in catalog.recipes().values() if model in recipe.models.values()]


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns, under headings."""
    widths = [max(map(len, column)) for column in zip(headings, *rows)]
    lines = [headings, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines
    )


def _one(wanted: str, what: str, known: Iterable[str], prefix: bool = False) -> str:
    choices = list(known)
    fitting = [one for one in choices if one.lower() == wanted.lower()]
    if prefix and not fitting:
        fitting = [one for one in choices if one.startswith(wanted.lower())]
    if len(fitting) != 1:
        raise CatalogError(f"there is no {what} {wanted!r}; known: {', '.join(choices)}")
    return fitting[0]
