"""Results of benchmarks as they come from files: whole, partial, damaged."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest

from cross_build.bench.reports import result
from cross_build.bench.reports.candidate import Key
from cross_build.bench.reports.figures import TextAccuracy
from cross_build.errors import ReportError


def test_a_file_is_read_back(make_result, save) -> None:
    data = make_result()
    run = result.load(save(data))
    assert (run.target, run.host, run.emulated, run.complete) == ("rpi4", "pi@board", False, True)
    assert run.started == datetime(2026, 11, 24, 22, 10, tzinfo=timezone.utc)
    assert [one.id for one in run.candidates] == [one["id"] for one in data["candidates"]]
    first, raw = run.candidates[0], data["candidates"][0]
    assert first.key == Key("Paddle-Lite", "v4-mobile", 1, "unbound", 1)
    assert first.median("detect") == raw["summary"]["detect"]["median"]
    accuracy = raw["accuracy"]
    assert first.accuracy == TextAccuracy(
        *(accuracy[key] for key in ("errors", "characters", "cer")),
        TextAccuracy(*(accuracy["spaced"][key] for key in ("errors", "characters", "cer"))),
    )
    assert first.turns[1].times.shape == (3, 6, 5)
    assert first.turns[1].times[2, 4, 1] == raw["turns"][1]["passes"][2][4]["detect"]


def test_the_value_of_a_pass_is_its_mean_over_pictures(make_result) -> None:
    data = make_result(peer=False, packs=("v4-mobile",), threads=(1,))
    passes = data["candidates"][0]["turns"][0]["passes"]
    passes[0][3] = None
    passes[1] = [None] * 6
    candidate = result.parse(data, "x").candidates[0]
    turn = candidate.turns[0].passes("detect", [0, 3])
    expected = [passes[0][0]["detect"], (passes[2][0]["detect"] + passes[2][3]["detect"]) / 2]
    np.testing.assert_allclose(turn, expected)
    assert candidate.always_read() == set()
    del passes[1]
    assert result.parse(data, "x").candidates[0].always_read() == {0, 1, 2, 4, 5}


def test_what_newer_versions_add_is_left_alone(make_result) -> None:
    data = make_result()
    data["weather"] = data["candidates"][0]["mood"] = data["board"]["colour"] = "sunny"
    assert len(result.parse(data, "x").candidates) == len(data["candidates"])


def test_older_results_have_no_errors_with_spaces(make_result) -> None:
    data = make_result()
    for one in data["candidates"]:
        del one["accuracy"]["spaced"]
    found = [one.accuracy for one in result.parse(data, "x").candidates]
    assert found
    assert all(one is not None and one.spaced is None for one in found)


def test_partial_results_are_results(broken_off) -> None:
    one, two, peer, failed = broken_off.candidates
    assert not broken_off.complete
    assert one.turns[0].before.mhz is None
    assert two.turns == () and two.median() is None and two.always_read() == set()
    assert failed.failed == "ended by signal 6 while loading rec.nb"
    assert peer.turns


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe{", "is not JSON"),
        (b"{", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[1]", "holds no benchmark: expected an object with the key 'schema', found list"),
        (b"{}", "holds no benchmark"),
        (b'{"schema": 2}', "is of schema 2, expected 1"),
        (b'{"schema": true}', "is of schema True, expected 1"),
    ],
)
def test_other_files_are_told(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "result.json"
    path.write_bytes(content)
    with pytest.raises(ReportError) as caught:
        result.load(path)
    assert f"{path}: {words}" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"gone\.json: cannot be read: No such file"):
        result.load(tmp_path / "gone.json")


@pytest.mark.parametrize(
    ("keys", "value", "words"),
    [
        (["started"], "yesterday", "started: expected a date and time as in ISO 8601"),
        (["images", 2, "sha256"], None, r"images\[2\]\.sha256: expected a text, found nothing"),
        (["images", 1, "width"], 12.5, r"images\[1\]\.width: expected a whole number, found 12.5"),
        (["candidates"], {}, r"candidates: expected a list, found \{\}"),
        (["candidates", 0], 3, r"candidates\[0\].*expected an object, found 3"),
        (["candidates", 1, "id"], "v4-mobile, 1 thread", r"\[1\]\.id: expected an id no other"),
        (["candidates", 0, "threads"], True, r"threads: expected a number, found True"),
        (["candidates", 0, "texts"], [], r"texts: expected an item for each of 6 pictures"),
        (["candidates", 0, "turns", 0, "startup"], "1 s", r"turns\[0\]\.startup: expected a num"),
        (["candidates", 0, "turns", 0, "passes", 1], [], r"passes\[1\]: expected an item for each"),
        (["candidates", 0, "turns", 0, "passes", 1, 0, "detect"], float("nan"), r"\.detect: expec"),
        (["candidates", 0, "turns", 0, "startup"], 10**400, r"turns\[0\]\.startup: expected a num"),
        (["candidates", 0, "turns", 0, "passes", 1, 0, "total"], None, r"total: expected a number"),
        (["candidates", 0, "summary", "total"], [1], r"summary\.total.*: expected an object"),
        (["candidates", 0, "accuracy", "cer"], None, r"accuracy\.cer: expected a number"),
        (["candidates", 0, "accuracy", "spaced"], 3, r"accuracy\.spaced: expected an object"),
        (["complete"], None, "complete: expected true or false, found nothing"),
    ],
)
def test_damage_is_named(make_result, save, keys, value, words) -> None:
    data = make_result()
    place = data
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    with pytest.raises(ReportError, match=f"result.json: damaged at .*{words}") as caught:
        result.load(save(data))
    assert len(str(caught.value).splitlines()) == 1


def test_times_of_day_without_a_zone_are_universal(make_result) -> None:
    for text in ("2026-11-24T22:10:00", "2026-11-24T22:10:00Z", "2026-11-25T00:10:00+02:00"):
        run = result.parse(json.loads(json.dumps(make_result(started=text))), "x")
        assert run.started == datetime(2026, 11, 24, 22, 10, tzinfo=timezone.utc)
