"""Benchmarks on the emulated board, with the double: brought, measured, left and removed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import cv2
import pytest

from cross_build.bench import benchmark, evaluation
from cross_build.bench.staging import Sweep
from cross_build.boards.transports.ssh import Ssh
from cross_build.deploys import deploy as deploys
from cross_build.errors import BoardError
from lite_runner.bench import pictures as find
from lite_runner.bench.run import Plan
from tests import double
from tests.board.conftest import Site

PLAN = Plan(warmup=0, passes=1, min_sessions=1, max_sessions=1)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("pictures")
    pages = {"one.png": ["ab", "abab"], "two.png": ["ba"]}
    for name, lines in pages.items():
        cv2.imwrite(str(folder / name), double.picture(tuple(lines)))
    (folder / "labels.json").write_text(json.dumps(pages))
    return find.find([str(folder)])


def releases(site: Site) -> set[str]:
    return {path.name for path in (site.home / "releases").iterdir()}


def test_packs_are_measured_and_only_they_are_removed(
    site: Site, plain: Path, tmp_path: Path, pictures: list[dict[str, Any]]
) -> None:
    other = double.pack(tmp_path / "other", {"rec": b"DOUBLE rec, for the benchmark"})
    before, current = releases(site), site.current
    sweep = Sweep([str(plain), str(other)], threads=[1, 64], workers=[2], runtime=str(site.runtime))
    record = benchmark.bench(site.board, sweep, pictures, PLAN, emulated=True)
    assert record["complete"]
    assert (record["emulated"], record["target"]) == (True, "rpi4")
    names = [one["id"] for one in record["candidates"]]
    assert names == ["pack, 1 thread, 2 workers", "other, 1 thread, 2 workers"]
    for one in record["candidates"]:
        assert one["failed"] is None
        assert one["texts"] == [["ab", "abab"], ["ba"]]
        assert one["accuracy"]["errors"] == 0
        assert (one["engine_version"], one["workers"]) == (double.RELEASE, 2)
        counts = one["instructions"]
        assert counts["image"].endswith("two.png")
        assert counts["total"] > counts["detect"] > 100_000
    cold = [turn["cold"] for one in record["candidates"] for turn in one["turns"]]
    assert cold == [True, True]
    assert "64 threads" in record["skipped"][0]
    assert (releases(site), site.current) == (before, current)
    assert list((site.home / "inbox").iterdir()) == []
    assert site.program("verify").code == 0


def test_the_board_measures_itself(site: Site, pictures: list[dict[str, Any]]) -> None:
    run = site.program("bench", "--limit", "1", "--json", "-")
    assert run.code == 0, run.stderr
    record = json.loads(run.stdout)
    (found,) = record["candidates"]
    assert found["texts"] == [list(double.LINES)]
    assert found["accuracy"]["errors"] == 0
    assert record["images"][0]["image"] == "golden.png"
    shown = site.program("bench", "--limit", "1", "--threads", "1,999")
    assert shown.code == 0
    assert "999 threads: the board has" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--threads", "0"], "argument --threads: '0' is not a whole number of at least 1"),
        (["--power", "turbo"], "argument --power: 'turbo' is not one of high, low, full, unbound"),
        (["/no/such.png"], "/no/such.png: does not exist; check the path"),
        (["--threads", "999"], "999 threads: the board has"),
    ],
)
def test_wrong_usage_is_told(site: Site, arguments: list[str], words: str) -> None:
    run = site.program("bench", *arguments)
    assert run.code == 2, run.stdout
    assert words in run.stderr.strip().splitlines()[-1]


def test_a_lost_connection_keeps_what_was_measured(
    site: Site, plain: Path, pictures: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Ssh.run

    def run(self: Ssh, command: Any, stdin: str = "", on_line: Any = None) -> Any:
        turns = []

        def line(text: str) -> None:
            on_line(text)
            if text.startswith('{"turn"'):
                turns.append(text)
            if len(turns) == 2:
                raise BoardError("board: the connection was lost")

        if "--job" in command:
            return real(self, command, stdin, line)
        return real(self, command, stdin, on_line)

    monkeypatch.setattr(Ssh, "run", run)
    sweep = Sweep([str(plain)], runtime=str(site.runtime))
    plan = Plan(warmup=0, passes=1, min_sessions=9, max_sessions=9)
    record = benchmark.bench(site.board, sweep, pictures, plan, emulated=True)
    assert not record["complete"]
    assert "the connection was lost" in record["stopped"]
    assert len(record["candidates"][0]["turns"]) == 2
    assert site.program("verify").code == 0


def test_what_tuning_found_is_what_is_deployed(site: Site, plain: Path) -> None:
    models = deploys.bundle_for(site.board, str(plain), str(site.runtime)).models
    site.board.release("tune", models, stdin=json.dumps({"threads": 2, "workers": 2, "bucket": 64}))
    try:
        assert site.deploy(plain).changed
        how = json.loads((site.home / "current/settings.json").read_text())
        assert (how["threads"], how["workers"], how["bucket"]) == (2, 2, 64)
        assert site.program("verify").code == 0
        assert not site.deploy(plain).changed
    finally:
        site.board.release("tune", models, stdin="null")
    assert site.deploy(plain).changed


def test_two_packs_are_compared_line_by_line(
    site: Site, plain: Path, tmp_path: Path, pictures: list[dict[str, Any]]
) -> None:
    other = double.pack(tmp_path / "other", {"cls": b"DOUBLE cls, compared"})
    found = evaluation.evaluate(
        *(site.board, str(other), str(plain), str(site.runtime), pictures),
        limit=0.0,
        emulated=True,
    )
    assert found.passed
    assert found.changes == []
    assert os.path.basename(str(other)) in evaluation.text(found)  # noqa: PTH119
    assert deploys.preview(site.board, str(plain), str(site.runtime)).count("in use already")
