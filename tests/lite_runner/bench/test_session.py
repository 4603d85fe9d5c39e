"""Turns: what a reader is asked and what it says, pass by pass."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from lite_runner import pack
from lite_runner.arrays import Image
from lite_runner.bench import session
from lite_runner.errors import ImageError
from lite_runner.ocr.options import Options
from lite_runner.releases import settings

ABOUT = {"engine": "E", "engine_version": "1", "reader": "R", "pack": "P", "models": {}}
TIMES = dict.fromkeys(("decode", "detect", "classify", "recognise", "total"), 0.5)


class Reader:
    """Reads as it is told; ``broken`` cannot be read."""

    about = ABOUT

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.asked: list[tuple[str, bool]] = []

    def read(self, path: str, detect: bool) -> Any:
        self.asked.append((path, detect))
        if path == "broken":
            raise ImageError("is empty")
        text = self.texts[(len(self.asked) - 1) % len(self.texts)]
        return TIMES, ([text], [[[0, 0], [1, 0], [1, 1], [0, 1]]])


def take(reader: Reader, *pictures: tuple[str, bool], warmup: int = 1, passes: int = 2) -> Any:
    sink = io.StringIO()
    asked = [{"path": path, "detect": detect} for path, detect in pictures]
    request = {"warmup": warmup, "passes": passes, "pictures": asked}
    session.take(request, sink, lambda given: reader)
    return [next(iter(json.loads(line).items())) for line in sink.getvalue().splitlines()]


def test_the_order_of_a_turns_words() -> None:
    reader = Reader(["same"])
    said = take(reader, ("a", True), ("b", False))
    assert [kind for kind, _ in said] == ["ready", "pass", "pass", "done"]
    assert said[0][1].items() >= ABOUT.items()
    assert said[0][1]["load"] >= 0
    assert said[1][1] == [TIMES, TIMES]
    # Warming up is not counted, but it reads like every pass.
    assert reader.asked == [("a", True), ("b", False)] * 3
    assert said[-1][1]["steady"] is True
    assert said[-1][1]["read"][0][0] == ["same"]
    assert said[-1][1]["peak_rss"] > 1_000_000


def test_pictures_that_cannot_be_read_are_null() -> None:
    said = take(Reader(["x"]), ("a", True), ("broken", True))
    assert said[1][1] == [TIMES, None]
    assert said[-1][1]["read"][1] is None


def test_reading_otherwise_in_a_later_pass_is_told() -> None:
    assert take(Reader(["x", "y"]), ("a", True))[-1][1]["steady"] is False


def test_the_peak_of_memory_is_the_processs_own(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tx\nVmPeak:\t  9000 kB\nVmHWM:\t  1234 kB\nVmRSS:\t 1000 kB\n")
    assert session.peak_rss(status) == 1234 * 1024
    status.write_text("Name:\tx\n")
    assert session.peak_rss(status) is None
    assert session.peak_rss(tmp_path / "none") is None


@pytest.fixture
def reader(engine: Any, pack_folder: Path, sheet: Image, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes our own reader on an engine of rules."""
    monkeypatch.setattr(session.engines, "of_this_release", lambda threads, power: engine)
    monkeypatch.setattr(session.image, "load", lambda path: sheet)

    def make(**request: Any) -> session.LiteReader:
        keys = ("threads", "power", "workers", "bucket", "max_side", "freedom")
        return session.LiteReader({"pack": str(pack_folder), **dict.fromkeys(keys), **request})

    return make


def test_our_reader_tells_what_it_runs(reader: Any, pack_folder: Path) -> None:
    about = reader(workers=2, bucket=64, max_side=320).about
    assert (about["engine"], about["engine_version"]) == ("Paddle-Lite", "v2.13-rc")
    assert (about["pack"], about["workers"], about["bucket"], about["max_side"]) == (
        *("tiny", 2, 64, 320),
    )
    recogniser = pack.load(pack_folder).recogniser.network
    assert about["models"]["rec"]["source"] == recogniser.source
    assert set(about["models"]) == {"det", "cls", "rec"}
    # What is not asked is as the release has it, and the pack.
    about = reader().about
    assert (about["workers"], about["bucket"], about["max_side"]) == (1, 32, 960)


def test_our_reader_times_its_stages(reader: Any) -> None:
    times, (texts, boxes) = reader().read("x.png", detect=True)
    assert texts == ["l", "l"]
    assert [len(box) for box in boxes] == [4, 4]
    parts = sum(times[stage] for stage in ("decode", "detect", "classify", "recognise"))
    assert parts == pytest.approx(times["total"])
    _, (texts, boxes) = reader().read("x.png", detect=False)
    assert len(texts) == 1


def test_stages_may_be_left_out(reader: Any) -> None:
    times, (texts, _) = reader(recognise=False).read("x.png", detect=True)
    assert times["recognise"] < times["detect"]
    assert texts == ["None", "None"]


def test_a_releases_settings_are_the_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    tuned = settings.Settings(workers=3, bucket=64, max_side=640)
    monkeypatch.setattr(settings, "of_this_release", lambda: tuned)
    found = Options(bucket=128).tuned()
    assert (found.workers, found.bucket, found.max_side) == (3, 128, 640)
