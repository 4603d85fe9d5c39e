"""Folded and published networks, side by side: the same text, in the same places."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cross_build.board import Board
from cross_build.targets import target
from opt_models import build_pack, catalog, ingredients

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def readings(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Reads pictures with the folded pack and with the published one."""
    runtime = target("local").runtime
    parts = ingredients.from_recipe(catalog.recipe("v4-mobile"), runtime)
    packs = [build_pack.build(parts, runtime, fold=fold) for fold in (True, False)]
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
    check(readings(sorted((ROOT / "samples").glob("*.[jp][pn]g"))))


def test_real_pictures(readings: Any, real_images: Path) -> None:
    check(readings(sorted(real_images.glob("*.[jp][pn]g"))))


def test_the_program_lets_mkl_use_avx2_on_amd(board: Board, tmp_path: Path) -> None:
    script = tmp_path / "show.py"
    script.write_text("import os; print(os.environ.get('MKL_DEBUG_CPU_TYPE'))", encoding="utf-8")

    def shown(**more: str) -> str:
        env = {key: value for key, value in os.environ.items() if "MKL" not in key}
        command = [str(board.path("ocr")), "python", str(script)]
        run = subprocess.run(command, env={**env, **more}, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return run.stdout.strip()

    cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    amd = "AuthenticAMD" in cpu and {"avx2", "fma"} <= set(cpu.split())
    assert shown() == ("5" if amd else "None")
    # Who has set it knows better.
    assert shown(MKL_DEBUG_CPU_TYPE="1") == "1"
    assert shown(MKL_DEBUG_CPU_TYPE="") == ""
