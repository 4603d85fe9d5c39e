"""Pages drawn for tests: on their side, upside down, tilted, in columns, a long line, a display."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from PIL import Image, ImageDraw, ImageFont

#: Sides of a digit of seven segments, by its lines from the top left; as displays light them.
_SEGMENTS = {"0": "abcdef", "2": "abdeg", "3": "abcdg", "5": "acdfg", "7": "abc"}
_STROKES = {
    "a": (12, 0, 48, 12),
    "b": (48, 8, 60, 52),
    "c": (48, 58, 60, 102),
    "d": (12, 98, 48, 110),
    "e": (0, 58, 12, 102),
    "f": (0, 8, 12, 52),
    "g": (12, 49, 48, 61),
}
TABLE = (
    ("Name", "Weight", "Price"),
    ("Pears", "12 kg", "2.45"),
    ("Melons", "7 kg", "13.20"),
    ("Grapes", "19 kg", "6.75"),
    ("Total", "38 kg", "22.40"),
)
LEFT = (
    "The old bridge over the river",
    "was built before the railway",
    "came and carried heavy carts",
    "of grain to the market town",
    "every autumn for many years",
)
RIGHT = (
    "Today only people on foot and",
    "bicycles may use it, because",
    "the arches need some repairs",
    "that the council will pay for",
    "when the new road is finished",
)
STRIP = (
    "nobody has seen the old ferryman again since that day, but his boat lies at the landing"
    " and is painted every spring"
)


def draw(folder: Path) -> dict[str, list[str]]:
    """Write the pictures; gives the lines of each file, in the order in which they are read."""
    pages = {"strip": _strip(), "display": _display()}
    table, lines = _table()
    columns, columns_lines = _columns()
    pages["tilted"] = (table.rotate(12, Image.Resampling.BICUBIC, True, fillcolor="white"), lines)
    pages["right"] = (table.transpose(Image.Transpose.ROTATE_270), lines)
    pages["left"] = (columns.transpose(Image.Transpose.ROTATE_90), columns_lines)
    pages["head"] = (table.transpose(Image.Transpose.ROTATE_180), lines)
    for name, (picture, _) in pages.items():
        picture.save(folder / f"{name}.png")
    return {f"{name}.png": texts for name, (_, texts) in pages.items()}


def _written(size: tuple[int, int], words: Sequence[tuple[int, int, str]]) -> Image.Image:
    picture = Image.new("RGB", size, "white")
    brush, font = ImageDraw.Draw(picture), ImageFont.load_default(26)
    for left, top, text in words:
        brush.text((left, top), text, fill="black", font=font)
    return picture


def _table() -> tuple[Image.Image, list[str]]:
    cells = [
        (50 + 230 * column, 40 + 62 * row, text)
        for row, texts in enumerate(TABLE)
        for column, text in enumerate(texts)
    ]
    return _written((640, 380), cells), [text for *_, text in cells]


def _columns() -> tuple[Image.Image, list[str]]:
    title = "How the town looks after its only bridge"
    lines = [(40, 30, title)]
    for left, texts in ((40, LEFT), (480, RIGHT)):
        lines += [(left, 110 + 38 * row, text) for row, text in enumerate(texts)]
    return _written((920, 340), lines), [text for *_, text in lines]


def _strip() -> tuple[Image.Image, list[str]]:
    width = int(ImageFont.load_default(26).getlength(STRIP))
    return _written((width + 60, 70), [(30, 18, STRIP)]), [STRIP]


def _display() -> tuple[Image.Image, list[str]]:
    digits = "20735"
    picture = Image.new("RGB", (90 * len(digits) + 60, 190), (170, 190, 160))
    brush = ImageDraw.Draw(picture)
    for place, digit in enumerate(digits):
        for segment in _SEGMENTS[digit]:
            left, top, right, bottom = _STROKES[segment]
            start = 40 + 90 * place
            brush.rectangle((start + left, 40 + top, start + right, 40 + bottom), (20, 30, 20))
    return picture, [digits]
