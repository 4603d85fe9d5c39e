"""The whole reader in Java: by the double's rules, and beside Python's on real networks."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Sequence

import cv2
import numpy as np
import pytest

from cross_build.android import abi, assets
from cross_build.boards.board import Board
from lite_runner import pack as packs
from lite_runner.arrays import Floats
from lite_runner.ocr import detection, geometry, reading_order
from lite_runner.ocr.closer_look import CloserLook
from lite_runner.predictor.protocol import Output
from tests import double, drawn_pages
from tests.cross_build.android.conftest import HERE
from tests.cross_build.android.probe import FailedError, Probe

PICTURE = double.picture()
#: Where the double's lines stand; boxes have some of the white around them, too.
BOXES = [[60, 60, 340, 110], [60, 180, 340, 230]]


class Rules:
    """The double's rules on this side of the pipe, and what was asked of them."""

    def __init__(self, upside_down: bool = False, empty: bool = False) -> None:
        self.upside_down, self.empty = upside_down, empty
        self.asked: list[tuple[str, tuple[int, ...]]] = []

    def __call__(self, file: str, batch: Floats) -> Sequence[Output]:
        self.asked.append((file, batch.shape))
        if file == "det.nb":
            return [Output(np.where(batch[:, :1] < 0.3, 0.98, 0.01).astype(np.float32))]
        if file == "cls.nb":
            sure = [0.01, 0.99] if self.upside_down else [0.99, 0.01]
            # Classes first, as in V1.x: probabilities are to be found.
            return [Output(np.array([[1]])), Output(np.array([sure], np.float32))]
        row = batch[0, 0, batch.shape[2] // 2]
        classes = np.select([row < -0.5, row < -0.05], [1, 2], 0)
        for place in range(1, 4):
            classes[:-place] *= classes[:-place] == np.select(
                [row[place:] < -0.5, row[place:] < -0.05], [1, 2], 0
            )
        if self.empty:
            classes[:] = 0
        probabilities = np.full((1, len(classes), 3), 0.01, np.float32)
        probabilities[0, np.arange(len(classes)), classes] = 0.98
        return [Output(probabilities)]


def test_a_picture_is_read(probe: Probe, double_assets: Path) -> None:
    rules = Rules()
    lines = probe.read(double_assets, PICTURE, rules, check=True)
    assert [text for text, *_ in lines] == list(double.LINES)
    assert all(score == pytest.approx(0.98) and angle == 0 for _, score, angle, _ in lines)
    for (*_, box), (left, top, right, bottom) in zip(lines, BOXES):
        assert box[0] == pytest.approx([left - 33, top - 33], abs=3)
        assert box[2] == pytest.approx([right + 33, bottom + 33], abs=3)
    assert {file for file, _ in rules.asked} == {"det.nb", "cls.nb", "rec.nb"}


def test_lines_on_their_head_are_turned(probe: Probe, double_assets: Path) -> None:
    turned = np.ascontiguousarray(PICTURE[::-1, ::-1])
    upright = probe.read(double_assets, PICTURE, Rules())
    lines = probe.read(double_assets, turned, Rules(upside_down=True))
    assert [text for text, *_ in lines] == list(double.LINES), "from the page's own top"
    assert [angle for _, _, angle, _ in lines] == [180, 180]
    height, width = PICTURE.shape[:2]
    # Its box starts at the text's own top left.
    assert lines[0][3] == pytest.approx(np.array([width, height]) - upright[0][3], abs=2)


def test_a_blank_picture_has_no_lines(probe: Probe, double_assets: Path) -> None:
    blank = np.full((100, 100, 3), 255, np.uint8)
    assert probe.read(double_assets, blank, Rules()) == []


def test_lines_without_text_and_unsure_ones_are_left_out(probe: Probe, double_assets: Path) -> None:
    assert probe.read(double_assets, PICTURE, Rules(empty=True)) == []
    assert probe.read(double_assets, PICTURE, Rules(), min_score=0.99) == []


def test_a_long_strip_is_looked_at_in_pieces(probe: Probe, double_assets: Path) -> None:
    strip = np.full((200, 4000, 3), 255, np.uint8)
    for number in range(5):
        left = 300 + 800 * number
        strip[80:130, left : left + 140] = 20
    rules = Rules()
    lines = probe.read(double_assets, strip, rules)
    assert [text for text, *_ in lines] == ["a"] * 5
    shapes = [shape for file, shape in rules.asked if file == "det.nb"]
    assert len(shapes) > 1
    assert {shape[3] for shape in shapes} == {640}


def assets_of(double_pack: Path, folder: Path, **stages: dict[str, Any]) -> Path:
    """A module's assets of the double's pack with more said of its networks."""
    data = json.loads((double_pack / "pack.json").read_text())
    said = {stage: {**data[stage], **more} for stage, more in stages.items()}
    files = packs.load(double.pack(folder / "pack", **said))
    (folder / "assets").mkdir()
    assets.write(files, abi.module(), folder / "assets")
    return folder / "assets"


def test_every_network_gets_the_size_it_declares(
    probe: Probe, double_pack: Path, tmp_path: Path
) -> None:
    folder = assets_of(
        double_pack,
        tmp_path,
        det={"fixed_size": True, "shape": [256, 448]},
        cls={"shape": [80, 160]},
        rec={"fixed_width": True, "shape": [32, 320]},
    )
    wide = np.full((300, 800, 3), 255, np.uint8)
    wide[100:150, 300:580] = PICTURE[60:110, 60:340]
    for picture, texts in ((PICTURE, list(double.LINES)), (wide, [double.LINES[0]])):
        rules = Rules()
        lines = probe.read(folder, picture, rules)
        assert [text for text, *_ in lines] == texts
        assert set(rules.asked) == {
            ("det.nb", (1, 3, 256, 448)),
            ("cls.nb", (1, 3, 80, 160)),
            ("rec.nb", (1, 3, 32, 320)),
        }


def test_a_network_of_one_size_finds_what_python_finds(
    probe: Probe, double_pack: Path, tmp_path: Path
) -> None:
    folder = assets_of(double_pack, tmp_path, det={"fixed_size": True, "shape": [256, 448]})
    detector = packs.load(tmp_path / "pack").detector
    strip = np.full((200, 4000, 3), 255, np.uint8)
    for number in range(5):
        left = 300 + 800 * number
        strip[80:130, left : left + 60] = 20  # too short to show that a page lies on its side
    for picture in (PICTURE, strip, np.ascontiguousarray(strip.transpose(1, 0, 2))):
        rules, inputs = Rules(), []

        def run(file: str, batch: Floats, rules=rules, inputs=inputs) -> Sequence[Output]:
            inputs.append(batch)
            return rules(file, batch)

        found = [box for *_, box in probe.read(folder, picture, run, min_score=0.0)]
        pages = iter([batch for batch in inputs if batch.shape[2:] == (256, 448)])

        def expected(
            shape: tuple[int, ...], fill: Any, pages: Any = pages, rules: Rules = rules
        ) -> Floats:
            batch: Floats = np.full(shape, np.nan, np.float32)
            fill(batch)
            np.testing.assert_allclose(next(pages), batch, atol=0.02)
            return np.asarray(rules("det.nb", batch)[0].data)

        probability = detection.probability_map(picture, detector, expected)
        height, width = picture.shape[:2]
        regions = detection.postprocess(probability, width, height, detector)
        quads = [geometry.text_first(quad) for quad, _ in regions]
        assert len(found) == len(quads) >= 2
        for box, index in zip(found, reading_order.of(quads)):
            assert np.abs(box - quads[index]).max() < 1
        assert next(pages, None) is None


def joined(file: str, batch: Floats) -> Sequence[Output]:
    """A detector that joins dark strokes in a row or column; every line reads ``a``, upright."""
    if file == "det.nb":
        dark = (batch[0, 0] < 0).astype(np.uint8)
        kernel = np.ones((1, 13) if batch.shape[3] >= batch.shape[2] else (13, 1), np.uint8)
        return [Output(cv2.dilate(dark, kernel).astype(np.float32)[None, None])]
    if file == "cls.nb":
        return [Output(np.array([[0.99, 0.01]], np.float32))]
    return [Output(np.array([[[0.05, 0.9, 0.05]]], np.float32))]


def strokes(width: int, height: int, *lines: tuple[int, int, int]) -> Any:
    """A white picture with lines of fine strokes, 16 high: left, top and length of each."""
    image = np.full((height, width, 3), 255, np.uint8)
    for left, top, length in lines:
        for x in range(left, left + length, 6):
            image[top : top + 16, x : x + 2] = 0
    return image


@pytest.mark.parametrize(
    "picture",
    [
        strokes(2000, 1200, (40, 30, 900), (500, 600, 1200), (1800, 1150, 150)),
        strokes(1500, 40, (60, 12, 1300)),
        np.ascontiguousarray(strokes(1500, 31, (60, 8, 1300)).transpose(1, 0, 2)),
    ],
    ids=["small text", "thin strip", "thin column"],
)
def test_small_text_and_thin_strips_are_found_as_in_python(
    picture: Any, probe: Probe, double_assets: Path, double_pack: Path
) -> None:
    found = [box for *_, box in probe.read(double_assets, picture, joined)]
    detector = packs.load(double_pack).detector

    def run(shape: tuple[int, ...], fill: Any) -> Floats:
        batch: Floats = np.full(shape, np.nan, np.float32)
        fill(batch)
        return np.asarray(joined("det.nb", batch)[0].data)

    height, width = picture.shape[:2]
    probability = detection.probability_map(picture, detector, run)
    regions = detection.postprocess(probability, width, height, detector)
    scale = max(probability.shape) / max(height, width)
    detections = CloserLook(detector, 640, run).find(picture, regions, scale)
    quads = [geometry.text_first(quad) for quad, _ in detections.regions]
    assert len(found) == len(quads) >= 1
    for box, index in zip(found, reading_order.of(quads)):
        assert np.abs(box - quads[index]).max() < 2


def test_a_long_line_is_read_in_segments(probe: Probe, double_assets: Path) -> None:
    text = "ab" * 100
    strip = np.full((200, 8100, 3), 255, np.uint8)
    for number, letter in enumerate(text):
        strip[80:120, 50 + 40 * number :][:, :40] = 20 if letter == "a" else 95
    rules = Rules()
    [(read, *_)] = probe.read(double_assets, strip, rules)
    assert read == text
    widths = [shape[3] for file, shape in rules.asked if file == "rec.nb"]
    assert len(widths) > 2
    assert max(widths) <= 25 * 48


def test_an_unsure_narrow_line_is_read_at_its_own_width(probe: Probe, double_assets: Path) -> None:
    picture = np.full((300, 400, 3), 255, np.uint8)
    picture[100:150, 150:190] = 20
    widths: list[int] = []

    def run(file: str, batch: Floats) -> Sequence[Output]:
        if file != "rec.nb":
            return Rules()(file, batch)
        widths.append(batch.shape[3])
        share = 0.3 if batch.shape[3] == 320 else 0.7
        return [Output(np.array([[[0.1, share, 0.1]]], np.float32))]

    [(text, score, *_)] = probe.read(double_assets, picture, run)
    assert (text, score) == ("a", pytest.approx(0.7))
    # Twice, as one or two characters are read both ways up.
    assert widths == [320, 64] * 2


def test_lines_from_right_to_left_are_read_in_their_order(
    probe: Probe, double_pack: Path, tmp_path: Path
) -> None:
    # The double's letters, as they stand: a Hebrew one and a digit.
    folder = assets_of(double_pack, tmp_path, rec={"direction": "rtl"})
    (folder / assets.CHARSET).write_text("א\n1\n", encoding="utf-8")
    picture = double.picture(("abb", "bba"))
    assert [text for text, *_ in probe.read(folder, picture, Rules())] == ["1א", "א1"]


def test_what_was_read_wrong_is_told(probe: Probe, double_assets: Path) -> None:
    with pytest.raises(FailedError) as told:
        probe.read(double_assets, PICTURE, Rules(empty=True), check=True)
    assert "pack double: golden picture must read [abab, baba], this device read []" in str(
        told.value
    )


@pytest.mark.parametrize(
    ("file", "output", "words"),
    [
        ("det.nb", np.zeros((1, 2), np.float32), "det.nb: gave 2 numbers for"),
        ("cls.nb", np.zeros((1, 4), np.float32), "cls.nb: gave 4 numbers, expected 2"),
        ("rec.nb", np.zeros((1, 9, 7), np.float32), "rec.nb: knows 7 classes, the dictionary asks"),
        ("rec.nb", np.zeros((1, 9), np.int64), "the model has no output of floats"),
    ],
)
def test_models_of_another_kind_are_told(
    probe: Probe, double_assets: Path, file: str, output: Any, words: str
) -> None:
    rules = Rules()

    def run(asked: str, batch: Floats) -> Sequence[Output]:
        return [Output(output)] if asked == file else rules(asked, batch)

    with pytest.raises(FailedError, match=words):
        probe.read(double_assets, PICTURE, run)


def test_recognisers_that_decode_themselves(
    probe: Probe, double_pack: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "pack"
    data = json.loads((double_pack / "pack.json").read_text())
    double.pack(folder, rec={**data["rec"], "outputs": "ids+softmax", "blank": 2, "offset": 0})
    (tmp_path / "assets").mkdir()
    assets.write(packs.load(folder), abi.module(), tmp_path / "assets")
    rules = Rules()

    def run(file: str, batch: Floats) -> Sequence[Output]:
        if file != "rec.nb":
            return rules(file, batch)
        steps = np.array([[[0.8, 0.1, 0.1], [0.1, 0.1, 0.8], [0.2, 0.7, 0.1]]], np.float32)
        # The double's second line has no text: the library gives one negative id then.
        ids = [[0], [1], [0]] if sum(one == file for one, _ in rules.asked) == 0 else [[-1]]
        rules.asked.append((file, batch.shape))
        return [Output(np.array(ids)), Output(steps)]

    lines = probe.read(tmp_path / "assets", PICTURE, run)
    assert [(text, round(score, 4)) for text, score, *_ in lines] == [("aba", 0.75)]


def test_settings_of_another_version_are_told(
    probe: Probe, double_assets: Path, tmp_path: Path
) -> None:
    text = (double_assets / assets.SETTINGS).read_text()
    kept = [line for line in text.splitlines() if not line.startswith("rec.outputs")]
    (tmp_path / assets.SETTINGS).write_text("\n".join(kept))
    (tmp_path / assets.CHARSET).write_text("a\nb\n")
    with pytest.raises(FailedError, match=r"reader.properties: lacks rec.outputs; make the module"):
        probe.read(tmp_path, PICTURE, Rules())


def test_a_closed_reader_says_so_and_an_interrupted_caller_stays_so(probe: Probe) -> None:
    with pytest.raises(FailedError, match="IllegalStateException: the reader is closed; open"):
        probe.closed()


def side_by_side(board: Board, classes: Path, tmp_path: Path, pictures: list[Path]) -> Any:
    """What both readers say of pictures, on the networks of a release."""
    folder = tmp_path / "assets"
    folder.mkdir()
    assets.write(packs.load(board.path("current", "pack")), abi.module(), folder)
    script = HERE / "side_by_side.py"
    command = [board.path("ocr"), "python", str(script), str(classes), str(folder)]
    run = subprocess.run(
        [*command, *map(str, pictures)], capture_output=True, text=True, env=dict(os.environ)
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def agree(found: Any) -> None:
    for page in found:
        python, java = page["python"], page["java"]
        assert [line[0] for line in java] == [line[0] for line in python], page["picture"]
        for (_, score, angle, box), (_, other, turned, quad) in zip(java, python):
            assert angle == turned
            # A hundredth of a pixel of a crop moves a doubtful character by some hundredths.
            assert score == pytest.approx(other, abs=0.1)
            assert np.abs(np.array(box) - np.array(quad)).max() < 0.5


def test_samples_read_as_in_python(
    board: Board, classes: Path, samples: Path, tmp_path: Path
) -> None:
    names = ("mixed_page.png", "shop_sign.jpg", "upside_down.jpg", "vertical_line.jpg")
    found = side_by_side(board, classes, tmp_path, [samples / name for name in names])
    assert sum(len(page["java"]) for page in found) > 25
    agree(found)


def test_pages_are_read_as_in_python_however_they_lie(
    board: Board, classes: Path, tmp_path: Path
) -> None:
    drawn_pages.draw(tmp_path)
    names = ("display.png", "right.png", "tilted.png")
    found = side_by_side(board, classes, tmp_path, [tmp_path / name for name in names])
    assert [len(page["java"]) for page in found] == [1, 15, 15]
    agree(found)


def test_real_pictures_read_as_in_python(
    board: Board, classes: Path, real_images: Path, tmp_path: Path
) -> None:
    pictures = sorted(path for path in real_images.iterdir() if path.suffix in (".jpg", ".png"))
    found = side_by_side(board, classes, tmp_path, pictures)
    assert sum(len(page["java"]) for page in found) > 50
    agree(found)
