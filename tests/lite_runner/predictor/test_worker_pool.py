"""Models side by side: order, threads, errors; pages do not depend on how many there are."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lite_runner import pack
from lite_runner.arrays import Floats, Image
from lite_runner.errors import EngineError
from lite_runner.ocr.options import Options
from lite_runner.ocr.pipeline import Ocr
from lite_runner.predictor.protocol import Output
from lite_runner.predictor.shape_cache import ShapeCache
from lite_runner.predictor.worker_pool import WorkerPool

BATCH = np.ones((1, 3, 48, 96), np.float32)


def run(models: ShapeCache, batch: Floats) -> list[Output]:
    return models.run(batch.shape, lambda memory: np.copyto(memory, batch))


def test_results_come_in_the_order_of_the_items(engine: Any) -> None:
    pool = WorkerPool(engine, Path("rec.nb"), 4)
    try:
        assert pool.map(lambda models, item: item * 2, range(50)) == [2 * n for n in range(50)]
    finally:
        pool.close()


def test_each_worker_has_a_model_of_its_own_and_stays_with_it(engine: Any) -> None:
    used: dict[int, set[int]] = {}
    together = threading.Barrier(3, timeout=10)

    def work(models: ShapeCache, item: int) -> None:
        together.wait()  # three at once, or this fails
        used.setdefault(id(models), set()).add(threading.get_ident())
        run(models, BATCH)

    pool = WorkerPool(engine, Path("rec.nb"), 3)
    pool.map(work, range(9))
    pool.close()
    assert len(used) == 3
    assert all(len(threads) == 1 for threads in used.values())
    assert engine.events.count(("open", "rec.nb")) == 3
    assert engine.events.count(("close", "rec.nb")) == 3


def test_one_worker_is_the_caller(engine: Any) -> None:
    pool = WorkerPool(engine, Path("rec.nb"))
    found = pool.map(lambda models, item: threading.get_ident(), range(3))
    assert set(found) == {threading.get_ident()}
    pool.close()


def test_an_error_of_a_worker_is_the_callers(engine: Any) -> None:
    def work(models: ShapeCache, item: int) -> None:
        if item == 1:
            raise EngineError("model: Paddle-Lite failed: no")

    pool = WorkerPool(engine, Path("rec.nb"), 2)
    try:
        with pytest.raises(EngineError, match="failed: no"):
            pool.map(work, range(5))
        assert pool.map(lambda models, item: item, [7]) == [7]
    finally:
        pool.close()


@pytest.mark.parametrize("workers", [2, 5])
def test_pages_read_alike_with_any_number_of_workers(
    engine: Any, pack_folder: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: workers)
    files = pack.load(pack_folder)
    page: Image = np.full((400, 640, 3), 255, np.uint8)
    for number in range(8):
        top, width = 20 + 45 * number, 120 + 60 * number
        page[top : top + 24, 30 : 30 + width // 2] = 10
        page[top : top + 24, 30 + width // 2 : 30 + width] = 90
    found = []
    for count in (1, workers):
        with Ocr(files, engine, Options(workers=count)) as ocr:
            found.append(ocr.read(page))
    one, other = found
    assert len(one) == 8
    assert [line.text for line in one] == [line.text for line in other]
    for line, twin in zip(one, other):
        assert replace(line, box=None) == replace(twin, box=None)  # type: ignore[arg-type]
        assert np.array_equal(line.box, twin.box)


def test_wider_buckets_are_seen_by_the_network(
    engine: Any, pack_folder: Path, sheet: Image
) -> None:
    shapes: dict[int, set[int]] = {}
    for bucket in (32, 160):
        engine.events.clear()
        with Ocr(pack.load(pack_folder), engine, Options(bucket=bucket)) as ocr:
            assert len(ocr.read(sheet)) == 2
        runs = [event for event in engine.events if event[:2] == ("run", "rec.nb")]
        shapes[bucket] = {event[2][3] for event in runs}
    assert all(width % 160 == 0 for width in shapes[160])
    assert shapes[32] != shapes[160]


def test_a_smaller_side_makes_a_smaller_map(engine: Any, pack_folder: Path) -> None:
    seen: list[Floats] = []
    page: Image = np.full((1200, 1200, 3), 255, np.uint8)
    for side in (None, 320):
        engine.events.clear()
        with Ocr(pack.load(pack_folder), engine, Options(max_side=side)) as ocr:
            ocr.read(page)
        seen.append(
            next(
                event[2][2:]
                for event in engine.events
                if event[1] == "det.nb" and event[0] == "run"
            )
        )
    assert seen == [(960, 960), (320, 320)]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("reshapes", [True, False])
def test_warming_opens_every_workers_model_once(engine: Any, workers: int, reshapes: bool) -> None:
    engine.reshapes = reshapes
    pool = WorkerPool(engine, Path("rec.nb"), workers)
    pool.warm()
    assert engine.events == [("open", "rec.nb")] * workers
    pool.map(lambda models, item: run(models, BATCH), range(9))
    assert engine.events.count(("open", "rec.nb")) == workers, "the open ones were taken"
    pool.close()
    assert engine.events.count(("close", "rec.nb")) == workers


def test_a_model_that_cannot_be_opened_is_told_and_nobody_waits(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(model: Path) -> None:
        raise EngineError("rec.nb: Paddle-Lite cannot load it: no")

    monkeypatch.setattr(engine, "open", fail)
    pool = WorkerPool(engine, Path("rec.nb"), 3)
    with pytest.raises(EngineError, match="cannot load it"):
        pool.warm()
    pool.close()


def test_a_closed_crew_says_so(engine: Any) -> None:
    pool = WorkerPool(engine, Path("rec.nb"), 2)
    pool.close()
    with pytest.raises(EngineError, match=r"rec\.nb: already closed; open a new reader"):
        pool.map(lambda models, item: item, [1])
