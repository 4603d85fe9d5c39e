"""A run as a Markdown document."""

from __future__ import annotations

import re

import pytest

from cross_build.bench.reports import conditions, markdown, result, tables
from cross_build.bench.reports.baselines import baselines
from cross_build.markdown import escape


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ (.*)$", text, re.MULTILINE)


def row(text: str, name: str) -> list[list[str]]:
    """The cells of each table's row of a name."""
    lines = [line for line in text.splitlines() if line.startswith(f"| {name} |")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_table_is_there(run) -> None:
    found = markdown.document(run)
    assert headings(found) == [
        "Benchmark: Raspberry Pi 4 Model B Rev 1.4",
        "Board",
        "Milliseconds per picture, median (p90)",
        "Throughput, start-up and memory",
        "Accuracy",
        "Frequency, temperature and throttling",
        "Candidates",
        "Not tried",
        "Published figures of others",
    ]
    assert "- power mode high: the board has one kind of cores" in found
    times, resources, accuracy, states, setup = row(found, "v3-slim, 2 threads")
    candidate = run.candidates[4]
    spread = candidate.summary["total"]
    assert times[5:] == [f"{spread.median:.0f} ({spread.p90:.0f})", "yes"]
    assert resources[1] == f"{candidate.lines_per_second:.1f}"
    assert resources[5:] == [f"{candidate.peak_rss / 1e6:.0f} MB", "4", "12"]
    assert resources[2] == f"{candidate.startup_cold:.2f} s"
    assert accuracy[2] == f"{candidate.accuracy.cer:.2%}"
    assert accuracy[3] == f"{candidate.accuracy.spaced.cer:.2%}" != accuracy[2]
    assert accuracy[4] == f"{candidate.detection.hmean:.3f}"
    assert states[1:] == ["1500", "1500", "ondemand", "49", "64", "no"]
    assert setup[1] == "Paddle-Lite v2.13-rc" and "int8" in setup[-1]


def test_records_of_before_spaces_were_counted_have_no_figure_with_them(make_result) -> None:
    older = make_result()
    for one in older["candidates"]:
        del one["accuracy"]["spaced"]
    found = row(markdown.document(result.parse(older, "older.json")), "v3-slim, 2 threads")[2]
    assert found[3] == "not known" and found[2].endswith("%")


def test_tables_have_as_many_cells_in_every_row(run, broken_off, emulated) -> None:
    for one in (run, broken_off, emulated):
        for table in tables.all_of(one):
            assert {len(cells) for cells in table.rows} == {len(table.head)}


def test_what_is_absent_is_not_known(broken_off) -> None:
    found = markdown.document(broken_off)
    assert "- The run is not complete: connection lost: pi@board does not answer" in found
    assert "- RapidOCR, v4-mobile, 4 threads: failed: ended by signal 6" in found
    times, resources, accuracy, _ = row(found, "v4-mobile, 4 threads")
    assert set(times[1:-1]) == set(resources[1:-2]) == set(accuracy[1:]) == {"not known"}
    assert row(found, "board")[0][1] == row(found, "memory")[0][1] == "not known"
    assert "None" not in found and "nan" not in found


def test_emulated_is_said_in_the_title_and_above_all_times(emulated) -> None:
    found = markdown.document(emulated)
    title, *others = headings(found)
    assert title.startswith("Emulated benchmark")
    assert found.count(escape(tables.NOT_TIME)) >= 2
    timed = [one for one in others if re.search("Millisecond|start-up|figures|Instructions", one)]
    assert len(timed) == 4
    assert all("emulated" in one for one in timed)
    assert row(found, "v4-mobile, 1 thread")[0][1] == "not known"


def test_a_throttled_board_is_told_in_words(make_result) -> None:
    data = make_result(4, packs=("v4-mobile",), threads=(4,), peer=False, throttled=True)
    found = conditions.warnings(result.parse(data, "x"))
    assert len(found) == 2
    assert "All candidates: the board was throttled in 4 of 4 turns" in found[0]
    assert "(frequency capped now)" in found[0]
    assert "the frequency moved in 4 of 4 turns, between 1000 and 1500 MHz" in found[1]
    assert "(governor ondemand)" in found[1]
    data["candidates"][0]["turns"] = data["candidates"][0]["turns"][:3]
    told = conditions.warnings(result.parse(data, "x"))
    assert "v4-mobile, 4 threads: the board was throttled in 3 of 3 turns" in told[0]
    assert len(told) == 4


def test_what_a_board_remembers_from_before_is_no_news(make_result) -> None:
    data = make_result(4, packs=("v4-mobile",), threads=(4,), peer=False)
    turns = [turn for one in data["candidates"] for turn in one["turns"]]
    for turn in turns:
        turn["before"]["throttled"] = turn["after"]["throttled"] = ["under-voltage before"]
    assert conditions.warnings(result.parse(data, "x")) == []
    turns[0]["before"]["throttled"] = []
    assert (
        "in 1 of 4 turns (under-voltage before)" in conditions.warnings(result.parse(data, "x"))[0]
    )


def test_idle_cores_and_rounding_do_not_move_the_frequency(make_result) -> None:
    data = make_result(4, packs=("v4-mobile",), threads=(1,), peer=False)
    turn = data["candidates"][0]["turns"][0]
    turn["before"]["mhz"], turn["after"]["mhz"] = [600, 600, 600, 1500], [1480, 600, 600, 600]
    assert conditions.warnings(result.parse(data, "x")) == []
    turn["before"]["mhz"] = [600] * 4
    assert (
        "in 1 of 4 turns, between 600 and 1480" in conditions.warnings(result.parse(data, "x"))[0]
    )


@pytest.mark.parametrize("text", ["a | b", "<b>x</b>", "`x`", "*x*", "_x_", "[x](y)", "# x", "\\"])
def test_names_cannot_write_markdown(make_result, text: str) -> None:
    data = make_result(packs=("v4-mobile",), threads=(1,), peer=False)
    data["candidates"][0]["id"] = f"{text}\n\n# heading"
    data["skipped"] = [f"{text}\n- more"]
    found = markdown.document(result.parse(data, "x"))
    assert "heading" not in " ".join(headings(found))
    assert "\n- more" not in found
    rows = [line for line in found.splitlines() if "heading" in line]
    bars = [len(re.findall(r"(?<!\\)\|", line)) for line in rows]
    assert bars[:2] == [8, 9]


def test_published_figures_name_their_sources() -> None:
    rows = baselines()
    figures = {(one.device, one.ms) for one in rows}
    assert {("Snapdragon 855", 306), ("Snapdragon 855", 268)} <= figures
    for one in rows:
        assert re.fullmatch(r"[\w-]+/[\w-]+, (issue \d+|[\w./-]+\.md( of [\w./]+)?)", one.source)
        assert one.ms > 0 and all((one.device, one.models, one.runtime, one.measured))
    halved = [one for one in rows if "Raspberry Pi 5" in one.device]
    assert halved and all("scaled" in one.note for one in halved)
    stale = [one for one in rows if "Pi 4 at" in one.device]
    assert stale and all("stale" in one.note for one in stale)


def test_a_run_of_nothing_is_a_document(make_result) -> None:
    data = make_result(packs=(), peer=False)
    assert "Nothing was measured." in markdown.document(result.parse(data, "x"))
