"""Whatever is null in a result: it is named as damage, or everything that reads results works."""

from __future__ import annotations

import copy
from typing import Any, Iterator

import pytest

from cross_build.bench.reports import compare, markdown, page, result
from cross_build.errors import ReportError

#: What a result cannot do without.
NEEDED = {
    *("started", "complete", "emulated", "board", "images", "candidates"),
    *("image", "sha256", "width", "height"),
    *("id", "engine", "pack", "threads", "workers", "order", "passes"),
    *("errors", "characters", "cer", "hmean", "precision", "recall", "matched", "true", "found"),
    *("total",),
}


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a JSON document: every member, and the first item of a list."""
    if way:
        yield way
    if isinstance(value, dict):
        for name, one in value.items():
            yield from places(one, (*way, name))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*way, 0))


@pytest.mark.parametrize("emulated", [False, True])
def test_anything_may_be_absent(make_result, emulated: bool, monkeypatch) -> None:
    # The library's five megabytes are not what is tested here.
    monkeypatch.setattr(page, "get_plotlyjs", lambda: "")
    few = {"packs": ("v4-mobile",), "threads": (1,), "peer": False, "turns": 3, "passes": 1}
    data = make_result(**few, emulated=emulated)
    whole = result.parse(data, "whole.json")
    refused = set()
    for way in places(data):
        changed = copy.deepcopy(data)
        place = changed
        for key in way[:-1]:
            place = place[key]
        place[way[-1]] = None
        try:
            run = result.parse(changed, "changed.json")
        except ReportError as error:
            refused.add(next(key for key in reversed(way) if isinstance(key, str)))
            assert len(str(error).splitlines()) == 1
            continue
        assert "nan" not in markdown.document(run)
        page.page(run, [whole])
        if run.candidates:
            compare.compare(whole, run)
            compare.compare(run, whole)
    assert refused <= NEEDED | {"schema", "skipped", "governor", "throttled", "load", "mhz"} | {
        *("lines", "texts", "turns", "models", "celsius", "cpu-thermal")
    }
    assert {"started", "sha256", "id", "threads", "passes"} <= refused
