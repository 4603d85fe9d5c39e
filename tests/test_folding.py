"""Folded and published networks, side by side: the same text, in the same places."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cross_build.boards.board import Board
from cross_build.targets.targets import target
from opt_models.catalog import catalog
from opt_models.formats import nb
from opt_models.packs import build, inputs
from opt_models.packs.build_options import BuildOptions

ROOT = Path(__file__).parent.parent
#: Compares one model that gets inputs of ever other shapes with models opened for each.
ANY_SHAPE = """
import sys
from pathlib import Path

import numpy as np

from lite_runner.predictor import engines
from lite_runner.predictor.protocol import run

engine = engines.of_this_release()
for name, height in (("rec.nb", 48), ("cls.nb", 48)):
    path = Path(sys.argv[1]) / name
    random = np.random.default_rng(2026)
    kept = engine.open(path)
    for _ in range(12):
        size = (random.integers(1, 4), 3, height, 32 * random.integers(1, 30))
        batch = random.normal(size=size).astype(np.float32)
        alone = engine.open(path)
        (one,), (other,) = run(kept, batch), run(alone, batch)
        assert np.array_equal(one.data, other.data), (name, size)
        alone.close()
print("equal")
"""


@pytest.fixture(scope="module")
def readings(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Reads pictures with the folded pack and with the published one."""
    runtime = target("local").runtime
    parts = inputs.from_recipe(catalog.recipe("v4-mobile"), runtime)
    packs = [build.build(parts, BuildOptions(runtime, fold=fold)) for fold in (True, False)]
    assert [bool(pack.recogniser.network.folded) for pack in packs] == [True, False]

    def read(pictures: list[Path]) -> list[Any]:
        found = []
        for pack in packs:
            target = tmp_path_factory.mktemp("read") / "lines.json"
            command = [board.path("ocr"), "read", "--pack", pack.folder, "--json", target]
            subprocess.run([*map(str, command), *map(str, pictures)], check=True)
            found.append(json.loads(target.read_text(encoding="utf-8")))
        return found

    return read


def check(found: list[Any]) -> None:
    folded, published = found
    assert len(folded) == len(published) > 0
    for one, other in zip(folded, published):
        texts, boxes = [[line[key] for line in one["lines"]] for key in ("text", "box")]
        assert texts == [line["text"] for line in other["lines"]]
        for mine, theirs in zip(boxes, (line["box"] for line in other["lines"])):
            # A pixel at most: the probability map may differ where it is just at its threshold.
            assert max(abs(a - b) for p, q in zip(mine, theirs) for a, b in zip(p, q)) <= 1


def test_samples(readings: Any) -> None:
    # Half of them: the published networks take five times as long.
    check(readings(sorted((ROOT / "samples").glob("*.[jp][pn]g"))[::2]))


def test_real_pictures(readings: Any, real_images: Path) -> None:
    check(readings(sorted(real_images.glob("*.[jp][pn]g"))))


def test_the_program_lets_mkl_use_wide_vectors_on_amd(board: Board, tmp_path: Path) -> None:
    script = tmp_path / "show.py"
    script.write_text("import os; print(os.environ.get('MKL_DEBUG_CPU_TYPE'))", encoding="utf-8")

    def shown(**more: str) -> str:
        env = {key: value for key, value in os.environ.items() if "MKL" not in key}
        command = [str(board.path("ocr")), "python", str(script)]
        run = subprocess.run(command, env={**env, **more}, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return run.stdout.strip()

    cpu = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    if not {"AuthenticAMD", "avx2", "fma"} <= cpu:
        expected = "None"
    elif {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"} <= cpu:
        expected = "7"
    else:
        expected = "5"
    assert shown() == expected
    # Who has set it knows better.
    assert shown(MKL_DEBUG_CPU_TYPE="1") == "1"
    assert shown(MKL_DEBUG_CPU_TYPE="") == ""


def freedom(board: Board, *options: object) -> Any:
    command = [str(board.path("ocr")), "verify", "--json", *map(str, options)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(run.stdout)["freedom"]


def test_folded_lines_may_have_any_shape_on_x86(board: Board, tmp_path: Path) -> None:
    free = {"reshapes": True, "batches": True}
    found = freedom(board)
    # The detector's large convolutions stay compiled for one shape.
    assert found == {
        "det.nb": {"reshapes": False, "batches": False},
        "cls.nb": free,
        "rec.nb": free,
    }
    script = tmp_path / "any_shape.py"
    script.write_text(ANY_SHAPE, encoding="utf-8")
    command = [board.path("ocr"), "python", script, board.path("current", "pack")]
    # Memory that is not set reads as garbage, and large pieces lie apart.
    alert = {"MALLOC_PERTURB_": "165", "MALLOC_MMAP_THRESHOLD_": "16384"}
    run = subprocess.run(
        list(map(str, command)), env={**os.environ, **alert}, capture_output=True, text=True
    )
    assert run.stdout.endswith("equal\n"), run.stderr


def test_published_networks_are_opened_anew_for_each_shape_on_x86(board: Board) -> None:
    runtime = target("local").runtime
    parts = inputs.from_recipe(catalog.recipe("v4-mobile"), runtime)
    found = freedom(board, "--pack", build.build(parts, BuildOptions(runtime, fold=False)).folder)
    assert not any(one["reshapes"] for name, one in found.items() if name != "cls.nb")


def test_opt_does_not_undo_what_is_done_for_x86(board: Board) -> None:
    runtime = target("local").runtime
    parts = inputs.from_recipe(catalog.recipe("v4-mobile"), runtime)
    pack = build.build(parts, BuildOptions(runtime))
    operators = nb.read(pack.recogniser.network.path).summary.operators
    assert operators["sigmoid"] == 7
    assert operators["batch_norm"] == 20
    assert "swish" not in operators
