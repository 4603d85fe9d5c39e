"""The table of boards, and what a board says against it."""

from __future__ import annotations

import dataclasses

import pytest

from cross_build.boards import emulator
from cross_build.boards.board import Board
from cross_build.boards.transports.local import Local
from cross_build.errors import TargetError
from cross_build.targets import targets
from cross_build.targets.facts import Facts, usual
from lite_runner.releases.settings import POWER_MODES
from opt_models.catalog import catalog
from opt_models.store import wheels

BOARDS = {
    *("rpi3", "rpi4", "rpi5", "zero2w", "zero2w-32", "rpi2", "rpi3-32", "rpi4-32"),
    *("jetson-nano", "jetson-xavier", "jetson-orin", "rk3399", "armv8", "armv7hf", "local"),
    *("android-arm64", "android-armv7"),
}


def test_every_board_is_there() -> None:
    assert set(targets.targets()) == BOARDS
    assert len(targets.table().splitlines()) == len(BOARDS) + 1


@pytest.mark.parametrize("name", sorted(BOARDS - {"local"}))
def test_rows_make_sense(name: str) -> None:
    found = targets.target(name)
    machine = {"armv8": "aarch64", "armv7hf": "armv7l"}[found.runtime.processor]
    way = "adb" if name.startswith("android") else "ssh"
    assert (found.machine, found.transport) == (machine, way)
    assert all(bool(one.portable_python) == (way == "adb") for one in found.systems)
    assert found.pack in catalog.recipes()
    assert found.power in POWER_MODES
    assert bool(found.wheels) == (machine == "aarch64")
    assert found.threads <= (sum(one.count for one in found.cores) or 4)
    for system in found.systems:
        facts = usual(found, system)
        assert facts.symbols["GLIBCXX"] == (3, 4, system.glibcxx)
        assert wheels.platforms(facts.machine, facts.glibc)
        major, minor = system.python.split(".")
        assert (int(major), int(minor)) >= (3, 8)


def test_of_a_kind_of_board_the_processor_is_known_and_of_any_board_it_is_not() -> None:
    known = {
        name: usual(row, row.system()).features
        for name, row in targets.targets().items()
        if row.systems
    }
    assert known["rpi5"] == {"asimdhp", "asimddp"}
    assert known["rpi4"] == frozenset()
    assert known["armv8"] is None


@pytest.mark.parametrize(
    ("name", "cpu"),
    [
        ("rpi5", "cortex-a76"),
        ("jetson-orin", "cortex-a76"),
        ("jetson-xavier", "cortex-a76"),
        ("rpi4", "cortex-a72"),
        ("zero2w", "cortex-a72"),
        ("armv8", "cortex-a72"),
        ("zero2w-32", "cortex-a7"),
    ],
)
def test_an_emulated_core_has_what_the_targets_has(name: str, cpu: str) -> None:
    assert emulator.cpu(targets.target(name)) == cpu


def test_a_system_is_chosen_by_name() -> None:
    rpi4 = targets.target("rpi4")
    assert rpi4.system().name == "rpios12"
    assert rpi4.system("rpios11").python == "3.9"
    with pytest.raises(TargetError, match="rpi4: there is no system 'jetpack4'; known systems:"):
        rpi4.system("jetpack4")


def facts(**changes: object) -> Facts:
    found = usual(targets.target("rpi5"), targets.target("rpi5").system())
    features = frozenset({"asimdhp", "asimddp"})
    known = dataclasses.replace(found, features=features, model="Raspberry Pi 5 Model B")
    return dataclasses.replace(known, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, []),
        ({"model": "Raspberry Pi 4 Model B Rev 1.4"}, ["it says it is a Raspberry Pi 4"]),
        ({"cores": 2}, ["it has 2 cores, the target 4"]),
        ({"features": frozenset({"asimdhp"})}, ["its processor lacks asimddp"]),
        ({"features": frozenset()}, ["its processor lacks asimddp, asimdhp, which"]),
        ({"features": None, "model": ""}, []),
    ],
)
def test_contradictions_are_told(changes, words) -> None:
    found = Board(targets.target("rpi5"), Local()).contradictions(facts(**changes))
    assert [one[: len(word)] for one, word in zip(found, words)] == words
    assert len(found) == len(words)
