"""Text of others in Markdown: shown, not obeyed."""

from __future__ import annotations

import random

from cross_build import markdown


def test_html_and_controls_are_shown() -> None:
    found = markdown.escape("a <script>alert(1)</script> & \x1b[31m|b|\n# c")
    assert found == (r"a &lt;script&gt;alert(1)&lt;/script&gt; &amp; \\x1b\[31m\|b\| \# c")


def test_nothing_of_any_text_is_left_to_act() -> None:
    rng = random.Random(11)  # noqa: S311 - not a secret, and repeatable
    for _ in range(500):
        text = "".join(rng.choice("<>&`|#*_[]\\~\x1b\x9b\n a\u202e") for _ in range(12))
        found = markdown.escape(text)
        assert not set(found) & set("<>\x1b\x9b\n\u202e")
        bare = found.replace("\\\\", "")
        assert all(bare[i - 1] == "\\" for i, char in enumerate(bare) if char in "`|*_[]~")


def test_code_cannot_be_left() -> None:
    rng = random.Random(12)  # noqa: S311 - not a secret, and repeatable
    for _ in range(200):
        text = "".join(rng.choice("`a<\n") for _ in range(9))
        found = markdown.code(text)
        fence = found[: len(found) - len(found.lstrip("`"))]
        inner = found[len(fence) : -len(fence)]
        runs = [len(run) for run in inner.replace("a", " ").split() if set(run) == {"`"}]
        assert len(fence) not in runs
        assert "\n" not in found
