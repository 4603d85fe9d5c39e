"""Results as hOCR, which other programs lay under scanned pages to make PDFs that can be searched.

HTML whose elements name pages, lines and words, with their places in the attribute ``title``:
hOCR 1.2, https://kba.github.io/hocr-spec/1.2/.
"""

from __future__ import annotations

import math
import re
from typing import Sequence
from xml.etree import ElementTree

from lite_runner import __version__
from lite_runner.ocr.report import pages
from lite_runner.ocr.results import LineResult, PageResult, Result

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"'
    ' "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
)
#: What XML 1.0 has no way to write (section 2.2).
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
#: Of what is level, the angle is not written; in degrees.
_LEVEL = 0.5

_Box = Sequence[Sequence[float]]


def document(results: Sequence[Result]) -> str:
    """The pages that could be read, as one document."""
    html = ElementTree.Element("html", xmlns="http://www.w3.org/1999/xhtml")
    head = ElementTree.SubElement(html, "head")
    ElementTree.SubElement(head, "title").text = "Text read by Lite OCR"
    for name, content in (
        ("ocr-system", f"lite-ocr {__version__}"),
        ("ocr-capabilities", "ocr_page ocr_line ocrx_word"),
    ):
        ElementTree.SubElement(head, "meta", name=name, content=content)
    body = ElementTree.SubElement(html, "body")
    for number, page in enumerate(pages(results), 1):
        _add_page(body, page, number)
    return f"{_HEAD}{ElementTree.tostring(html, encoding='unicode')}\n"


def _add_page(body: ElementTree.Element, page: PageResult, number: int) -> None:
    name = _writable(page["image"]).replace("\\", "\\\\").replace('"', '\\"')
    title = f'image "{name}"; bbox 0 0 {page["width"]} {page["height"]}; ppageno {number - 1}'
    element = _add(body, "div", "ocr_page", f"page_{number}", title)
    element.text = "\n"
    for count, line in enumerate(page["lines"], 1):
        _add_line(element, line, f"{number}_{count}")


def _add_line(page: ElementTree.Element, line: LineResult, number: str) -> None:
    element = _add(page, "span", "ocr_line", f"line_{number}", _where(line["box"]))
    element.tail = "\n"
    text, words = line["text"] or "", line.get("words")
    if not words:
        element.text = _writable(text)
        return
    end = 0
    for count, word in enumerate(words, 1):
        title = f"{_where(word['box'])}; x_wconf {100 * word['score']:.0f}"
        child = _add(element, "span", "ocrx_word", f"word_{number}_{count}", title)
        child.text = _writable(word["text"])
        end = max(end, text.find(word["text"], end) + len(word["text"]))
        child.tail = " " if text[end : end + 1].isspace() else None


def _add(
    parent: ElementTree.Element, tag: str, kind: str, name: str, title: str
) -> ElementTree.Element:
    attributes = {"class": kind, "id": name, "title": title}
    return ElementTree.SubElement(parent, tag, attributes)


def _where(box: _Box) -> str:
    """The upright rectangle around a box, and the angle of its text, counterclockwise."""
    xs, ys = zip(*box)
    place = f"bbox {math.floor(min(xs))} {math.floor(min(ys))} {math.ceil(max(xs))}"
    place += f" {math.ceil(max(ys))}"
    (left, top), (right, bottom) = box[0], box[1]
    angle = math.degrees(math.atan2(top - bottom, right - left))
    return place if abs(angle) < _LEVEL else f"{place}; textangle {angle:.1f}"


def _writable(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
