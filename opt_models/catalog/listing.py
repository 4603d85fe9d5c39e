"""The catalog's models as people and programs read them: a table, one model whole, JSON."""

from __future__ import annotations

from typing import Iterable, Sequence

from opt_models import text_table
from opt_models.catalog import catalog
from opt_models.catalog.published import Dictionary, InWheel, Model
from opt_models.command_name import command_name
from opt_models.errors import CatalogError
from opt_models.wording import amount

_MOST_LANGUAGES = 8


def select(
    task: str = "", language: str = "", version: str = "", slim: bool = False
) -> list[Model]:
    """The models that fit all that is given.

    Args:
        task: ``detection``, ``recognition`` or ``classification``; their first letters and ``cls``
            do too.
        language: PaddleOCR's name of it, or the English one.
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
        codes = _languages(language)
        models = [model for model in models if codes & {*model.languages}]
    if version:
        known = dict.fromkeys(model.version for model in every)
        chosen = _one(version, "version", list(known))
        models = [model for model in models if model.version == chosen]
    return [model for model in models if model.slim] if slim else models


def as_table(models: Sequence[Model], width: int | None = None) -> str:
    """One line a model, for a terminal of so many columns."""
    if not models:
        return "no model is all of that; leave out a filter"
    rows = [
        (
            model.name,
            model.task,
            model.version,
            model.size or "",
            ", ".join(".nb" if kind == "slim" else kind for kind in model.kinds),
            _shortened(model.languages),
        )
        for model in models
    ]
    headings = ("name", "task", "version", "size", "offered", "languages")
    count = f"{len(models)} model{'' if len(models) == 1 else 's'}"
    advice = f"'{command_name()} models.show NAME' tells all of one"
    return f"{text_table.table(headings, rows, width=width)}\n\n{count}; {advice}"


def as_data(model: Model) -> dict[str, object]:
    """One model for JSON."""
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
        "direction": model.direction,
        "dictionary": model.dictionary and _dictionary_as_data(model.dictionary),
        "wheels": [_wheel_as_data(carried) for carried in model.wheels],
        "downloads": [
            {
                "kind": download.kind,
                "url": download.url,
                "lite": download.lite,
                "sha256": download.sha256,
            }
            for download in model.downloads
        ],
        "packs": packs_with(model),
    }


def _dictionary_as_data(row: Dictionary) -> dict[str, object]:
    return {
        "name": row.name,
        "lines": row.lines,
        "wheel": row.wheel and row.wheel.requirement,
        "file": row.file,
        "url": row.download and row.download.url,
    }


def _wheel_as_data(carried: InWheel) -> dict[str, object]:
    wheel = carried.wheel
    return {
        "wheel": wheel.requirement,
        "bytes": wheel.size,
        "kind": carried.kind,
        "files": list(carried.files),
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
        order = ", read from right to left" if model.direction == "rtl" else ""
        facts.append(("input", f"{model.height} pixels high{order}"))
    if model.dictionary:
        facts.append(("dictionary", _dictionary_as_text(model.dictionary)))
    for carried in model.wheels:
        wheel = carried.wheel
        kind = f"{carried.kind}, a wheel of {amount(wheel.size)}"
        facts.append(("also in", f"{wheel.requirement} ({kind})"))
    for download in model.downloads:
        lite = f" (Paddle-Lite {download.lite})" if download.lite else ""
        pinned = f" (sha256 {download.sha256[:12]}...)" if download.sha256 else ""
        facts.append((download.kind, f"{download.url}{lite}{pinned}"))
    facts.append(("packs", ", ".join(packs_with(model)) or "none"))
    return f"{model.name}\n  {model.about}\n\n{text_table.facts(facts)}"


def _dictionary_as_text(row: Dictionary) -> str:
    where = f"in {row.wheel.requirement}" if row.wheel else "which comes along with the model"
    return f"{row.name}, {row.lines} lines, {where}"


def packs_with(model: Model) -> list[str]:
    """Names of the packs that contain a model."""
    return [recipe.name for recipe in catalog.recipes().values() if model in recipe.models.values()]


def _shortened(languages: Sequence[str]) -> str:
    """Languages in a table: one that has fifty would make all its lines unreadable."""
    more = len(languages) - _MOST_LANGUAGES
    shown = ", ".join(languages[:_MOST_LANGUAGES])
    return shown if more <= 0 else f"{shown} and {more} more"


def _languages(name: str) -> set[str]:
    """PaddleOCR's names of a language; it has two of some."""
    known = dict.fromkeys(code for model in catalog.models().values() for code in model.languages)
    english = catalog.languages()
    names = {code: {code.casefold(), english[code].casefold()} for code in known}
    codes = {code for code in known if name.casefold() in names[code]}
    if not codes:
        raise CatalogError(f"there is no language {name!r}; known: {', '.join(known)}")
    return codes


def _one(text: str, what: str, known: Iterable[str], prefix: bool = False) -> str:
    choices = list(known)
    fitting = [choice for choice in choices if choice.lower() == text.lower()]
    if prefix and not fitting:
        fitting = [choice for choice in choices if choice.startswith(text.lower())]
    if len(fitting) != 1:
        raise CatalogError(f"there is no {what} {text!r}; known: {', '.join(choices)}")
    return fitting[0]
