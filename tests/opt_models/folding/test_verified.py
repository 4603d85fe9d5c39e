"""Folding that is checked: what computes something else, or cannot be compared, is not used."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from lite_runner.arrays import Floats
from opt_models.catalog import catalog, fetch
from opt_models.folding import fold, verified
from opt_models.folding.graph import Graph
from opt_models.folding.verified import fold_verified
from opt_models.formats.inference_model import ModelFiles
from opt_models.paddlelite import sample_inputs


@pytest.fixture(scope="module")
def classifier(downloads: Path) -> ModelFiles:
    return fetch.exported(catalog.model("ch_ppocr_mobile_v2.0_cls"))


@pytest.fixture(scope="module")
def inputs() -> list[Floats]:
    return sample_inputs.inputs(
        "cls", catalog.stage_settings("cls"), (-1, 3, -1, -1), catalog.goldens()[0]
    )


@pytest.mark.parametrize("arch", ["x86", "arm"])
def test_an_equal_model_is_used(
    classifier: ModelFiles, inputs: list[Floats], tmp_path: Path, arch: str
) -> None:
    folded = fold_verified(classifier, inputs, tmp_path, 48, arch)
    assert folded.files == ModelFiles(tmp_path / "folded.pdmodel", tmp_path / "folded.pdiparams")
    assert folded.passes["uneven strides"] == 4
    assert folded.passes.get("for any shape", 0) == (arch == "x86")
    assert folded.summary.startswith("folded, ")


def folding_by(change: Callable[[Graph], int]) -> Callable[..., dict[str, int]]:
    """What folds models by one pass of a test's own."""

    def wrong(files: ModelFiles, target: ModelFiles, *_: object) -> dict[str, int]:
        graph = fold.read(files)
        done = fold.run(graph, {"change": change})
        graph.write(target.program, target.params)
        return done

    return wrong


@pytest.mark.parametrize("factor", [1.05, float("nan")])
def test_another_model_is_not(
    classifier: ModelFiles,
    inputs: list[Floats],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    factor: float,
) -> None:
    def spoil(graph: Any) -> int:
        # Once, in the last layer.
        product = next(one for one in graph.operators if one.type in ("mul", "matmul_v2"))
        if "@" in product.input("Y"):
            return 0
        values = graph.weight(product.input("Y")) * np.array([factor, 1.0])
        product.set_input("Y", graph.add_weight(values, product.input("Y")))
        graph.changed()
        return 1

    monkeypatch.setattr(verified, "fold", folding_by(spoil))
    folded = fold_verified(classifier, inputs, tmp_path, 48)
    assert folded.files == classifier
    assert folded.passes == {}
    assert "not folded: that would change its output by" in folded.summary
    assert "at most 0.0002 is allowed" in folded.summary


def test_what_opt_does_not_take_is_not_compared(
    classifier: ModelFiles, inputs: list[Floats], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(graph: Any) -> int:
        found = [one for one in graph.operators if one.type == "relu"]
        for one in found:
            one.message.type = "unheard_of"
        return len(found)

    monkeypatch.setattr(verified, "fold", folding_by(odd))
    folded = fold_verified(classifier, inputs, tmp_path, 48)
    assert (folded.files, folded.passes) == (classifier, {})
    assert "cannot be compared on this host" in folded.summary
    assert len(folded.summary.splitlines()) == 1


def test_files_fold_cannot_read_are_left_to_opt(
    classifier: ModelFiles, inputs: list[Floats], tmp_path: Path
) -> None:
    cut = tmp_path / "cut"
    cut.write_bytes(classifier.params.read_bytes()[:-4])
    given = ModelFiles(classifier.program, cut)
    folded = fold_verified(given, inputs, tmp_path)
    assert folded.files == given
    assert "not folded: " in folded.summary
    assert str(cut) in folded.summary


def test_nothing_to_fold(
    classifier: ModelFiles, inputs: list[Floats], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verified, "fold", lambda *_: {})
    folded = fold_verified(classifier, inputs, tmp_path)
    assert (folded.files, folded.summary) == (classifier, "nothing to fold")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("stage", "shape", "declared"),
    [
        ("det", (960, 960), (-1, 3, -1, -1)),
        ("cls", (48, 192), (-1, 3, -1, -1)),
        ("rec", (48, 320), (-1, 3, 48, -1)),
        ("rec", (32, 320), (-1, 3, 32, 100)),
    ],
)
def test_inputs_to_compare_on(
    stage: str, shape: tuple[int, int], declared: tuple[int, ...]
) -> None:
    found = sample_inputs.inputs(
        stage, {**catalog.stage_settings(stage), "shape": shape}, declared, catalog.goldens()[0]
    )
    assert len(found) == (3 if stage == "det" else 4)
    for batch in found:
        assert batch.dtype == np.float32
        fixed = [side for side in declared if side > 0]
        free = [side for side, wanted in zip(batch.shape, declared) if wanted > 0]
        assert fixed == free
        assert batch.shape[2] == shape[0] or stage == "det"
        assert np.ptp(batch) > 0.5
