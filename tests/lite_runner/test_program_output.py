"""The lines that tell why a program ended."""

from __future__ import annotations

import pytest

from lite_runner import program_output


def test_lines_with_some_words_go_before_others() -> None:
    text = "begin\n error: one \nerror: two\n\nmake: ended\n"
    assert program_output.first_line(text, "error") == "error: one"
    assert program_output.last_line(text, "error") == "error: two"
    assert program_output.first_line(text, "warning") == "begin"
    assert program_output.last_line(text) == "make: ended"
    assert program_output.last_line(" \n") == ""


@pytest.mark.parametrize(("code", "words"), [(3, "exit code 3"), (-9, "ended by signal 9")])
def test_a_program_without_a_word_is_told_by_its_code(code: int, words: str) -> None:
    assert program_output.ended(code) == words
