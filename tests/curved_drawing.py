"""Text drawn glyph by glyph along circles and waves, as on seals, signs and labels."""

from __future__ import annotations

import math
from typing import Callable, Tuple

from PIL import Image, ImageDraw

from samples.sheet import load_font

#: From the distance along a line, counted from its middle, to x, y and the direction in radians.
Path = Callable[[float], Tuple[float, float, float]]
Colour = Tuple[int, int, int]

SERIF, SANS = "Noto Serif CJK SC:bold", "DejaVu Sans"
RED, BLACK = (200, 30, 30), (20, 20, 20)


def write(
    picture: Image.Image,
    text: str,
    path: Path,
    size: int,
    face: str = SANS,
    colour: Colour = BLACK,
    spacing: int = 0,
) -> None:
    """Write text whose middle stands in the middle of a path."""
    font, side = load_font(face, size), 2 * size
    widths = [font.getlength(glyph) + spacing for glyph in text]
    begin = -sum(widths) / 2
    for glyph, width in zip(text, widths):
        x, y, direction = path(begin + width / 2)
        tile = Image.new("L", (side, side))
        ImageDraw.Draw(tile).text((size, size * 1.36), glyph, 255, font, anchor="ms")
        turned = tile.rotate(-math.degrees(direction), Image.Resampling.BICUBIC)
        picture.paste(colour, (round(x) - size, round(y) - size), turned)
        begin += width


def circle(x: float, y: float, radius: float, middle: float, tops_inside: bool = False) -> Path:
    """Along a circle.

    Args:
        x, y: of its centre.
        radius: of the middle of the glyphs.
        middle: where the middle of the text stands, in degrees clockwise from the top.
        tops_inside: glyphs stand with their tops towards the centre, as below on a coin.
    """

    def path(distance: float) -> tuple[float, float, float]:
        angle = math.radians(middle) + (-distance if tops_inside else distance) / radius
        place = x + radius * math.sin(angle), y - radius * math.cos(angle)
        return (*place, angle + (math.pi if tops_inside else 0))

    return path


def wave(x: float, y: float, height: float, length: float) -> Path:
    """Along a sine of a height and a period, rising in the middle."""

    def path(distance: float) -> tuple[float, float, float]:
        phase = 2 * math.pi * distance / length
        slope = 2 * math.pi * height / length * math.cos(phase)
        return x + distance, y - height * math.sin(phase), -math.atan(slope)

    return path


def level(x: float, y: float) -> Path:
    """Straight on."""
    return lambda distance: (x + distance, y, 0.0)


def seal() -> tuple[Image.Image, list[str]]:
    """A company's seal: text around a star, and a straight line below; with its lines."""
    picture = Image.new("RGB", (700, 700), "white")
    pen, lines = ImageDraw.Draw(picture), ["杭州晨光贸易有限责任公司", "合同专用章"]
    pen.ellipse((50, 50, 650, 650), outline=RED, width=10)
    pen.regular_polygon((350, 350, 70), 3, fill=RED)
    write(picture, lines[0], circle(350, 350, 235, 0), 64, SERIF, RED, spacing=14)
    write(picture, lines[1], level(350, 500), 44, SERIF, RED, spacing=4)
    return picture, lines


def sign() -> tuple[Image.Image, list[str]]:
    """Lines bent up, straight, bent down and in a wave; with its lines from top to bottom."""
    picture = Image.new("RGB", (900, 960), (250, 240, 200))
    lines = ["GRAND OPENING TODAY", "straight line 2026", "Fresh bread", "Down by the river"]
    write(picture, lines[0], circle(450, 480, 380, 0), 48)
    write(picture, lines[1], level(450, 330), 40)
    write(picture, lines[2], circle(450, 200, 350, 180, tops_inside=True), 48)
    write(picture, lines[3], wave(450, 780, 70, 700), 48)
    return picture, lines


def ring() -> tuple[Image.Image, list[str]]:
    """Text all around a circle, which begins below; with its line."""
    picture = Image.new("RGB", (700, 700), "white")
    text = "ALL AROUND THE WORLD IN EIGHTY DAYS"
    write(picture, text, circle(350, 350, 215, 0), 50)
    return picture, [text]
