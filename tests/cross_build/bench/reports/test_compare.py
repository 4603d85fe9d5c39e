"""Two runs side by side: what differs first, then times, accuracy and memory."""

from __future__ import annotations

import re

import pytest

from cross_build.bench.reports import compare, differences, result
from cross_build.bench.reports.turn import TIMES
from cross_build.errors import ReportError
from lite_runner.scoring.cer import compare_with_spaces


def runs(make_result, **changes):
    """The same two candidates twice; what is given changes the second run."""
    few = {"packs": ("v4-mobile",), "threads": (1, 2), "peer": False}
    first = make_result(1, **few)
    return first, make_result(2, **{**few, **changes})


def text(first, second) -> str:
    return compare.compare(result.parse(first, "a.json"), result.parse(second, "b.json"))


def row(found: str, name: str) -> str:
    """The first row of a name."""
    return next(line for line in found.splitlines() if line.split()[:1] == [name])


def test_a_faster_run_is_told_for_each_stage(make_result) -> None:
    found = text(*runs(make_result, factor=0.8))
    assert "Both ran the same way." in found
    assert re.search(r"1\.2\dx faster \[1\.\d\d to 1\.\d\d\]$", row(found, "total"))
    assert re.search(r"1\.2\dx faster", row(found, "recognise"))
    # Pictures are decoded by nobody's model.
    assert row(found, "decode").endswith("no difference")


def test_a_slower_run_is_told(make_result) -> None:
    found = text(*runs(make_result, factor=1.5))
    assert re.search(r" 0\.6\d .*1\.[45]\dx slower \[", row(found, "total"))


def test_the_same_file_twice_shows_no_difference(make_result) -> None:
    first, _ = runs(make_result)
    found = text(first, first)
    for stage in TIMES:
        assert row(found, stage).endswith("no difference")
    assert row(found, "errors").endswith("the same")
    assert "faster" not in found.replace("B is faster", "") and "slower" not in found


def test_what_differs_is_told_first(make_result) -> None:
    first, second = runs(make_result, throttled=True)
    second["board"]["model"] = "Raspberry Pi 5 Model B Rev 1.0"
    second["candidates"][0]["models"]["rec"]["sha256"] = "ab" * 32
    second["candidates"][0]["engine_version"] = "v2.9"
    second["settings"]["warmup"] = 2
    second |= {"complete": False, "stopped": "time limit of 600 s"}
    del second["candidates"][1]
    found = text(first, second)
    told = [line for line in found.splitlines() if line.startswith("DIFFERENT")]
    for words in (
        "board: A Raspberry Pi 4 Model B Rev 1.4, B Raspberry Pi 5 Model B Rev 1.0",
        "setting warmup: A 1, B 2",
        "B is not complete: time limit of 600 s",
        "B's board was throttled",
        "v4-mobile, 1 thread: engine version: A v2.13-rc, B v2.9",
        "only in A: v4-mobile, 2 threads",
    ):
        assert any(words in line for line in told), words
    assert any("model rec" in line and "abababababab" in line for line in told)
    assert found.index(told[-1]) < found.index("A ms")


def test_candidates_are_matched_by_id_and_then_by_what_they_are(make_result) -> None:
    first, second = runs(make_result)
    second["candidates"][1]["id"] = "renamed"
    one, two = result.parse(first, "a"), result.parse(second, "b")
    pairs = [(left.id, right.id) for left, right in differences.matches(one, two)]
    assert pairs == [
        ("v4-mobile, 1 thread", "v4-mobile, 1 thread"),
        ("v4-mobile, 2 threads", "renamed"),
    ]
    assert "v4-mobile, 2 threads  (B: renamed)" in text(first, second)
    second["candidates"] = [dict(second["candidates"][0], id="other", threads=7)]
    with pytest.raises(ReportError, match=r"a\.json and b\.json: no candidate is in both"):
        text(first, second)


def test_only_pictures_of_both_are_compared(make_result) -> None:
    first, second = runs(make_result)
    # B reads the largest picture's work only where A has another picture in its place.
    second["images"][2] |= {"sha256": "0" * 64}
    for turn in second["candidates"][0]["turns"]:
        for one in turn["passes"]:
            one[2] = {stage: 100 * value for stage, value in one[2].items()}
    second["candidates"][0]["texts"][2] = ["nonsense"] * 40
    found = text(first, second)
    assert "DIFFERENT  pictures: A 6, B 6; only the 5 that both have are compared" in found
    assert row(found, "total").endswith("no difference")
    # Four labelled pictures are left, read alike; Hmean is of all.
    assert row(found, "errors").endswith("the same")
    assert "Hmean " not in found.split("A ms", 1)[1]


