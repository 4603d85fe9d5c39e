"""Lines from right to left: what the Unicode Bidirectional Algorithm laid out is put back."""

from __future__ import annotations

from collections import Counter

import pytest
from bidi.algorithm import get_display
from hypothesis import example, given
from hypothesis import strategies as st

from lite_runner.ocr.recogniser.bidi import logical

ARABIC = "بتثجحخدذرزسشصضطظعغفقكلمنهويءآةى"
HEBREW = "אבגדהוזחטיכךלמםנןסעפףצץקרשת"
LATIN = "abcdeGHIJKéßñ"


def laid_out(text: str) -> str:
    """A line as it stands from left to right on a page from right to left."""
    return str(get_display(text, base_dir="R"))


@pytest.mark.parametrize(
    "text",
    [
        "مرحبا بالعالم",
        "שלום עולם",
        "السعر 25 ريال",
        "السعر ٢٥ ريال",
        "عام 2024، شهر 12",
        "من 10 إلى 20",
        "10-20 كيلو",
        "الرقم 3.14 تقريبا",
        "الوقت 12:30",
        "النسبة 50% فقط",
        "النسبة ٥٠٪ فقط",
        "خصم 15% و 20%",
        "מחיר 50% בלבד",
        "טווח 10-20",
        "תאריך 2024-05-06",
        "سنة 2010 2011",
        "نظام Android 14 الجديد",
        "برنامج PP-OCR v6 tiny جيد",
        "الموقع www.example.com/a?b=1",
        "Linux نظام",
        "نظام Linux",
        "ورقة A4.",
        "كلمة (نص) أخرى",
        "كلمة (abc) أخرى",
        "كلمة (12) أخرى",
        "كلمة abc (def) أخرى",
        "المادة 12 (abc)",
        "قال: «نعم»!",
        "ما هذا؟",
        "[א] {ב} (ג)",
        "5 < א > 3",
        "$5 או €6",
        "האם זה 100$?",
    ],
)
def test_a_line_is_read_as_it_was_written(text: str) -> None:
    stands = laid_out(text)
    assert stands != text
    assert logical(list(stands)) == text


@pytest.mark.parametrize(
    "text", ["", "Total: 12.50 $ (net)", "12-34", "50%", "...", "٥٠٪", "你好 (1)"]
)
def test_a_line_without_letters_from_right_to_left_is_left_alone(text: str) -> None:
    assert logical(list(text)) == text


words = st.text(ARABIC, min_size=1, max_size=5) | st.text(HEBREW, min_size=1, max_size=5)
marked = st.builds(str.__add__, words, st.sampled_from(["", "", ".", ",", "،", ":", "!", "?", "؟"]))
latin = st.text(LATIN, min_size=1, max_size=4)
digits = st.text("0123456789", min_size=1, max_size=4) | st.text(
    "٠١٢٣٤٥٦٧٨٩", min_size=1, max_size=4
)
numbers = st.builds("{}{}{}".format, digits, st.sampled_from([".", ",", ":", "/"]), digits) | digits
phrases = st.builds(
    "{}{}{}".format,
    latin,
    st.sampled_from([" ", "-", " & ", ": ", "'"]),
    latin | st.text("0123456789", min_size=1, max_size=3),
)
inner = words | latin | phrases | numbers
brackets = st.builds(
    lambda pair, text: pair[0] + text + pair[1], st.sampled_from(["()", "[]", "«»"]), inner
)


def between(parts: list[tuple[str, str]], last: str) -> str:
    """A line where a word from right to left stands on both sides of all else."""
    return " ".join([*(f"{word} {other}" for word, other in parts), last])


@given(st.builds(between, st.lists(st.tuples(marked, inner | brackets), max_size=4), marked))
def test_lines_of_words_numbers_and_brackets_are_read_as_written(text: str) -> None:
    assert logical(list(laid_out(text))) == text


@given(
    st.text("אبa1 .,-:", max_size=12)
    | st.text("אب1 .,-:%()", max_size=12)
    | st.text("אب٢ .,-:%()", max_size=12),
    st.sampled_from(ARABIC + HEBREW),
)
@example("a 1", "ب")
def test_what_is_read_stands_as_it_was_seen(text: str, letter: str) -> None:
    """Where several texts look alike, one of them is read."""
    stands = laid_out((letter + text).strip())
    assert laid_out(logical(list(stands))) == stands


@given(st.lists(st.sampled_from([*"אבa1٢ .,-%()«»؟", "لا", "🇩🇪", ""]), max_size=14))
def test_no_character_is_lost(characters: list[str]) -> None:
    mirrored = str.maketrans(")»", "(«")
    text = logical(characters)
    assert Counter(text.translate(mirrored)) == Counter("".join(characters).translate(mirrored))


def test_characters_of_several_code_points_keep_their_order() -> None:
    # A letter with its vowel sign; a ligature taken apart by the dictionary.
    assert logical(["م", "لا", "بَ", "س"]) == "س" + "بَ" + "لا" + "م"
    assert logical(["x", "é", " ", "א"]) == "א xé"
    # An accent of its own stays behind its letter.
    assert logical(["x", "e", "\u0301", " ", "א"]) == "א xe\u0301"
