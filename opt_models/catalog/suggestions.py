"""Suggestions for names that are wrong: similar ones, and packs of the same language."""

from __future__ import annotations

import difflib
import re
from typing import Iterable, Mapping

from opt_models.catalog.published import Recipe

#: More names than this in an error are no help.
_MOST = 8
_VERSION = re.compile(r"v([0-9]+(?:\.[0-9]+)?)(?:-|$)")


def similar(name: str, known: Iterable[str]) -> str:
    """Words for an error: the names that a wrong one begins or resembles, or nothing."""
    names = list(known)
    close = [other for other in names if other.startswith(f"{name}-")]
    close = close or difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return f" similar: {', '.join(close[:_MOST])};" if close else ""


def of_the_same_language(
    name: str, packs: Mapping[str, Recipe], languages: Mapping[str, str]
) -> str:
    """Words for an error: the packs for the language that a pack's wrong name names, or nothing.

    Args:
        name: such as ``v5-german``, ``german`` or ``v6-de``.
        packs: all there are, by name.
        languages: English names by PaddleOCR's.
    """
    # The words of a name, and several of them together: chinese_cht, Old English.
    words = {name.casefold(), name.partition("-")[2].casefold(), *name.casefold().split("-")}
    codes = {code for code, english in languages.items() if words & _words(code, english)}
    # PaddleOCR has two names of some: german and de.
    codes |= {code for code, english in languages.items() if english in _names(codes, languages)}
    fitting = [pack for pack, recipe in packs.items() if codes & {*recipe.models["rec"].languages}]
    if not fitting:
        return ""
    fitting.sort(key=version, reverse=True)
    english = " or ".join(sorted(_names(codes, languages)))
    return f" packs for {english}: {', '.join(fitting[:_MOST])};"


def version(pack: str) -> tuple[float, bool]:
    """What a pack's name says of its age, for sorting: ``v2`` came after ``v2.0``."""
    match = _VERSION.match(pack)
    number = match.group(1) if match else "0"
    return float(number), "." not in number


def _words(code: str, english: str) -> set[str]:
    """What a language may be called; Serbian has two scripts, named in brackets."""
    return {code, english.casefold(), english.partition(" (")[0].casefold()}


def _names(codes: Iterable[str], languages: Mapping[str, str]) -> set[str]:
    return {languages[code] for code in codes}
