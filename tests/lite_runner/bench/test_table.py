"""A record as text: all that would mislead if it were not said."""

from __future__ import annotations

from typing import Any, Callable

from lite_runner.bench import table
from lite_runner.bench.candidate import Candidate
from lite_runner.bench.run import Plan, run
from tests.lite_runner.bench.conftest import picture

PLAN = Plan(warmup=0, passes=1, min_sessions=2, max_sessions=2)
Make = Callable[..., Candidate]


def record(make: Make, **changes: Any) -> dict[str, Any]:
    return {**run([make("tiny, 2 threads")], [picture()], PLAN), **changes}


def state(**values: Any) -> dict[str, Any]:
    return {**dict.fromkeys(("mhz", "governor", "celsius", "throttled", "load")), **values}


def with_states(make: Make, *states: dict[str, Any]) -> dict[str, Any]:
    found = record(make)
    for session, one in zip(found["candidates"][0]["turns"], states):
        session["before"] = session["after"] = one
    return found


def test_a_row_a_candidate(make: Make) -> None:
    text = table.text(record(make))
    row = next(line for line in text.splitlines() if line.startswith("tiny, 2 threads"))
    assert "1000.0" in row
    assert "0.00%" in row
    assert "EMULATED" not in text


def test_what_is_wider_than_the_terminal_goes_below(make: Make) -> None:
    whole = table.text(record(make)).splitlines()
    folded = table.text(record(make), 80).splitlines()
    assert max(map(len, whole)) > 80 >= max(map(len, folded))
    heads = [line.split("  ") for line in folded if line.startswith("candidate ")]
    columns = [word.strip() for head in heads for word in head if word.strip()]
    head = next(line for line in whole if line.startswith("candidate "))
    assert [word for word in columns if word != "candidate"] == [
        word.strip() for word in head.split("  ")[1:] if word.strip()
    ]
    assert sum(line.startswith("tiny, 2 threads ") for line in folded) == len(heads)


def test_an_emulated_board_is_called_so(make: Make) -> None:
    found = record(make, emulated=True)
    counts = {"image": "x.png", "detect": 1e6, "classify": 2e6, "recognise": 4e6, "total": 7e6}
    found["candidates"][0]["instructions"] = counts
    text = table.text(found)
    assert text.startswith("EMULATED ")
    assert "milliseconds say nothing" in text
    assert "7 million instructions to read x.png with one thread (detect 1, classify 2" in text


def test_slow_boards_are_told(make: Make) -> None:
    text = table.text(
        with_states(
            make,
            state(mhz=[1500], celsius={"cpu": 50.4}, throttled=["throttled now"]),
            state(mhz=[900], celsius={"cpu": 80.6}, throttled=[]),
        )
    )
    assert "The board was slowed down: throttled now." in text
    assert "Its clock moved between 900 and 1500 MHz." in text
    assert "from 50 to 81 °C." in text
    assert "does not tell" not in text


def test_what_a_board_does_not_tell_is_said(make: Make) -> None:
    text = table.text(with_states(make, state(), state(mhz=[1500])))
    assert "The board does not tell its temperature, throttling." in text


def test_a_run_cut_short_and_a_failure_are_told(make: Make) -> None:
    found = record(make, complete=False, stopped="interrupted", skipped=["p: no cores"])
    found["candidates"].append({**found["candidates"][0], "id": "x", "turns": [], "failed": "no"})
    text = table.text(found)
    assert "cut short: interrupted" in text
    assert "x: failed: no" in text
    assert "Left out: p: no cores." in text


def test_unsteady_and_unknown_medians_are_told(make: Make) -> None:
    found = record(make)
    found["candidates"][0].update(steady=False, stable=False)
    text = table.text(found)
    assert "did not read alike every time" in text
    assert "not known to within 2%" in text
