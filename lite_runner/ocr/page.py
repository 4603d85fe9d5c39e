"""Pages: what was read in one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

from lite_runner.arrays import Floats
from lite_runner.ocr.results import LineResult, PageContent, PageResult, WordResult
from lite_runner.releases.proof import StageSeconds


@dataclass(frozen=True)
class Word:
    """A word of a line; of scripts written without spaces, a character.

    Attributes:
        text: what it says.
        score: mean probability of its characters.
        box: float32 4x2, as of :class:`Line`.
    """

    text: str
    score: float
    box: Floats

    def to_dict(self) -> WordResult:
        """As in the reader's JSON."""
        return {"text": self.text, "score": round(self.score, 4), "box": _points(self.box)}


@dataclass(frozen=True)
class Line:
    """One line of text.

    Attributes:
        text: what it says; None if not recognised.
        score: mean probability of its characters, or of its box where not recognised.
        box: float32 4x2, clockwise from the text's own top left, in pixels of the upright picture.
        angle: 180 where its text runs to the left or upwards, as on a page upside down, else 0.
        words: in the order of the text; None where :attr:`lite_runner.Options.words` is off.
        polygon: float32 2Nx2 where polygons were asked for, else None: N points along the tops of
            the glyphs from the text's start to its end, and N along their bottoms back, in pixels
            of the upright picture. Of a straight line it is the box.
    """

    text: str | None
    score: float
    box: Floats
    angle: int
    words: tuple[Word, ...] | None = None
    polygon: Floats | None = None

    def to_dict(self) -> LineResult:
        """As in the reader's JSON."""
        line: LineResult = {
            "text": self.text,
            "score": round(self.score, 4),
            "box": _points(self.box),
            "angle": self.angle,
        }
        if self.words is not None:
            line["words"] = [word.to_dict() for word in self.words]
        if self.polygon is not None:
            line["polygon"] = _points(self.polygon)
        return line


@dataclass(frozen=True)
class Seconds:
    """Wall time of each stage."""

    detect: float
    classify: float
    recognise: float
    total: float

    def as_dict(self) -> StageSeconds:
        """As JSON takes it."""
        return {
            "detect": self.detect,
            "classify": self.classify,
            "recognise": self.recognise,
            "total": self.total,
        }


@dataclass(frozen=True)
class Page:
    """What one picture says: its lines in reading order.

    Attributes:
        width, height: in pixels.
        lines: in reading order.
        seconds: what each stage took.
        page: number of the page in its file, from 1.
        pages: how many pages the file has; all but this one were not read.
        smallest_text: height in pixels below which text can have been missed, where the picture was
            shrunk and has strokes as fine as of such text; else None.
    """

    width: int
    height: int
    lines: tuple[Line, ...]
    seconds: Seconds
    page: int = 1
    pages: int = 1
    smallest_text: int | None = None

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def to_dict(self) -> PageContent:
        """As in the reader's JSON, but for the picture's name."""
        seconds = self.seconds
        content: PageContent = {
            "width": self.width,
            "height": self.height,
            "lines": [line.to_dict() for line in self.lines],
            "seconds": {
                "detect": round(seconds.detect, 4),
                "classify": round(seconds.classify, 4),
                "recognise": round(seconds.recognise, 4),
                "total": round(seconds.total, 4),
            },
        }
        if self.pages > 1:
            content["page"], content["pages"] = self.page, self.pages
        if self.smallest_text is not None:
            content["smallest_text"] = self.smallest_text
        return content


def page_result(name: str, page: Page) -> PageResult:
    """The JSON object of a picture that was read."""
    return {"image": name, **page.to_dict()}


def _points(box: Floats) -> list[list[float]]:
    return [[round(float(x), 1), round(float(y), 1)] for x, y in box]
