"""The named packs as people and programs read them, and those that can spell a text."""

from __future__ import annotations

import textwrap
from typing import Mapping, Sequence

from opt_models.catalog import catalog, supply
from opt_models.catalog.published import Recipe, Wheel
from opt_models.catalog.spelling import Spelling
from opt_models.command_name import command_name
from opt_models.text_table import table
from opt_models.wording import amount


def as_table(width: int | None = None) -> str:
    """One line a named pack, for a terminal of so many columns."""
    recipes = catalog.recipes().values()
    rows = [
        (
            recipe.name,
            recipe.about,
            _supply(recipe),
            ", ".join(recipe.verified.runtimes) if recipe.verified else "",
        )
        for recipe in recipes
    ]
    headings = ("name", "what it is", "models from", "published .nb verified on")
    lines = [table(headings, rows, width=width), ""]
    for recipe in recipes:
        if recipe.verified and recipe.verified.note:
            note = f"{recipe.name}: {recipe.verified.note}"
            lines += [note] if width is None else textwrap.wrap(note, width)
    lines.append(f"{len(rows)} packs; '{command_name()} pack NAME --target T' makes one")
    lines.append("NAME-int8, NAME-int16 and NAME-fp16 are packs in that precision, where not slim")
    lines.append(
        f"'{command_name()} models.packs --for TEXT' names the packs that can spell a text"
    )
    return "\n".join(lines)


def as_data() -> list[dict[str, object]]:
    """The named packs for JSON."""
    return [_as_data(recipe) for recipe in catalog.recipes().values()]


def spelling_as_table(
    spellings: Sequence[Spelling], defaults: Mapping[str, str], width: int | None = None
) -> str:
    """The packs that can spell a text, a line each, and what the defaults lack.

    Args:
        spellings: of every pack.
        defaults: which targets get a pack by default, by its name.
        width: columns of the terminal; None for lines of any length.
    """
    able = [spelling for spelling in spellings if not spelling.lacks]
    lines = []
    if able:
        rows = [
            (pack.name, pack.about, str(known), defaults.get(pack.name, ""))
            for pack, known in ((spelling.recipe, spelling.knows) for spelling in able)
        ]
        headings = ("name", "what it is", "characters", "default of")
        lines += [table(headings, rows, width=width), ""]
    else:
        closest = min(spellings, key=lambda spelling: len(spelling.lacks))
        lines.append(f"no pack can spell all of it; closest: {_lack(closest)}")
    for spelling in spellings:
        name = spelling.recipe.name
        if spelling.lacks and name in defaults:
            lines.append(f"{_lack(spelling)}, and is the default of {defaults[name]}")
    lines.append(f"{len(able)} of {len(spellings)} packs can spell all of it")
    return "\n".join(lines)


def spelling_as_data(spellings: Sequence[Spelling]) -> list[dict[str, object]]:
    """How each pack can spell a text, for JSON."""
    return [
        {
            **_as_data(spelling.recipe),
            "lacks": list(spelling.lacks),
            "characters": spelling.knows,
        }
        for spelling in spellings
    ]


def _as_data(recipe: Recipe) -> dict[str, object]:
    wheels = _wheels(recipe)
    return {
        "name": recipe.name,
        "about": recipe.about,
        **{stage: model.name for stage, model in recipe.models.items()},
        "wheels": [wheel.requirement for wheel in wheels],
        "bytes": supply.size(wheels) if _is_in_wheels(recipe) else None,
        "verified": list(recipe.verified.runtimes) if recipe.verified else [],
        "note": recipe.verified.note if recipe.verified else "",
    }


def _supply(recipe: Recipe) -> str:
    """Where the models of a pack come from, and how much is to download where that is known."""
    if not _is_in_wheels(recipe):
        return "model host"
    wheels = _wheels(recipe)
    return f"{' and '.join(wheel.requirement for wheel in wheels)}, {amount(supply.size(wheels))}"


def _is_in_wheels(recipe: Recipe) -> bool:
    return all(model.wheels for model in recipe.models.values())


def _wheels(recipe: Recipe) -> list[Wheel]:
    places = supply.wheels(recipe.models).values()
    return list(dict.fromkeys(carried.wheel for carried in places))


def _lack(spelling: Spelling) -> str:
    return f"{spelling.recipe.name} lacks {' '.join(spelling.lacks)}"
