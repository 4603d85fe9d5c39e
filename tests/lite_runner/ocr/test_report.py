"""Results as JSON and as text for a terminal."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lite_runner.ocr import report
from lite_runner.ocr.page import Line, Page, Seconds, page_result
from lite_runner.ocr.results import error_result

shares = st.floats(0, 1)
places = st.floats(0, 60000, width=32)
boxes = st.lists(st.lists(places, min_size=2, max_size=2), min_size=4, max_size=4).map(
    lambda box: np.array(box, np.float32)
)
lines = st.builds(Line, st.none() | st.text(), shares, boxes, st.sampled_from([0, 180]))
seconds = st.builds(Seconds, *[st.floats(0, 1000)] * 4)
pages = st.builds(
    Page,
    st.integers(1, 60000),
    st.integers(1, 60000),
    st.lists(lines, max_size=5).map(tuple),
    seconds,
)


@given(st.text(), pages)
def test_a_page_is_the_same_after_json(name: str, page: Page) -> None:
    result = page_result(name, page)
    written = json.dumps(result, ensure_ascii=False, allow_nan=False)
    assert json.loads(written) == result
    assert result["image"] == name
    assert [line["text"] for line in result["lines"]] == [line.text for line in page]
    for told, line in zip(result["lines"], page):
        assert told["score"] == pytest.approx(line.score, abs=5e-5)
        assert told["angle"] == line.angle
        np.testing.assert_allclose(told["box"], line.box, atol=0.051)
        assert all(math.isfinite(value) for point in told["box"] for value in point)


def page(*read: Line, total: float = 1.23456) -> Page:
    return Page(640, 480, read, Seconds(1.00006, 0.01254, 0.20006, total))


def test_what_may_be_missing_is_in_the_result_and_on_the_terminal() -> None:
    assert "smallest_text" not in page().to_dict()
    result = page_result("a.jpg", dataclasses.replace(page(), smallest_text=38))
    assert result["smallest_text"] == 38
    *_, row = report.text(result).splitlines()
    assert "less than 38 pixels" in row
    assert "--max-side" in row
    assert len(row) <= 80


BOX = np.array([[1, 2], [30.26, 2], [30, 14.5], [1, 14]], np.float32)
SIGN = page_result(
    "sign.jpg", page(Line("你好", 0.98765, BOX, 0), Line("on its head", 0.5, BOX, 180))
)


def test_a_result_has_plain_rounded_numbers() -> None:
    assert SIGN["lines"][0] == {
        "text": "你好",
        "score": 0.9877,
        "box": [[1.0, 2.0], [30.3, 2.0], [30.0, 14.5], [1.0, 14.0]],
        "angle": 0,
    }
    assert SIGN["seconds"] == {
        "detect": 1.0001,
        "classify": 0.0125,
        "recognise": 0.2001,
        "total": 1.2346,
    }


def test_lines_are_numbered_on_a_terminal() -> None:
    assert report.text(SIGN).split("\n") == [
        "sign.jpg  640x480  2 lines  1.23 s",
        "    1  0.988        你好",
        "    2  0.500  180°  on its head",
    ]


def test_a_box_without_text_is_told_by_its_corners() -> None:
    told = report.text(page_result("a", page(Line(None, 0.7, BOX, 0))))
    assert told.endswith("(1,2) (30,2) (30,14) (1,14)")
    assert "1 line " in told


def test_a_page_without_text_says_so() -> None:
    assert report.text(page_result("a.png", page())) == "a.png  640x480  no text  1.23 s"


def test_an_error_is_one_line() -> None:
    assert report.text(error_result("a.png", "is empty")) == "a.png: is empty"


def test_a_summary_adds_up_what_was_read() -> None:
    results = [
        SIGN,
        error_result("b.jpg", "does not exist"),
        page_result("blank.png", page(total=2.0)),
    ]
    head, rule, first, second, total = report.summary(results).split("\n")
    assert head.split() == ["picture", "lines", "score", *SIGN["seconds"]]
    assert set(rule) == {"-", " "}
    assert first.split()[:3] == ["sign.jpg", "2", "0.744"]
    assert second.split()[:3] == ["blank.png", "0", "-"]
    assert total.split()[:3] == ["2", "pictures", "2"]
    assert total.endswith("3.23 s")


def test_a_summary_of_one_picture_adds_nothing_up() -> None:
    assert len(report.summary([SIGN]).split("\n")) == 3


def test_a_summary_of_nothing_is_its_head() -> None:
    assert len(report.summary([error_result("a", "is empty")]).split("\n")) == 2


def columns(text: str) -> int:
    """Terminal columns of the characters used here."""
    return sum(2 if char in "中文你好，" else 1 for char in text)


@given(
    st.integers(1, 4).flatmap(
        lambda count: st.lists(
            st.lists(st.text("ab中文，", min_size=1), min_size=count, max_size=count), min_size=1
        )
    )
)
def test_columns_of_a_table_line_up(rows: list[list[str]]) -> None:
    head, rule, *rest = report.table(rows).split("\n")
    widths = [max(columns(row[index]) for row in rows) for index in range(len(rows[0]))]
    assert rule == "  ".join("-" * width for width in widths)
    for row, told in zip(rows, [head, *rest]):
        assert told.split() == row
        if len(row) > 1:
            assert columns(told) == columns(rule), "right-hand columns end at the edge"