def test_the_order_of_pictures_does_not_matter(make_result) -> None:
    first, second = runs(make_result)
    second["images"].reverse()
    for one in second["candidates"]:
        one["texts"].reverse()
        for turn in one["turns"]:
            for reading in turn["passes"]:
                reading.reverse()
    found = text(first, second)
    assert "Both ran the same way." in found
    assert row(found, "total").endswith("no difference")
    first["images"][2] |= {"sha256": "0" * 64}
    found = text(first, second)
    assert row(found, "total").endswith("no difference")
    assert row(found, "errors").endswith("the same")


def test_runs_without_a_picture_in_common_are_refused(make_result) -> None:
    first, second = runs(make_result)
    for one in second["images"]:
        one["sha256"] = one["sha256"][::-1]
    with pytest.raises(ReportError, match=r"no picture in common, by sha256.*run both on the same"):
        text(first, second)


def test_pictures_a_pass_could_not_read_are_left_out_of_both(make_result) -> None:
    first, second = runs(make_result)
    first["candidates"][0]["turns"][1]["passes"][0][2] = None
    found = text(first, second)
    assert "without 1 picture that a pass could not read" in found
    assert row(found, "total").endswith("no difference")


def test_few_turns_are_too_little_data(make_result) -> None:
    found = text(*runs(make_result, turns=1, factor=0.5))
    assert row(found, "total").endswith("too little data")
    assert re.search(r" (1\.9|2\.0)\d +too little", row(found, "total"))


def test_times_of_emulated_runs_are_never_compared(make_result) -> None:
    first, second = runs(make_result, emulated=True, factor=0.5)
    real = text(first, second)
    assert "only B was emulated" in real and "EMULATED: times are not compared" in real
    first = make_result(1, packs=("v4-mobile",), threads=(1, 2), peer=False, emulated=True)
    both = text(first, second)
    assert "EMULATED" in both and "Instructions are not time" in both
    assert "instructions, millions" in both and "instructions, millions" not in real
    assert re.search(r"2\.\d{3}$", row(both, "recognise"))
    for found in (real, both):
        for word in ("A ms", "faster", "slower", "start-up", "RSS", " s "):
            assert word not in found, word
    second["candidates"][0]["instructions"]["images"] = 3
    assert "counted over different pictures" in text(first, second)
    second["images"][2] |= {"sha256": "0" * 64}
    assert "instructions, millions" not in text(first, second)


def test_differences_in_accuracy_are_told(make_result) -> None:
    first, second = runs(make_result)
    second["candidates"][0]["accuracy"] = {"errors": 99, "characters": 953, "cer": 99 / 953}
    second["candidates"][0]["detection"]["hmean"] -= 0.125
    second["candidates"][0]["peak_rss"] += 10_000_000
    found = text(first, second)
    assert re.search(r"99 of 953 \(10\.39%\) +\+91$", row(found, "errors"))
    assert row(found, "Hmean").endswith("-0.125")
    assert row(found, "peak").endswith("+10 MB")


def test_errors_with_spaces_are_compared_beside_those_without(make_result) -> None:
    first, second = runs(make_result)
    # All words of a receipt run together.
    one = second["candidates"][0]
    true, before = second["images"][1]["lines"], one["texts"][1]
    one["texts"][1] = [line.replace(" ", "") for line in before]
    lost = compare_with_spaces(true, one["texts"][1]).errors
    lost -= compare_with_spaces(true, before).errors
    assert lost > 20
    one["accuracy"]["spaced"]["errors"] += lost
    found = text(first, second)
    assert row(found, "errors").endswith("the same")
    assert row(found, "with").endswith(f"+{lost}")
    # Older records have no figure with spaces, but what was read.
    for record in (first, second):
        for candidate in record["candidates"]:
            del candidate["accuracy"]["spaced"]
    assert text(first, second) == found


def test_pictures_with_another_true_text_do_not_count(make_result) -> None:
    first, second = runs(make_result)
    second["images"][0]["lines"] = ["closed"]
    for one in second["candidates"]:
        one["accuracy"] = {"errors": 500, "characters": 953, "cer": 500 / 953}
    found = text(first, second)
    assert "DIFFERENT  true text of shop_sign.jpg: errors are counted on the other" in found
    assert row(found, "errors").endswith("the same") and "953" not in row(found, "errors")


def test_a_candidate_whose_passes_are_missing_has_no_times(make_result) -> None:
    first, second = runs(make_result)
    for turn in second["candidates"][0]["turns"]:
        turn["passes"] = []
    found = text(first, second)
    assert "no picture was read in every pass of both: times are not compared" in found


def test_partial_and_failed_candidates_are_compared_as_far_as_they_go(
    make_result, broken_off
) -> None:
    whole = result.parse(make_result(1, packs=("v4-mobile",), threads=(2, 4)), "whole.json")
    for one, two in ((whole, broken_off), (broken_off, whole), (broken_off, broken_off)):
        found = compare.compare(one, two)
        assert "failed: ended by signal 6 while loading rec.nb" in found
        assert "no picture was read in every pass of both" in found
