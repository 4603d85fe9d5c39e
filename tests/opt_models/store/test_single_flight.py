"""Work that is done once for all who want it."""

from __future__ import annotations

import threading

import pytest

from opt_models.store.single_flight import SingleFlight


def test_threads_that_want_the_same_wait_for_the_first() -> None:
    once, calls, go = SingleFlight(), [], threading.Event()

    def work() -> object:
        calls.append(1)
        go.wait(10)
        return object()

    found: list[object] = []

    def want() -> None:
        found.append(once("a", work))

    threads = [threading.Thread(target=want, daemon=True) for _ in range(5)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(30)
    assert len(calls) == 1
    assert len(found) == 5
    assert len(set(map(id, found))) == 1
    assert once("b", lambda: 7) == 7


def test_a_failure_is_everybodys() -> None:
    once = SingleFlight()

    def fail() -> None:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            once("a", fail)
