"""Which packs can spell a text: whether their recogniser's dictionary has all its characters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence
from unicodedata import normalize

from opt_models.catalog import catalog, charsets
from opt_models.catalog.published import Recipe
from opt_models.catalog.suggestions import version
from opt_models.errors import CatalogError


@dataclass(frozen=True)
class Spelling:
    """How a pack can spell a text.

    Attributes:
        recipe: the pack.
        lacks: characters of the text that its dictionary does not have, each once.
        knows: how many characters its dictionary has.
    """

    recipe: Recipe
    lacks: tuple[str, ...]
    knows: int


def of(text: str) -> list[Spelling]:
    """How each named pack can spell a text: the newest first, of one version in their own order.

    White space does not count: whether a network puts it out does not follow from its dictionary.
    Letters are composed with their accents first (Unicode's form NFC), as dictionaries have them.

    Raises:
        CatalogError: there is nothing to spell.
    """
    needed = tuple(dict.fromkeys("".join(normalize("NFC", text).split())))
    if not needed:
        raise CatalogError("--for: give a text, such as --for 'Straße 5 €'")
    return [_spelling(recipe, needed) for recipe in newest_first()]


def newest_first() -> list[Recipe]:
    """The named packs by version."""
    return sorted(catalog.recipes().values(), key=lambda pack: version(pack.name), reverse=True)


def _spelling(recipe: Recipe, needed: Sequence[str]) -> Spelling:
    dictionary = recipe.models["rec"].dictionary
    known = charsets.of(dictionary) if dictionary is not None else frozenset()
    return Spelling(
        recipe, tuple(character for character in needed if character not in known), len(known)
    )
