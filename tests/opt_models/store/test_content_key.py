"""Keys of what is made from something else."""

from __future__ import annotations

import hashlib

from opt_models.store.content_key import content_key


def test_a_key_begins_the_sha256_of_its_texts_a_line_each() -> None:
    # What caches made before are found by.
    digest = hashlib.sha256("größe\nsecond".encode()).hexdigest()
    assert content_key("größe", "second") == digest[:12]
    assert content_key("größe", "second", length=8) == digest[:8]


def test_a_key_changes_with_any_text_and_their_order() -> None:
    assert len({content_key(*texts) for texts in (("a", "b"), ("b", "a"), ("a",), ("a", "c"))}) == 4
