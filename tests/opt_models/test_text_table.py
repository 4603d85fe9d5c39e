"""Tables: whole where they are piped, folded within a terminal, columns under each other."""

from __future__ import annotations

import random

import pytest
from rich.cells import cell_len

from opt_models.text_table import columns, table

WORDS = ("recognition", "识别模型", "v1.1,", "multilingual", "x", "42.7 MB", "日本語")


def drawn(seed: int) -> tuple[list[str], list[list[str]]]:
    """Headings, and rows of texts in several scripts; the first cell of a row names it."""
    rng = random.Random(seed)  # noqa: S311 - not a secret, and repeatable
    count = rng.randint(2, 6)
    rows = [
        [
            f"name-{number}",
            *(" ".join(rng.choices(WORDS, k=rng.randint(0, 6))) for _ in range(count)),
        ]
        for number in range(rng.randint(0, 5))
    ]
    return ["name", *(f"column {number}" for number in range(count))], rows


@pytest.mark.parametrize("seed", range(8))
def test_a_piped_table_has_a_line_a_row_and_every_cell_whole(seed: int) -> None:
    headings, rows = drawn(seed)
    lines = table(headings, rows).splitlines()
    assert len(lines) == 2 + len(rows)
    for line, row in zip(lines[2:], rows):
        assert all(cell in line for cell in row)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_folded_table_fits_and_loses_nothing(seed: int, width: int) -> None:
    headings, rows = drawn(seed)
    lines = table(headings, rows, width=width).splitlines()
    assert max(map(cell_len, lines)) <= width
    shown = "".join("".join(lines).split())
    for row in (headings, *rows):
        # Cells are cut into lines, whose letters stand in a row's lines in some order.
        for char in set("".join(row)) - {" "}:
            assert shown.count(char) >= "".join(row).count(char)
    assert [line.split()[0] for line in lines if line.startswith("name-")] == [
        row[0] for row in rows
    ]


def test_words_stay_whole_where_they_fit() -> None:
    text = table(("name", "task", "about"), [["a", "recognition", "wide " * 40]], width=50)
    assert "recognition" in text
    assert max(map(cell_len, text.splitlines())) <= 50


def test_numbers_stand_right_and_wide_characters_count_twice() -> None:
    lines = table(("picture", "ms"), [["店.jpg", "1.5"], ["b.jpg", "22.75"]], left=1).splitlines()
    assert {cell_len(line) for line in (lines[0], *lines[2:])} == {14}


def test_nothing_in_a_cell_is_markup_or_moves_the_cursor() -> None:
    line = table(("name", "about"), [["[bold]a[/bold]", "\x1b[2J:smile:"]]).splitlines()[-1]
    assert line.split() == ["[bold]a[/bold]", "\\x1b[2J:smile:"]


def test_a_pipe_has_no_width(capsys: pytest.CaptureFixture[str]) -> None:
    assert columns() is None
