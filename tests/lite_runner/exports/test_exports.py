"""Results in formats of other programs, read back as these programs read them."""

from __future__ import annotations

import csv
import io
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from lite_runner.exports import csv_table, hocr, plain_text
from lite_runner.ocr.results import Result, error_result

SECONDS = dict.fromkeys(("detect", "classify", "recognise", "total"), 0.1)


def box(left: float, top: float, right: float, bottom: float) -> list[list[float]]:
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def line(text: str | None, top: float, words: list[str] | None = None, **more: Any) -> Any:
    result = {"text": text, "score": 0.98, "box": box(10, top, 210, top + 20), "angle": 0, **more}
    if words is not None:
        result["words"] = [
            {"text": word, "score": 0.9, "box": box(10 + 40 * n, top, 45 + 40 * n, top + 20)}
            for n, word in enumerate(words)
        ]
    return result


def page(name: str, *lines: Any, **more: Any) -> Any:
    return {
        "image": name,
        "width": 300,
        "height": 200,
        "lines": list(lines),
        "seconds": SECONDS,
    } | (more)


RESULTS: list[Result] = [
    page("a.png", line("Gate 42", 10), line('say "yes", no', 40)),
    error_result("b.png", "is empty (0 bytes)"),
    page("c.tif", line("第二页", 10), page=2, pages=3),
    page("none.png"),
]


def test_plain_text_has_a_line_a_row_and_a_form_feed_between_pages() -> None:
    text = plain_text.document(RESULTS)
    assert text.split("\f") == ['Gate 42\nsay "yes", no\n', "", "第二页\n", ""]
    assert plain_text.document([page("x", line(None, 10))]) == "", "nothing was recognised"


def rows(results: list[Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_table.document(results))))


def test_a_table_has_a_row_for_each_line_and_each_failure() -> None:
    table = rows(RESULTS)
    assert [(row["image"], row["page"], row["line"], row["text"]) for row in table] == [
        ("a.png", "1", "1", "Gate 42"),
        ("a.png", "1", "2", 'say "yes", no'),
        ("b.png", "1", "", ""),
        ("c.tif", "2", "1", "第二页"),
    ]
    assert [row["error"] for row in table] == ["", "", "is empty (0 bytes)", ""]
    assert [float(table[1][name]) for name in ("x1", "y1", "x3", "y3")] == [10, 40, 210, 60]


def test_a_table_of_words_has_a_row_for_each() -> None:
    table = rows([page("a.png", line("Gate 42", 10, ["Gate", "42"]), line("x", 40, []))])
    assert [(row["line"], row["word"], row["text"], row["x1"]) for row in table] == [
        ("1", "1", "Gate", "10"),
        ("1", "2", "42", "50"),
    ]


def elements(text: str) -> list[tuple[str, str, str]]:
    """Class, title and text of each element that has a class."""
    root = ElementTree.fromstring(text.split("\n", 2)[2])  # noqa: S314 - our own
    return [
        (each.attrib["class"], each.attrib["title"], "".join(each.itertext()).strip("\n"))
        for each in root.iter()
        if "class" in each.attrib
    ]


def test_hocr_names_pages_lines_and_words_with_their_places() -> None:
    words = line("Gate 42", 10, ["Gate", "42"])
    assert elements(hocr.document([page('a "1".png', words), page("b.png", line("中文", 5))])) == [
        ("ocr_page", r'image "a \"1\".png"; bbox 0 0 300 200; ppageno 0', "Gate 42"),
        ("ocr_line", "bbox 10 10 210 30", "Gate 42"),
        ("ocrx_word", "bbox 10 10 45 30; x_wconf 90", "Gate"),
        ("ocrx_word", "bbox 50 10 85 30; x_wconf 90", "42"),
        ("ocr_page", 'image "b.png"; bbox 0 0 300 200; ppageno 1', "中文"),
        ("ocr_line", "bbox 10 5 210 25", "中文"),
    ]


@pytest.mark.parametrize(
    ("corners", "angle"),
    [
        (box(10, 10, 210, 30)[2:] + box(10, 10, 210, 30)[:2], 180),
        ([[30, 10], [30, 210], [10, 210], [10, 10]], -90),
        ([[10, 210], [10, 10], [30, 10], [30, 210]], 90),
        ([[10, 10], [110, 110], [100, 120], [0, 20]], -45),
    ],
)
def test_hocr_tells_how_text_is_turned_counterclockwise(corners: Any, angle: float) -> None:
    ((_, _, _), (_, title, _)) = elements(hocr.document([page("a", line("x", 0, box=corners))]))
    (turned,) = re.findall(r"textangle (-?[\d.]+)", title)
    assert abs(float(turned)) == 180 if angle == 180 else float(turned) == angle


def test_words_of_a_script_without_spaces_stand_together() -> None:
    text = hocr.document([page("a", line("中文 ab 字", 0, ["中", "文", "ab", "字"]))])
    assert elements(text)[1][2] == "中文 ab 字"


def test_what_xml_cannot_write_is_replaced() -> None:
    text = hocr.document([page("a\x1b\x00.png", line("b\x07<&>\x9b", 0))])
    titles = elements(text)
    assert 'image "a\ufffd\ufffd.png"' in titles[0][1]
    assert titles[1][2] == "b\ufffd<&>\x9b"
