"""Which pages of a file are read, as a user writes it: ``1-3,5``, ``2-``, ``all``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lite_runner.errors import ImageError

_PART = re.compile(r"([1-9][0-9]{0,8})(?:(-)([1-9][0-9]{0,8})?)?")
_NO_END = 1 << 62


@dataclass(frozen=True)
class PageRange:
    """Some pages of a file.

    Attributes:
        text: as the user wrote it.
        spans: first and last page of each part, from 1.
    """

    text: str
    spans: tuple[tuple[int, int], ...]

    @classmethod
    def parse(cls, text: str) -> PageRange:
        """Read what a user wrote.

        Raises:
            ValueError: it is no range of pages.
        """
        if text == "all":
            return cls(text, ((1, _NO_END),))
        return cls(text, tuple(_span(part.strip()) for part in text.split(",")))

    def numbers(self, count: int) -> list[int]:
        """The pages of a file that has so many, each once and in order.

        Raises:
            ImageError: it has none of them.
        """
        numbers = {
            number for first, last in self.spans for number in range(first, min(last, count) + 1)
        }
        if not numbers:
            raise ImageError(
                f"has {count} page{'s' * (count != 1)}; expected pages {self.text}: choose others"
                " with --pages"
            )
        return sorted(numbers)


def _span(part: str) -> tuple[int, int]:
    match = _PART.fullmatch(part)
    if match is None:
        raise ValueError(f"{part!r} is no page")
    first = int(match.group(1))
    last = int(match.group(3) or (_NO_END if match.group(2) else first))
    if last < first:
        raise ValueError(f"{part!r} ends before it begins")
    return first, last


#: What is read if nobody says which.
FIRST = PageRange("1", ((1, 1),))
