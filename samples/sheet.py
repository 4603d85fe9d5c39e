"""A flat sheet with text on it; every line written is also recorded, with where it stands."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

# Sheets are drawn this much larger than the picture, so that turning and tilting stay sharp.
SCALE = 2

SANS = "Noto Sans CJK SC"
SANS_BOLD = "Noto Sans CJK SC:bold"
SERIF = "Noto Serif CJK SC"
SERIF_BOLD = "Noto Serif CJK SC:bold"
ZENHEI = "WenQuanYi Zen Hei"
LATIN = "DejaVu Sans"
LATIN_BOLD = "DejaVu Sans:bold"
MONO = "DejaVu Sans Mono"
FACES = (SANS, SANS_BOLD, SERIF, SERIF_BOLD, ZENHEI, LATIN, LATIN_BOLD, MONO)

INSTALL = "sudo apt-get install fontconfig fonts-noto-cjk fonts-wqy-zenhei fonts-dejavu"

#: Characters that reach as far up and down as a line does, in faces with Chinese and without.
_HIGH = ("国", "dg")
_LATIN = "DejaVu"
_SHARE_BEFORE = {"l": 0.0, "m": 0.5, "r": 1.0}


#: Four corners (x, y) in picture pixels, clockwise from the text's own top left.
Box = list[tuple[float, float]]


class FontError(Exception):
    """A font the pictures need is not installed."""


class FontFile(NamedTuple):
    """Where fontconfig found a face."""

    path: str
    face: int
    version: str


class Style(NamedTuple):
    """How a line looks; sizes in picture pixels."""

    face: str
    size: float
    fill: str
    gap: float = 0.0
    """Extra room after each character."""
    under: str | None = None
    """Colour of a copy one pixel down and right: the lit edge of engraved, or shade of raised."""


@functools.cache
def find_font(face: str) -> FontFile:
    """Ask fontconfig for a face; `FontError` when it offers another one instead."""
    pattern = "%{file}\n%{index}\n%{fontversion}\n%{family}"
    try:
        answer = subprocess.run(
            ["fc-match", "-f", pattern, face], check=True, capture_output=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise FontError(f"fc-match failed ({error}); run: {INSTALL}") from error
    path, index, version, families = answer.split("\n")
    family = face.partition(":")[0]
    if family not in families.split(","):
        raise FontError(f"font {family!r} is missing, fc-match offers {families!r}; run: {INSTALL}")
    # OpenType keeps the version as a 16.16 fixed-point number.
    return FontFile(path, int(index), f"{int(version) / 65536:.3f}")


@functools.cache
def load_font(face: str, size: float) -> ImageFont.FreeTypeFont:
    """A face at a size in sheet pixels."""
    found = find_font(face)
    # Basic layout: Pillow builds with and without Raqm must place glyphs alike.
    return ImageFont.truetype(
        found.path, size, index=found.face, layout_engine=ImageFont.Layout.BASIC
    )


def scaled(values: Sequence[float]) -> list[float]:
    """Picture pixels to sheet pixels."""
    return [value * SCALE for value in values]


class Sheet:
    """An RGBA image and the lines on it with their boxes, in the order they were written."""

    def __init__(self, width: int, height: int, fill: str = "#00000000") -> None:
        self.image = Image.new("RGBA", (width * SCALE, height * SCALE), fill)
        self.lines: list[str] = []
        self.boxes: list[Box] = []

    @classmethod
    def over(cls, ground: Image.Image) -> Sheet:
        """Make a sheet of an image that is there already, in sheet pixels."""
        sheet = cls(1, 1)
        sheet.image = ground.convert("RGBA")
        return sheet

    @property
    def draw(self) -> ImageDraw.ImageDraw:
        """Pillow's pen, for what the methods below do not offer."""
        return ImageDraw.Draw(self.image)

    def write(
        self,
        x: float,
        baseline: float,
        text: str,
        style: Style,
        align: str = "l",
        width: float | None = None,
    ) -> None:
        """Write and record one line; `align` is l, m or r of `x`, `width` justifies."""
        font = load_font(style.face, style.size * SCALE)
        # English is justified between its words, Chinese between all characters.
        between = [char == " " or not (width and text.isascii()) for char in text[:-1]]
        natural, gaps = font.getlength(text), sum(between)
        gap = style.gap * SCALE if width is None else (width * SCALE - natural) / gaps
        left = x * SCALE - (natural + gap * gaps) * _SHARE_BEFORE[align]
        # Drawn once more on an empty layer: Pillow's text boxes take in the room a glyph claims,
        # such as the empty part of a Chinese full stop's square, and not only its ink.
        layer = Image.new("L", self.image.size)
        draw, trace = self.draw, ImageDraw.Draw(layer)
        inks = [(style.fill, 0)] if style.under is None else [(style.under, SCALE), (style.fill, 0)]
        for colour, offset in inks:
            for count, char in enumerate(text):
                at = left + font.getlength(text[:count]) + gap * sum(between[:count]) + offset
                spot = (at, baseline * SCALE + offset)
                draw.text(spot, char, font=font, fill=colour, anchor="ls")
                trace.text(spot, char, font=font, fill=255, anchor="ls")
        self.lines.append(text)
        edges = layer.getbbox()
        if edges is None:
            raise ValueError(f"{text!r} at {x}, {baseline} leaves no ink on the sheet")
        # As high as the font's characters, whichever of them the line has: so do people draw boxes
        # around lines, and detectors learn from these.
        _, above, _, below = font.getbbox(_HIGH[style.face.startswith(_LATIN)], anchor="ls")
        x0, x1 = edges[0] / SCALE, edges[2] / SCALE
        y0 = min(edges[1] / SCALE, baseline + above / SCALE)
        y1 = max(edges[3] / SCALE, baseline + below / SCALE)
        self.boxes.append([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])

    def box(
        self,
        corners: Sequence[float],
        fill: str | None = None,
        outline: str | None = None,
        width: float = 1,
        radius: float = 0,
    ) -> None:
        """Draw a rectangle, given as left, top, right, bottom."""
        self.draw.rounded_rectangle(
            scaled(corners), radius * SCALE, fill, outline, round(width * SCALE)
        )

    def path(self, points: Sequence[float], fill: str, width: float = 1) -> None:
        """Draw a line through points, given as x, y, x, y, ..."""
        self.draw.line(scaled(points), fill, round(width * SCALE), joint="curve")

    def disc(self, x: float, y: float, radius: float, fill: str) -> None:
        """Draw a filled circle."""
        self.draw.ellipse(scaled((x - radius, y - radius, x + radius, y + radius)), fill)

    def turn(self, degrees: int) -> None:
        """Turn the sheet clockwise by 90 or 180 degrees; by 180 also its reading order."""
        wide, high = (side / SCALE for side in self.image.size)
        if degrees == 180:
            self.lines.reverse()
            self.boxes = [[(wide - x, high - y) for x, y in box] for box in reversed(self.boxes)]
            self.image = self.image.transpose(Image.Transpose.ROTATE_180)
        else:
            self.boxes = [[(high - y, x) for x, y in box] for box in self.boxes]
            self.image = self.image.transpose(Image.Transpose.ROTATE_270)
