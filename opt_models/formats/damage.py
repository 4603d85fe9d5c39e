"""Damage: data that contradicts its format, met deep inside of a file."""

from __future__ import annotations


class DamageError(Exception):
    """Data contradicts its format.

    The text says how, for use in the sentence in which the reader of the file names the file.
    """
