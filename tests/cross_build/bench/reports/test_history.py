"""Where results are kept, and that they are found again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cross_build.bench.reports import history, result
from cross_build.boards.transports import local
from cross_build.errors import ReportError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(local.VARIABLE, str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def small(make_result):
    def make(started="2026-11-24T22:10:00+00:00", **changes):
        data = make_result(
            packs=("v4-mobile",), threads=(1,), peer=False, turns=1, passes=1, started=started
        )
        return {**data, **changes}

    return make


def test_results_are_kept_by_target_and_time(home: Path, small) -> None:
    data = small("2026-11-25T00:10:00+02:00")
    path = history.keep(data)
    assert path == home / "benchmarks" / "rpi4" / "2026-11-24T22-10-00Z.json"
    assert json.loads(path.read_text("utf-8")) == data
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_earlier_ones_of_the_same_board_are_found_oldest_first(small) -> None:
    for day in (26, 24, 25):
        history.keep(small(f"2026-11-{day}T10:00:00Z"))
    history.keep(small("2026-11-23T10:00:00Z", host="pi@another"))
    history.keep(small("2026-11-22T10:00:00Z", target="rpi5"))
    assert [one.started.day for one in history.earlier("rpi4", "pi@board")] == [24, 25, 26]
    assert [one.started.day for one in history.earlier("rpi4", "pi@another")] == [23]
    assert history.earlier("rpi3", "pi@board") == []


def test_nothing_that_is_kept_is_written_over(small) -> None:
    first = history.keep(small())
    assert history.keep(small()) == first
    second = history.keep(small(seconds=1.0))
    assert second.name == "2026-11-24T22-10-00Z-2.json"
    assert {one.seconds for one in history.earlier("rpi4", "pi@board")} == {812.3, 1.0}


def test_what_is_damaged_is_told_and_left_out(small, capsys: pytest.CaptureFixture[str]) -> None:
    history.keep(small())
    (history.folder("rpi4") / "2026-01-01T00-00-00Z.json").write_text("{", "utf-8")
    assert len(history.earlier("rpi4", "pi@board")) == 1
    assert "left out: " in (said := capsys.readouterr().err) and "is not JSON" in said


@pytest.mark.parametrize("target", ["../../etc", "/etc", "..", "a/b", None])
def test_no_target_leads_out_of_the_folder(home: Path, small, target: str | None) -> None:
    path = history.keep(small(target=target))
    assert path.resolve().parent.parent == (home / "benchmarks").resolve()
    assert len(history.earlier(target, "pi@board")) == 1


def test_only_results_are_kept(home: Path) -> None:
    with pytest.raises(ReportError, match="this result: holds no benchmark"):
        history.keep({"images": []})
    assert not home.exists()


def test_a_folder_that_cannot_be_written_is_told(home: Path, small) -> None:
    home.mkdir()
    (home / "benchmarks").write_text("in the way", "utf-8")
    with pytest.raises(ReportError, match=f"cannot be written: .*set {local.VARIABLE} to another"):
        history.keep(small())


def test_a_kept_result_reads_as_it_was(small) -> None:
    data = small()
    again = result.load(history.keep(data))
    assert again.candidates[0].id == data["candidates"][0]["id"]
