"""Bundles of peers: what is in them for a board, and that they read on this one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cross_build.bench import benchmark
from cross_build.bench.peers import bundle, weights
from cross_build.bench.peers.peer import PEERS
from cross_build.bench.staging import Sweep
from cross_build.boards.board import Board
from cross_build.errors import TargetError
from cross_build.targets.facts import usual
from cross_build.targets.targets import target
from lite_runner.bench import pictures
from lite_runner.bench.run import Plan
from opt_models.errors import CatalogError
from opt_models.packs import resolve

PLAN = Plan(warmup=0, passes=1, min_sessions=1, max_sessions=1)


@pytest.mark.parametrize("name", list(PEERS))
def test_a_bundle_for_a_board(name: str) -> None:
    rpi4 = target("rpi4")
    given = weights.named("v6-tiny")
    found = bundle.make(PEERS[name], given, rpi4, usual(rpi4, rpi4.system()))
    assert any(one.startswith(f"{name}-{PEERS[name].version}-") for one in found.about["wheels"])
    # Only the networks that are measured go along: packages carry others.
    networks = {path for path, item in found.items.items() if item.size > 500_000}
    networks = {path for path in networks if path.endswith(".onnx")}
    assert networks == {f"weights/{stage}.onnx" for stage in ("det", "cls", "rec")}
    told = json.loads(found.items["peer.json"].source.read_text(encoding="utf-8"))
    assert all(path in found.items for path in told["files"].values())
    for stage, model in told["models"].items():
        assert model["sha256"] == found.items[told["files"][stage]].sha256
        assert model["source"] == given.models[stage]


def test_boards_without_wheels_have_no_peers() -> None:
    rpi2 = target("rpi2")
    facts = usual(rpi2, rpi2.system())
    with pytest.raises(TargetError, match=r"--peer rapidocrlite: there are no packages .* armv7l"):
        bundle.make(PEERS["rapidocrlite"], weights.named("v4-mobile"), rpi2, facts)


def test_peers_are_measured_with_the_networks_of_the_pack(board: Board, folder: Path) -> None:
    releases = Path(board.path("releases"))
    before = set(releases.iterdir())
    found = pictures.find([str(folder)])
    sweep = Sweep(["v4-mobile"], threads=[1], peers=["rapidocr", "rapidocrlite", "onnxruntime"])
    record = benchmark.bench(board, sweep, found, PLAN, emulated=False)
    ours, *theirs = record["candidates"]
    names = [one["id"] for one in theirs]
    assert names == ["rapidocr, v4-mobile, 1 thread", "rapidocrlite, v4-mobile, 1 thread"]
    expected = [list(picture["lines"]) for picture in found]
    for one in theirs:
        assert one["failed"] is None
        assert [_letters(page) for page in one["texts"]] == [_letters(page) for page in expected]
        assert {stage: model["source"] for stage, model in one["models"].items()} == {
            stage: model["source"] for stage, model in ours["models"].items()
        }
        assert one["pack"] == ours["pack"]
        for times in one["turns"][0]["passes"][0]:
            parts = sum(times[stage] for stage in ("decode", "detect", "classify", "recognise"))
            assert parts == pytest.approx(times["total"])
    # Only one of them tells what its stages take.
    page = [one["turns"][0]["passes"][0][0]["recognise"] > 0 for one in theirs]
    assert page == [True, False]
    assert [sentence for sentence in record["skipped"] if "rapidocrlite" in sentence]
    assert set(releases.iterdir()) == before


@pytest.fixture
def own_pack(tmp_path: Path) -> str:
    """A pack of a user's own detector, of which nobody has an ONNX file."""
    place = tmp_path / "mine"
    shutil.copytree(resolve.find("v4-mobile", target("local").runtime).folder, place)
    about = json.loads((place / "pack.json").read_text(encoding="utf-8"))
    about["name"], about["det"]["source"] = "mine", "my_detector"
    (place / "pack.json").write_text(json.dumps(about), encoding="utf-8")
    return str(place)


def test_a_pack_that_peers_cannot_have_is_left_out(
    board: Board, folder: Path, own_pack: str
) -> None:
    sweep = Sweep([own_pack, "v4-mobile"], threads=[1], peers=["rapidocrlite"])
    found = pictures.find([str(folder / "line.png")])
    record = benchmark.bench(board, sweep, found, PLAN, emulated=False)
    measured = [(one["engine"], one["pack"]) for one in record["candidates"]]
    assert measured[2:] == [("RapidOCRLite", "v4-mobile")]
    why = "peers: pack mine: there is no ONNX file of my_detector"
    assert any(sentence.startswith(why) for sentence in record["skipped"])
    with pytest.raises(CatalogError, match=why):
        benchmark.bench(board, Sweep([own_pack], peers=["rapidocr"]), found, PLAN, emulated=False)


def _letters(page: Any) -> str:
    return "".join("".join(page).split())
