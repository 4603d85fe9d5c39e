"""Runs: the order of sessions, when they end, what is kept of those that are cut short."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

import pytest

from cross_build.bench.reports import compare, markdown, page, result
from lite_runner.bench.candidate import Candidate, sweep
from lite_runner.bench.page_cache import drop_files
from lite_runner.bench.run import Plan, run
from tests.lite_runner.bench.conftest import picture

#: A fixed number of sessions, however well medians are known.
FIXED = Plan(warmup=0, passes=2, min_sessions=4, max_sessions=4, stable=0.0)
ROOT = Path(__file__).parents[3]

Make = Callable[..., Candidate]


def order(log: Path) -> list[str]:
    return [path.name.split("-", 1)[1] for path in sorted(log.iterdir())]


def test_every_round_has_each_candidate_once_in_an_order_of_its_own(make: Make, log: Path) -> None:
    names = ["a", "b", "c", "d"]
    record = run([make(name) for name in names], [picture()], Plan(0, 1, 6, 6, 0.0, seed=1))
    taken = order(log)
    rounds = [taken[n : n + 4] for n in range(0, 24, 4)]
    assert all(sorted(one) == names for one in rounds)
    assert len({tuple(one) for one in rounds}) > 1
    assert [one["id"] for one in record["candidates"]] == names
    numbers = [session["order"] for one in record["candidates"] for session in one["turns"]]
    assert sorted(numbers) == list(range(24))


def test_the_same_seed_gives_the_same_order(make: Make, log: Path, tmp_path: Path) -> None:
    candidates = [make(name) for name in "abc"]
    run(candidates, [picture()], FIXED)
    first = order(log)
    for path in log.iterdir():
        path.unlink()
    run(candidates, [picture()], FIXED)
    assert order(log) == first


def test_a_candidate_is_done_when_its_median_is_known(make: Make) -> None:
    steady = make("steady")
    moving = make("moving", "times = [1.0 + number % 3] * len(pictures)")
    record = run([steady, moving], [picture()], Plan(0, 2, 3, 9, 0.02))
    one, other = record["candidates"]
    assert (len(one["turns"]), one["stable"]) == (3, True)
    assert (len(other["turns"]), other["stable"]) == (9, False)
    assert record["complete"]
    assert record["stopped"] is None


def test_time_is_up_after_each_had_a_turn(make: Make) -> None:
    record = run([make("a"), make("b")], [picture()], Plan(0, 1, 3, 9, 0.0, limit=0.0))
    assert [len(one["turns"]) for one in record["candidates"]] == [1, 1]
    assert record["stopped"] == "time limit of 0 s"
    assert record["complete"]


def test_what_a_turn_is_asked(make: Make, log: Path) -> None:
    candidate = make("a", threads=2, workers=3)
    run([candidate], [picture("x.png"), picture("l.png", detect=False)], Plan(1, 2, 1, 1))
    asked = json.loads(next(log.iterdir()).read_text())
    assert asked == {
        **{"threads": 2, "workers": 3, "warmup": 1, "passes": 2},
        **dict.fromkeys(("pack", "power", "bucket", "max_side", "freedom")),
        "pictures": [
            {"path": "/none/x.png", "detect": True},
            {"path": "/none/l.png", "detect": False},
        ],
    }


def test_the_record_of_a_run(make: Make) -> None:
    pictures = [
        picture("a.png", lines=["ab"], boxes=[[[0, 0], [10, 0], [10, 5], [0, 5]]]),
        picture("b.png", lines=["abcd"], boxes=[[[50, 0], [60, 0], [60, 5], [50, 5]]]),
        picture("c.png", lines=None),
    ]
    told: list[Any] = []
    record = run(
        [make("a", "times = [1.0, 2.0, None]; texts[2] = None")],
        pictures,
        FIXED,
        ["x: y"],
        lambda kind, value: told.append(kind),
    )
    assert told == ["begin", "turn", "turn", "turn", "turn", "end"]
    (found,) = record["candidates"]
    assert found["texts"] == [["ab"], ["ab"], None]
    counts = {"errors": 2, "characters": 6, "cer": 2 / 6}
    assert found["accuracy"] == {**counts, "spaced": counts}
    assert found["detection"]["hmean"] == 0.5
    # Of the two that were read.
    assert found["summary"]["total"]["median"] == pytest.approx(1500.0)
    assert found["summary"]["recognise"]["p90"] == pytest.approx(900.0)
    assert found["lines_per_second"] == pytest.approx(2 / 3)
    assert (found["load"], found["peak_rss"], found["steady"]) == (0.25, 1000000, True)
    assert found["startup_warm"] > 0
    assert record["skipped"] == ["x: y"]
    assert record["settings"]["min_turns"] == 4
    assert [image["boxes"] for image in record["images"]] == [True, True, False]
    assert record == json.loads(json.dumps(record)), "fit for JSON"


def test_a_reader_that_changes_its_mind_is_not_steady(make: Make) -> None:
    record = run([make("a", "texts = [str(number)]")], [picture()], FIXED)
    assert record["candidates"][0]["steady"] is False


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sys.exit('ocr: no such pack')", "ocr: no such pack"),
        ("os.kill(os.getpid(), 6)", "ended by signal 6"),
        ("os._exit(3)", "exit code 3"),
        ("print('x' * 10); sys.stdout.flush(); os._exit(0)", "exit code 0"),
    ],
)
def test_a_candidate_that_fails_leaves_the_others(make: Make, body: str, words: str) -> None:
    said: list[str] = []
    record = run([make("bad", body), make("good")], [picture()], FIXED, say=said.append)
    bad, good = record["candidates"]
    assert bad["failed"] == words
    assert (bad["turns"], bad["summary"], bad["accuracy"]) == ([], None, None)
    assert len(good["turns"]) == 4
    assert good["failed"] is None
    assert f"bad: {words}" in said


def test_a_candidate_that_fails_later_keeps_its_turns(make: Make) -> None:
    record = run([make("a", "if number == 2: os._exit(9)")], [picture()], FIXED)
    (found,) = record["candidates"]
    assert len(found["turns"]) == 2
    assert found["summary"] is not None
    assert found["failed"] == "exit code 9"


def test_a_hung_candidate_is_ended(make: Make) -> None:
    plan = Plan(warmup=0, passes=1, min_sessions=1, max_sessions=1, patience=8.0)
    slow = make("slow", "import time; time.sleep(600)")
    record = run([slow, make("good")], [picture()], plan)
    assert record["candidates"][0]["failed"].startswith("took over")
    assert record["candidates"][1]["failed"] is None


def test_every_candidate_starts_cold_once(make: Make) -> None:
    record = run([make("a"), make("b")], [picture()], FIXED)
    for one in record["candidates"]:
        assert [session["cold"] for session in one["turns"]] == [True, False, False, False]
        assert one["startup_cold"] is not None


def test_a_record_with_a_failed_candidate_can_be_reported(make: Make) -> None:
    plan = Plan(warmup=0, passes=1, min_sessions=3, max_sessions=3)
    record = run([make("bad", "os._exit(3)"), make("good")], [picture()], plan)
    found = result.parse(json.loads(json.dumps(record)), "this run")
    assert [one.failed for one in found.candidates] == ["exit code 3", None]
    assert "bad: failed: exit code 3" in markdown.document(found)
    assert "exit code 3" in page.page(found)
    assert "good" in compare.compare(found, found)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    record = run([Candidate("a", str(tmp_path / "none"))], [picture()], FIXED)
    assert "No such file" in record["candidates"][0]["failed"]


_INTERRUPTED = """
import json, sys
from lite_runner.bench.candidate import Candidate
from lite_runner.bench.run import Plan, run
from tests.lite_runner.bench.conftest import picture
candidates = [Candidate(name, program) for name, program in json.loads(sys.argv[1])]
record = run(candidates, [picture()], Plan(0, 1, 9, 9, 0.0))
print(json.dumps(record))
"""


def test_an_interrupted_run_keeps_what_it_has_and_ends_its_turn(make: Make, log: Path) -> None:
    slow = make("slow", "import time\nif number > 2: time.sleep(600)")
    child = subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTED, json.dumps([[slow.name, slow.program]])],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 60
    while len(list(log.iterdir())) < 4 and time.monotonic() < end:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=60)
    record = json.loads(out)
    assert (record["complete"], record["stopped"]) == (False, "interrupted")
    assert len(record["candidates"][0]["turns"]) == 3
    run_now = subprocess.run(["pgrep", "-f", slow.program], capture_output=True, check=False)
    assert run_now.returncode != 0, "its turn is ended, too"


def test_files_are_dropped_where_that_can_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.bin").write_bytes(b"x" * 10000)
    assert drop_files(tmp_path)
    assert (tmp_path / "a/b.bin").read_bytes() == b"x" * 10000
    monkeypatch.delattr(os, "posix_fadvise")
    assert not drop_files(tmp_path)


# Sweeps


def test_a_sweep_is_every_combination_the_board_can_take() -> None:
    found, skipped = sweep("p", "/ocr", {"pack": "x"}, [1, 4, 8], ["high", "low"], [1, 4], 4)
    assert len(found) == 2 * 2 * 2
    assert len({one.name for one in found}) == len(found)
    assert found[0].name == "p, 1 thread, 1 worker, high"
    assert found[0].request == {"pack": "x", "threads": 1, "workers": 1, "power": "high"}
    assert skipped == [
        "p, 8 threads: the board has 4 cores",
    ]


def test_nothing_asked_is_the_programs_own_setting() -> None:
    (one,), skipped = sweep("p", "/ocr", {}, [], [], [], 4)
    assert one == Candidate("p", "/ocr", dict.fromkeys(("threads", "workers", "power")))
    assert skipped == []


def test_what_is_named_twice_is_measured_once() -> None:
    found, _ = sweep("p", "/ocr", {}, [2, 2], ["high", "high"], [1, 1], 4)
    assert [one.name for one in found] == ["p, 2 threads, 1 worker, high"]
