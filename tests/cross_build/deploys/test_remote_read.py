"""Reading on a board that is really deployed, from the host."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from cross_build.boards.board import Board
from cross_build.boards.connect import connect
from cross_build.deploys import remote_read
from cross_build.errors import BoardError
from cross_build.targets.targets import target
from lite_runner.errors import UsageError
from lite_runner.ocr.results import Result
from lite_runner.pictures.inputs import expand
from lite_runner.pictures.page_range import PageRange


def texts(result: Result) -> list[str]:
    return ["".join(line["text"].split()) for line in result["lines"]]


@pytest.fixture
def golden(board: Board, tmp_path: Path) -> Path:
    """A picture that is quick to read."""
    return Path(shutil.copy(board.path("current", "pack", "golden.png"), tmp_path / "golden.png"))


def test_results_carry_the_hosts_names_and_keep_their_order(board, golden, tmp_path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    names = [str(golden), "missing.png", str(tmp_path / "broken.jpg"), str(golden)]
    results = remote_read.read(board, expand(names))
    assert [result["image"] for result in results] == names
    assert texts(results[0]) == texts(results[3]) == ["你好，世界", "Paddle-Lite2026"]
    assert results[1]["error"] == "does not exist; check the path"
    assert results[2]["error"].startswith("is not a picture")


def test_pages_of_a_pdf_are_read_with_their_words(board, golden, tmp_path) -> None:
    picture = Pillow.open(golden).convert("RGB")
    blank = Pillow.new("RGB", picture.size, "white")
    picture.save(tmp_path / "a.pdf", save_all=True, append_images=[blank, picture], resolution=200)
    chosen = PageRange.parse("2-3")
    results = remote_read.read(
        board, expand([str(tmp_path / "a.pdf")]), ["--words"], tmp_path / "drawn", pages=chosen
    )
    assert [(result["page"], result["pages"]) for result in results] == [(2, 3), (3, 3)]
    assert [texts(result) for result in results] == [[], ["你好，世界", "Paddle-Lite2026"]]
    for line in results[1]["lines"]:
        assert "".join(word["text"] for word in line["words"]) == "".join(line["text"].split())
        lefts = [word["box"][0][0] for word in line["words"]]
        assert lefts == sorted(lefts)
        assert lefts[0] >= line["box"][0][0]
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == ["a-p2.png", "a-p3.png"]


def test_drawings_come_back_under_the_pictures_names(board, golden, tmp_path) -> None:
    twin = tmp_path / "other" / "golden.jpg"
    twin.parent.mkdir()
    cv2.imwrite(str(twin), cv2.imread(str(golden)))
    remote_read.read(board, expand([str(golden), str(twin)]), draw=tmp_path / "drawn")
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == [
        "golden-2.png",
        "golden.png",
    ]
    height, width = cv2.imread(str(golden)).shape[:2]
    drawing = cv2.imread(str(tmp_path / "drawn" / "golden.png"))
    assert drawing.shape[1] / drawing.shape[0] == pytest.approx(2 * width / height, rel=0.01)


def test_pictures_that_cannot_be_drawn_are_told_all_the_same(board, tmp_path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    (result,) = remote_read.read(
        board, expand([str(tmp_path / "broken.jpg")]), draw=tmp_path / "drawn"
    )
    assert result["error"].startswith("is not a picture")
    assert list((tmp_path / "drawn").iterdir()) == []


def test_damage_is_told(board, golden, tmp_path, capsys) -> None:
    """Of the only release there: no other one can read in its stead."""
    file = Path(board.path("current", "pack", "dictionary.txt"))
    file.rename(tmp_path / "aside")
    try:
        with pytest.raises(BoardError, match=r"reading failed: release \w+ is damaged; deploy to"):
            remote_read.read(board, expand([str(golden)]))
    finally:
        shutil.move(tmp_path / "aside", file)
    told = capsys.readouterr().err
    assert "there is damaged; run 'invoke deploy --target local' again to repair it" in told
    assert texts(remote_read.read(board, expand([str(golden)]))[0])
    assert capsys.readouterr().err == ""


def test_nothing_is_left_on_the_board(board, golden) -> None:
    remote_read.read(board, expand([str(golden)]))
    assert list(Path(board.path("inbox")).iterdir()) == []


@pytest.mark.parametrize(
    ("option", "expected"),
    [("--no-recognise", [None, None]), ("--no-classify", ["你好，世界", "Paddle-Lite2026"])],
)
def test_stages_can_be_switched_off(board, golden, option, expected) -> None:
    (result,) = remote_read.read(board, expand([str(golden)]), [option])
    found = [line["text"] and "".join(line["text"].split()) for line in result["lines"]]
    assert found == expected


def test_without_detection_the_whole_picture_is_one_line(board, golden, tmp_path) -> None:
    line = cv2.imread(str(golden))[18:72, 30:240]
    cv2.imwrite(str(tmp_path / "line.png"), line)
    (result,) = remote_read.read(board, expand([str(tmp_path / "line.png")]), ["--no-detect"])
    assert texts(result) == ["你好，世界"]
    assert result["lines"][0]["box"] == [[0, 0], [210, 0], [210, 54], [0, 54]]


def test_a_page_upside_down_is_turned_and_comes_in_its_own_order(board, golden, tmp_path) -> None:
    turned = np.ascontiguousarray(cv2.imread(str(golden))[::-1, ::-1])
    cv2.imwrite(str(tmp_path / "turned.png"), turned)
    (result,) = remote_read.read(board, expand([str(tmp_path / "turned.png")]))
    assert texts(result) == ["你好，世界", "Paddle-Lite2026"]
    assert [line["angle"] for line in result["lines"]] == [180, 180]
    for line in result["lines"]:
        first, _, opposite, _ = line["box"]
        # The text's own top left is at the lower right of the picture.
        assert first[0] > opposite[0]
        assert first[1] > opposite[1]


def test_a_batch_reads_the_same(board, golden) -> None:
    one = remote_read.read(board, expand([str(golden)]))[0]
    many = remote_read.read(board, expand([str(golden)]), ["--batch=4"])[0]
    assert texts(one) == texts(many)


def test_the_order_of_pictures_never_changes_a_result(board, golden, samples, tmp_path) -> None:
    """Shapes, sizes and directions mixed: an engine that keeps state would show it."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    picture = cv2.imread(str(golden))
    pictures = {
        "a_wide.png": picture,
        "b_tall.png": np.rot90(picture),
        "c_black.png": np.zeros((448, 756, 3), np.uint8),
        "d_small.png": cv2.resize(picture, None, fx=0.5, fy=0.5),
        "e_turned.png": picture[::-1, ::-1],
        "f_sign.jpg": cv2.imread(str(samples / "shop_sign.jpg")),
        "g_square.png": cv2.copyMakeBorder(picture, 160, 160, 0, 0, cv2.BORDER_REPLICATE),
    }
    for name, pixels in pictures.items():
        cv2.imwrite(str(folder / name), pixels)
    names = [str(folder / name) for name in pictures]
    forwards = remote_read.read(board, expand(names))
    backwards = remote_read.read(board, expand(names[::-1]))[::-1]
    alone = [remote_read.read(board, expand([name]))[0] for name in names]

    def lines(results: list[Result]) -> list[object]:
        return [result["lines"] for result in results]

    assert sum(len(result["lines"]) for result in forwards) >= 10
    assert lines(forwards) == lines(backwards) == lines(alone)


def test_wrong_options_are_wrong_usage(board, golden) -> None:
    with pytest.raises(UsageError, match="argument --batch: '0' is not a whole number"):
        remote_read.read(board, expand([str(golden)]), ["--batch=0"])


def test_a_board_without_a_release_is_told(tmp_path, golden) -> None:
    with pytest.raises(BoardError, match="run 'invoke deploy --target local'"):
        remote_read.read(connect(target("local"), tmp_path / "empty"), expand([str(golden)]))
