"""JSON as frozen dataclasses: what fits comes as it is, what does not is named with its place."""

import json
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Mapping, Optional

import pytest

from cross_build.typed_json import MismatchError, called, structure


@dataclass(frozen=True)
class Leaf:
    count: int
    share: float = field(metadata=called("part"))
    note: Optional[str] = None


@dataclass(frozen=True)
class Tree:
    name: str
    ripe: bool
    picked: datetime
    leaves: tuple[Leaf, ...]
    by_season: Mapping[str, Optional[Leaf]]
    rows: tuple[tuple[float, ...], ...] = ()
    source: str = field(metadata=called(""), default="nobody")


def drawn(rng: random.Random) -> dict[str, Any]:
    """A tree as JSON has it, with at least one of everything."""

    def leaf() -> dict[str, Any]:
        note = rng.choice([{}, {"note": None}, {"note": "树"}])
        return {"count": rng.randrange(2**60), "part": rng.choice([1, rng.random()]), **note}

    return {
        "name": rng.choice(["", "oak"]),
        "ripe": rng.random() < 0.5,
        "picked": f"2026-11-{rng.randint(1, 28):02d}T12:00:00+02:00",
        "leaves": [leaf() for _ in range(rng.randint(1, 3))],
        "by_season": {"spring": leaf(), "winter": None},
        "rows": [[rng.random() for _ in range(rng.randint(1, 2))]],
    }


def test_what_fits_comes_as_it_was() -> None:
    rng = random.Random(5)  # noqa: S311 - not a secret, and repeatable
    for _ in range(50):
        data = drawn(rng)
        tree = structure(json.loads(json.dumps(data)), Tree)
        assert (tree.name, tree.ripe, tree.source) == (data["name"], data["ripe"], "nobody")
        assert [leaf.count for leaf in tree.leaves] == [leaf["count"] for leaf in data["leaves"]]
        assert tree.by_season["winter"] is None
        assert tree.rows == tuple(map(tuple, data["rows"]))
        there = datetime.fromisoformat(data["picked"])
        assert tree.picked == there
        assert tree.picked.utcoffset() == timedelta(0)


def test_members_that_are_not_known_are_left_alone() -> None:
    data = drawn(random.Random(6))  # noqa: S311 - not a secret, and repeatable
    tree = structure({**data, "source": [7], "height": "tall"}, Tree)
    assert tree.source == "nobody"


@pytest.mark.parametrize(
    ("keys", "value", "path", "expected"),
    [
        (["name"], 7, "name", "a text"),
        (["name"], None, "name", "a text"),
        (["ripe"], 1, "ripe", "true or false"),
        (["picked"], "soon", "picked", "a date and time as in ISO 8601"),
        (["leaves"], "ab", "leaves", "a list"),
        (["leaves"], {"0": 1}, "leaves", "a list"),
        (["leaves", 0], [1], "leaves[0]", "an object"),
        (["leaves", 0, "count"], True, "leaves[0].count", "a number"),
        (["leaves", 0, "count"], "12", "leaves[0].count", "a number"),
        (["leaves", 0, "count"], 1.5, "leaves[0].count", "a whole number"),
        (["leaves", 0, "count"], None, "leaves[0].count", "a whole number"),
        (["leaves", 0, "part"], float("inf"), "leaves[0].part", "a number"),
        (["leaves", 0, "part"], 10**400, "leaves[0].part", "a number"),
        (["by_season", "spring"], 3, "by_season.spring", "an object"),
        (["by_season", "spring", "part"], "x", "by_season.spring.part", "a number"),
        (["by_season"], [], "by_season", "an object"),
        (["rows", 0, 0], None, "rows[0][0]", "a number"),
    ],
)
def test_what_does_not_fit_is_named(keys, value, path: str, expected: str) -> None:
    data: Any = drawn(random.Random(7))  # noqa: S311 - not a secret, and repeatable
    inside = data
    for key in keys[:-1]:
        inside = inside[key]
    inside[keys[-1]] = value
    with pytest.raises(MismatchError) as caught:
        structure(data, Tree)
    assert (caught.value.path, caught.value.expected) == (path, expected)
    assert caught.value.value is value


@pytest.mark.parametrize("value", [None, 3, "x", [1]])
def test_the_whole_must_be_an_object(value) -> None:
    with pytest.raises(MismatchError) as caught:
        structure(value, Tree)
    assert (caught.value.path, caught.value.expected) == ("", "an object")


def test_a_moment_without_a_zone_is_universal() -> None:
    data = {**drawn(random.Random(8)), "picked": "2026-11-24T22:10:00Z"}  # noqa: S311
    later = structure({**data, "picked": "2026-11-24T22:10:00"}, Tree)
    assert structure(data, Tree).picked == later.picked
    assert later.picked == datetime(2026, 11, 24, 22, 10, tzinfo=timezone.utc)
