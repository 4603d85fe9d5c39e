"""Tuning: which setting is chosen, and what a board keeps of it."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

import pytest

from cross_build.bench import tuning
from cross_build.bench.benchmark import Stage
from cross_build.boards.board import Board
from cross_build.boards.transports.local import Local
from cross_build.errors import BoardError, TargetError
from cross_build.targets.targets import target
from lite_runner.bench.candidate import Candidate
from lite_runner.bench.run import Plan
from tests.lite_runner.bench.conftest import picture

#: Seconds a setting takes, and how many characters of 1000 it gets wrong, perhaps also with spaces.
Rule = Any


def wrong(errors: int, spaced: int) -> dict[str, Any]:
    """A record's accuracy: errors of 1000 characters, without spaces and with them."""
    plain, more = ({"errors": n, "characters": 1000, "cer": n / 1000} for n in (errors, spaced))
    return {**plain, "spaced": more}


def turns(total: float) -> list[dict[str, Any]]:
    """Of a candidate: passes that differ a little."""
    return [
        {"passes": [[{"total": total * (1 + 0.01 * ((n + m) % 3 - 1))}] for m in range(3)]}
        for n in range(4)
    ]


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(target("local"), Local(tmp_path / "board"), sys.executable)


@pytest.fixture
def tune(board: Board, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Tunes a board of four cores whose times and errors follow rules."""

    def run(rule: Rule, within: float = 0.1, stopped: str | None = None) -> tuning.Tuned:
        def measure(
            stage: Stage, candidates: Sequence[Candidate], skipped: Any, plan: Plan, emulated: bool
        ) -> dict[str, Any]:
            found = []
            for one in candidates:
                seconds, errors, *spaced = rule(one.request)
                found.append(
                    {
                        "id": one.name,
                        "turns": turns(seconds),
                        "failed": None,
                        "steady": True,
                        "accuracy": wrong(errors, *(spaced or [errors])),
                        "summary": {"total": {"median": seconds * 1000}},
                        "max_side": one.request["max_side"] or 960,
                    }
                )
            complete = stopped is None
            return {"complete": complete, "stopped": stopped, "candidates": found}

        @contextmanager
        def staged(board: Board, sweep: Any, pictures: Any) -> Iterator[Stage]:
            assert not sweep.tuned, "what an earlier tuning found is not what is compared with"
            yield Stage(board, [("tiny", "/ocr", False)], 4, [], ["a1b2"])

        monkeypatch.setattr(tuning, "measure", measure)
        monkeypatch.setattr(tuning, "staged", staged)
        return tuning.tune(board, "", "", [picture()], Plan(), within)

    return run


def flat(request: Mapping[str, Any]) -> tuple[float, int]:
    return 1.0, 10


def test_what_is_not_faster_is_not_taken(tune: Any, board: Board) -> None:
    done = tune(flat)
    assert (done.setting, done.gain) == ({}, 1.0)
    assert board.release("tuned") == {}
    assert "nothing is faster" in tuning.summary(board, done)


def test_one_thing_after_the_other(tune: Any, board: Board) -> None:
    def rule(request: Mapping[str, Any]) -> tuple[float, int]:
        seconds = 1.0 if request["threads"] == 2 and request["workers"] == 4 else 2.0
        seconds *= 0.8 if request["bucket"] == 64 else 1.0
        seconds *= (request["max_side"] or 960) / 960
        return seconds, 10

    done = tune(rule)
    expected = {"threads": 2, "workers": 4, "bucket": 64, "max_side": 480}
    assert done.setting == expected
    assert done.gain == pytest.approx(2.0 / 0.4)
    assert board.release("tuned") == {"a1b2": expected}
    assert len(done.records) == 4, "the best was measured against the first once more"
    assert "5.00 times as fast with threads 2, workers 4" in tuning.summary(board, done)


@pytest.mark.parametrize(("within", "side"), [(0.1, 640), (0.5, 480)])
def test_reading_worse_than_allowed_is_not_bought(tune: Any, within: float, side: int) -> None:
    def rule(request: Mapping[str, Any]) -> tuple[float, int]:
        side = request["max_side"] or 960
        return side / 960, {480: 15, 640: 11}.get(side, 10)

    assert tune(rule, within).setting["max_side"] == side


def test_losing_spaces_is_reading_worse(tune: Any) -> None:
    def rule(request: Mapping[str, Any]) -> tuple[float, int, int]:
        side = request["max_side"] or 960
        return side / 960, 10, {480: 90, 640: 31}.get(side, 30)

    assert tune(rule, 0.1).setting["max_side"] == 640


def test_a_little_faster_within_the_noise_is_not_faster(tune: Any) -> None:
    assert tune(lambda request: (0.998 if request["bucket"] == 64 else 1.0, 10)).setting == {}


def test_an_interrupted_tuning_keeps_nothing(tune: Any, board: Board) -> None:
    board.release("tune", "a1b2", stdin=json.dumps({"threads": 4}))
    with pytest.raises(BoardError, match="tuning ended early: interrupted; nothing is kept"):
        tune(flat, stopped="interrupted")
    assert board.release("tuned") == {"a1b2": {"threads": 4}}


def test_a_tuning_that_finds_nothing_forgets_the_last_one(tune: Any, board: Board) -> None:
    for name in ("a1b2", "other"):
        board.release("tune", name, stdin=json.dumps({"threads": 4}))
    tune(flat)
    assert board.release("tuned") == {"other": {"threads": 4}}


def test_true_text_is_needed(board: Board) -> None:
    with pytest.raises(TargetError, match=r"--tune: the text of no picture is known"):
        tuning.tune(board, "", "", [picture(lines=None)], Plan(), 0.1)


def test_the_luck_of_the_fastest_is_not_believed(tune: Any, board: Board) -> None:
    """What won among many must win again, alone against the first."""
    asked: list[Any] = []

    def rule(request: Mapping[str, Any]) -> tuple[float, int]:
        asked.append(request)
        # Fast as long as many are measured, like the first when it is measured once more.
        return (0.5 if request["bucket"] == 64 and len(asked) <= 17 else 1.0), 10

    done = tune(rule)
    assert len(done.records) == 4
    assert (done.setting, done.gain) == ({}, 1.0)
    assert board.release("tuned") == {}


def test_what_crashed_or_reads_otherwise_each_time_is_not_taken() -> None:
    def candidate(total: float, **changes: Any) -> dict[str, Any]:
        known = {"turns": turns(total), "failed": None, "steady": True, "accuracy": wrong(0, 0)}
        return {**known, **changes}

    first = candidate(1.0)
    assert tuning._choose({"candidates": [first, candidate(0.5)]}, 0.1) == 1
    for bad in ({"failed": "ended by signal 6"}, {"steady": False}, {"turns": []}):
        assert tuning._choose({"candidates": [first, candidate(0.5, **bad)]}, 0.1) == 0
