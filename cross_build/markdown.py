"""Any text as Markdown that shows it: neither Markdown, HTML nor control characters in it act."""

from __future__ import annotations

import re

from lite_runner.terminal import visible

#: What begins something in Markdown.
_SPECIAL = re.compile(r"([\\`*_\[\]|~#])")
#: As entities, not behind a backslash: many a viewer looks for HTML before it looks for Markdown.
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def escape(text: str) -> str:
    """Text for a sentence, a list or a table; in one line."""
    return _SPECIAL.sub(r"\\\1", visible(" ".join(text.split())).translate(_HTML))


def code(text: str) -> str:
    """Text as code, such as a path: between more backticks than it has in a row."""
    shown = visible(text)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    space = " " if "`" in shown else ""
    return f"{fence}{space}{shown}{space}{fence}"
