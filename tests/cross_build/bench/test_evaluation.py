"""The accuracy gate, on records of two packs."""

from __future__ import annotations

from typing import Any, Sequence

import pytest

from cross_build.bench import evaluation
from lite_runner.bench.record import accuracy


def record(
    ours: Sequence[Sequence[str]], theirs: Sequence[Sequence[str]], truth: Sequence[Any]
) -> dict[str, Any]:
    images = [{"image": f"{n}.png", "lines": lines} for n, lines in enumerate(truth)]
    return {
        "images": images,
        "candidates": [
            {"id": name, "texts": texts, "accuracy": accuracy(images, texts), "detection": None}
            for name, texts in (("int8", ours), ("fp32", theirs))
        ],
    }


TRUTH = [["one line", "another", "the third"], ["abcdefghij"]]


def test_equal_readings_pass() -> None:
    found = evaluation.judge(record(TRUTH, TRUTH, TRUTH), 0.0)
    assert found.passed
    assert (found.changes, found.changed) == ([], 0.0)
    assert (found.worse, found.worse_spaced) == (0.0, 0.0)
    assert "0 places differ in 2 pictures, 0.00% of the characters" in evaluation.text(found)


def test_spaces_are_no_change_of_a_line_but_count_against_the_limit() -> None:
    ours = [["oneline", " another", "the  third"], ["abcdefghij"]]
    found = evaluation.judge(record(ours, TRUTH, TRUTH), 1.0)
    assert (found.changes, found.worse) == ([], 0.0)
    # Of 36 characters, with four spaces between words and lines.
    assert found.worse_spaced == pytest.approx(100 / 36)
    assert not found.passed
    assert "+0.00 points, +2.78 with spaces, at most 1.00 of each allowed: failed" in (
        evaluation.text(found)
    )
    assert evaluation.judge(record(ours, TRUTH, TRUTH), 3.0).passed
    assert evaluation.judge(record(TRUTH, ours, TRUTH), 0.0).passed


def test_without_true_text_spaces_count_against_the_sibling() -> None:
    ours = [["oneline", "another", "the third"], ["abcdefghij"]]
    found = evaluation.judge(record(ours, TRUTH, [None, None]), 1.0)
    assert (found.changed, found.worse) == (0.0, 0.0)
    assert found.worse_spaced == pytest.approx(100 / 36)
    assert not found.passed


def test_what_changed_is_told_line_by_line() -> None:
    ours = [["one lime", "another"], ["abcdefghij", "noise"]]
    found = evaluation.judge(record(ours, TRUTH, TRUTH), 100.0)
    assert [(c.image, c.ours, c.theirs) for c in found.changes] == [
        ("0.png", ("one lime",), ("one line",)),
        ("0.png", (), ("the third",)),
        ("1.png", ("noise",), ()),
    ]
    told = evaluation.text(found)
    assert "  int8  one lime\n  fp32  one line\n" in told
    assert "  int8  (nothing)\n  fp32  the third\n" in told
    assert told.endswith("allowed: passed")


def test_more_wrong_characters_than_allowed_fail() -> None:
    ours = [TRUTH[0], ["abcdefghiX"]]
    characters = 7 + 7 + 8 + 10
    found = evaluation.judge(record(ours, TRUTH, TRUTH), 3.0)
    assert found.worse == 100 / characters
    assert not found.passed
    assert evaluation.judge(record(ours, TRUTH, TRUTH), 3.2).passed
    assert "+3.12 points, +2.78 with spaces, at most 3.00 of each allowed: failed" in (
        evaluation.text(found)
    )


def test_reading_better_passes() -> None:
    theirs = [TRUTH[0], ["abcdefghiX"]]
    found = evaluation.judge(record(TRUTH, theirs, TRUTH), 0.0)
    assert found.worse < 0
    assert found.passed


def test_without_true_text_the_sibling_counts() -> None:
    ours = [TRUTH[0], ["abcdefghiX"]]
    found = evaluation.judge(record(ours, TRUTH, [None, None]), 3.0)
    assert found.worse == 100 * found.changed == 100 / 32
    assert not found.passed


def test_a_picture_that_was_not_read_counts_as_empty() -> None:
    found = evaluation.judge(record([TRUTH[0], None], TRUTH, TRUTH), 1.0)  # type: ignore[list-item]
    assert not found.passed
    assert found.changes[0].theirs == ("abcdefghij",)
