"""The comparison with ONNX Runtime: what it is fed, what counts as different, its table."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import equality, networks, real_inputs
from benchmarks.equality import Row
from lite_runner.pictures import image

_SHAPE = (2, 1, 32, 48)


def _row() -> Row:
    return Row("a network", "folded", "noise")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pages and two lines, drawn anew."""
    generator = np.random.default_rng()
    names = ["wide.png", "tall.png", "first.png", "second.png"]
    sizes = [(400, 900), (1100, 500), (40, 310), (61, 200)]
    for name, (height, width) in zip(names, sizes):
        picture = generator.integers(150, 255, (height, width, 3), np.uint8)
        text = f"{generator.integers(10_000)} paper"
        cv2.putText(picture, text, (12, height * 3 // 4), 0, 1, (20, 20, 20), 2)
        cv2.imwrite(str(tmp_path / name), picture)
    lines = {name: ["c"] for name in names[2:]}
    labels = {"wide.png": ["a"], "tall.png": ["b"], "line_images": lines}
    (tmp_path / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    return tmp_path


def test_masks_differ_at_the_threshold_only() -> None:
    expected = np.random.default_rng().uniform(0, 0.19, _SHAPE).astype(np.float32)
    actual = expected.copy()
    actual[0, 0, 3, 4:9] = 0.21
    actual[1, 0, 5, 6] = 0.195
    row = _row().with_outputs(expected, actual, 0.2)
    assert (row.inputs, row.changed, row.decisions) == (1, 5, expected.size)
    assert row.largest == pytest.approx(np.abs(expected - actual).max(), rel=1e-6)
    again = row.with_outputs(expected, expected, 0.2)
    assert (again.inputs, again.changed, again.decisions) == (2, 5, 2 * expected.size)
    assert again.largest == row.largest


def test_best_classes_differ_by_step() -> None:
    expected = np.random.default_rng().uniform(0, 0.4, (2, 7, 11)).astype(np.float32)
    expected[:, :, 3] = 0.5
    actual = expected.copy()
    actual[1, 2:5, 8] = 0.6
    row = _row().with_outputs(expected, actual, None)
    assert (row.changed, row.decisions) == (3, 14)


def test_another_shape_is_as_different_as_can_be() -> None:
    values = np.ones(_SHAPE, np.float32)
    assert _row().with_outputs(values, values[:1], 0.2).largest == float("inf")


def test_networks_are_fed_as_the_reader_feeds_them(folder: Path) -> None:
    pictures = real_inputs.pictures([folder])
    lines = [image.load(one.path) for one in pictures if not one.detect]

    def shapes(name: str) -> list[tuple[int, ...]]:
        network = networks.named(name)
        return [batch.shape for batch in real_inputs.batches(network, pictures, lines)]

    pages = shapes("PP-OCRv6_tiny_det")
    assert len(pages) == 2, "single lines are not looked for in"
    assert all(height % 32 == width % 32 == 0 for _, _, height, width in pages)
    assert shapes("PP-OCRv6_tiny_rec") == [(1, 3, 48, 384), (1, 3, 48, 160)]
    assert shapes("PP-LCNet_x1_0_textline_ori") == [(1, 3, 80, 160)] * 2


def test_the_table(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MKL_DEBUG_CPU_TYPE", "5")  # put back afterwards, whatever the program sets
    # Without pages, in which lines would have to be found first.
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    (folder / "labels.json").write_text(json.dumps({"line_images": labels["line_images"]}))
    target, name = tmp_path / "figures.json", "ch_ppocr_mobile_v2.0_cls"
    words = [str(folder), "--network", name, "--inputs", "1", "--json", str(target)]
    assert equality.main(words) == 0
    rows = json.loads(target.read_text(encoding="utf-8"))
    assert [(row["side"], row["fed"]) for row in rows] == [
        (side, fed) for fed in ("noise", "pictures") for side in ("not folded", "folded")
    ]
    assert [row["inputs"] for row in rows] == [3, 3, 1, 1]
    assert all(0 < row["largest"] < 1e-4 and row["changed"] == 0 for row in rows)
    assert "2 pictures, 2 lines" in capsys.readouterr().out


def test_a_folder_without_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert equality.main([str(tmp_path)]) == 2
    assert "labels.json" in capsys.readouterr().err
