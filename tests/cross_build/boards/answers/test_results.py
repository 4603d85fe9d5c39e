"""Results of pictures as boards send them, whole, damaged and cut off."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import pytest

from cross_build.boards.answers import results
from cross_build.boards.answers.answer import parse
from cross_build.errors import BoardError


def drawn(rng: random.Random) -> dict[str, Any]:
    """A result with lines of its own."""
    lines = [
        {
            "text": rng.choice([None, "老城", "a b", "\x1b[2J"]),
            "score": round(rng.random(), 4),
            "box": [[rng.uniform(0, 900), rng.uniform(-9, 900)] for _ in range(4)],
            "angle": rng.choice([0, 180]),
        }
        for _ in range(rng.randrange(4))
    ]
    for line in lines[1:]:
        word = {"text": "a", "score": rng.random(), "box": line["box"][::-1]}
        line["words"] = [word] * rng.randrange(3)
    stages = ("detect", "classify", "recognise", "total")
    return {
        "image": f"/inbox/{rng.randrange(10**5):05d}.png",
        "width": rng.randrange(1, 5000),
        "height": rng.randrange(1, 5000),
        "lines": lines,
        "seconds": {stage: rng.random() for stage in stages},
        **({"page": rng.randrange(1, 9), "pages": 9} if rng.random() < 0.5 else {}),
        **({"smallest_text": rng.randrange(9, 99)} if rng.random() < 0.5 else {}),
    }


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [path] if path else []
    for key, one in inner:
        place = (*path, key)
        found += paths(one, place) if isinstance(one, (dict, list)) else [place]
    return found


def test_whole_results_come_as_they_were_sent() -> None:
    rng = random.Random(20)  # noqa: S311 - not a secret, and repeatable
    for _ in range(100):
        sent = drawn(rng)
        answer = results.picture(json.dumps(sent), "rpi4")
        assert answer.result == sent
        assert answer.key == sent["image"][7:12]
    failed = {"image": "/inbox/00003.jpg", "error": "is empty"}
    assert results.picture(json.dumps(failed), "rpi4").result == failed


def test_a_value_of_another_kind_is_told_with_board_and_place() -> None:
    rng = random.Random(21)  # noqa: S311 - not a secret, and repeatable
    for _ in range(300):
        sent = drawn(rng)
        place = rng.choice(paths(sent))
        *above, last = place
        inside: Any = sent
        for key in above:
            inside = inside[key]
        # Wrong at each of the places: none takes an object with such a member, or an empty list.
        wrong = rng.choice([{"odd": 1}, [[]], -math.pi * 1e9 if last != "text" else 7])
        if isinstance(wrong, float) and isinstance(last, int):
            continue  # a corner may lie anywhere
        inside[last] = wrong
        with pytest.raises(BoardError) as caught:
            results.picture(json.dumps(sent), "rpi4")
        told = str(caught.value)
        assert told.startswith("rpi4: result of a picture: ")
        assert "expected" in told or "missing" in told
        assert str(place[0]) in told
        assert "\n" not in told


def test_a_missing_member_is_told() -> None:
    for key in ("image", "width", "height", "lines", "seconds"):
        sent = drawn(random.Random(3))  # noqa: S311 - not a secret, and repeatable
        del sent[key]
        with pytest.raises(BoardError, match=f"rpi4: .*{key} is missing in its answer"):
            results.picture(json.dumps(sent), "rpi4")


def test_a_result_that_is_cut_is_none() -> None:
    text = json.dumps(drawn(random.Random(4)), ensure_ascii=False)  # noqa: S311 - repeatable
    for size in range(len(text)):
        with pytest.raises(BoardError, match="its answer is no JSON"):
            results.picture(text[:size], "rpi4")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NaN", "NaN is no number"),
        ("[-Infinity]", "-Infinity is no number"),
        ("1e999", "'1e999' is too large"),
        ("9" * 5000, "is too large"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"a":' * 100_000, "is nested too deeply"),
        ("{} {}", "Extra data"),
        ("", "is no JSON"),
        ("\x00", "is no JSON"),
        ("\ud800", "is no JSON"),
    ],
)
def test_json_that_python_takes_or_falls_over_is_refused_in_one_line(text, reason) -> None:
    with pytest.raises(BoardError) as caught:
        parse(text, "rpi4: status")
    told = str(caught.value)
    assert told.startswith("rpi4: status: ")
    assert reason in told
    assert "\n" not in told
    assert len(told) < 300


def test_true_is_no_number() -> None:
    answer = parse('{"free": true}', "rpi4")
    with pytest.raises(BoardError, match="rpi4: free is True, expected a whole number"):
        answer["free"].whole()
