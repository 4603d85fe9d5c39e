"""Text along curves, read by a deployed release with its real networks."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cross_build.boards.board import Board
from tests import curved_drawing

PICTURES = {
    "seal": curved_drawing.seal,
    "sign": curved_drawing.sign,
    "ring": curved_drawing.ring,
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("curved")
    for name, drawn in PICTURES.items():
        drawn()[0].save(folder / f"{name}.png")
    return folder


def read(board: Board, folder: Path, *options: str) -> dict[str, Any]:
    command = [board.path("ocr"), "read", "--json", "-", *options]
    run = subprocess.run([*command, str(folder)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return {Path(page["image"]).stem: page for page in json.loads(run.stdout)}


def text(lines: list[Any]) -> list[str]:
    """Without spaces, which recognisers place loosely between letters that stand wide."""
    return [line["text"].replace(" ", "") for line in lines]


def test_text_along_curves_is_read_with_polygons(
    board: Board, pictures: Path, tmp_path: Path
) -> None:
    pages = read(board, pictures, "--polygons", "--draw", str(tmp_path))
    for name, drawn in PICTURES.items():
        page = pages[name]
        assert text(page["lines"]) == [line.replace(" ", "") for line in drawn()[1]], name
        for line in page["lines"]:
            assert len(line["box"]) == 4
            assert len(line["polygon"]) % 2 == 0
            assert signed_area(line["polygon"]) > 0, "not clockwise on the screen"
        assert (tmp_path / f"{name}.png").is_file()
    straight = [line for line in pages["sign"]["lines"] if len(line["polygon"]) == 4]
    assert [line["text"] for line in straight] == ["straight line 2026"]
    assert straight[0]["polygon"] == straight[0]["box"]


def test_rectangles_do_not_read_them(board: Board, pictures: Path) -> None:
    """What polygons are for; and without them nobody is given any."""
    pages = read(board, pictures)
    for name, drawn in PICTURES.items():
        lines = pages[name]["lines"]
        assert text(lines) != [line.replace(" ", "") for line in drawn()[1]]
        assert not any("polygon" in line for line in lines)


def signed_area(points: list[list[float]]) -> float:
    """By the shoelace formula; y grows downwards, so clockwise is positive."""
    pairs = zip(points, [*points[1:], points[0]])
    return sum(x * v - u * y for (x, y), (u, v) in pairs) / 2
