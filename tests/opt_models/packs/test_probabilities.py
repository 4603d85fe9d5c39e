"""A softmax for recognisers that were exported without one."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, ContextManager

import numpy as np
import pytest

from opt_models.catalog import catalog
from opt_models.errors import OptError
from opt_models.folding import fold
from opt_models.formats import program
from opt_models.formats.inference_model import ModelFiles
from opt_models.formats.operator import Operator
from opt_models.packs import inputs
from opt_models.packs.probabilities import with_softmax
from opt_models.paddlelite import equality
from opt_models.runtime import Runtime

Refuses = Callable[..., ContextManager[None]]


@pytest.fixture(scope="module")
def published(downloads: Path) -> ModelFiles:
    rec = inputs.from_recipe(catalog.recipe("v4-mobile"), Runtime("v2.13-rc", "x86"))
    files = rec.networks["rec"].files
    assert isinstance(files, ModelFiles)
    return files


def cut(files: ModelFiles, folder: Path, ending: str | None = None) -> ModelFiles:
    """The network without its softmax, or with another operator in its place."""
    graph = fold.read(files)
    [softmax] = [operator for operator in graph.operators if operator.outputs == last(graph)]
    scores, shares = softmax.input("X"), softmax.output("Out")
    if ending is not None:
        graph.insert(Operator.new(ending, {"X": scores}, {"Out": shares}), after=softmax)
    else:
        graph.rename(shares, scores)
    graph.remove(softmax)
    target = ModelFiles(folder / "cut.pdmodel", folder / "cut.pdiparams")
    graph.write(target.program, target.params)
    return target


def last(graph: fold.Graph) -> list[str]:
    """Outputs of the operator before the fetched one's scale by 1."""
    [fetch] = [operator for operator in graph.operators if operator.type == "fetch"]
    maker = graph.maker(fetch.inputs[0])
    assert maker is not None
    return maker.inputs[:1] if maker.type == "scale" else maker.outputs


def test_a_network_with_a_softmax_is_left_alone(published: ModelFiles, tmp_path: Path) -> None:
    assert with_softmax(published, "mine", tmp_path) == published
    assert list(tmp_path.iterdir()) == []


def test_one_without_gets_the_same_outputs(
    published: ModelFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = cut(published, tmp_path)
    kept = program.summary(published.program).operators["softmax"]
    assert program.summary(files.program).operators.get("softmax", 0) == kept - 1
    complete = with_softmax(files, "mine", tmp_path)
    assert "without softmax: one is added" in capsys.readouterr().err
    batch = np.random.default_rng(1).normal(size=(1, 3, 48, 96)).astype(np.float32)
    outputs = [
        equality.run(equality.converted(model, tmp_path), [batch], tmp_path)[0][0]
        for model in (published, complete)
    ]
    np.testing.assert_allclose(outputs[1], outputs[0], atol=1e-6)
    np.testing.assert_allclose(outputs[1].sum(axis=-1), 1, atol=1e-4)


def test_what_gives_no_scores_is_refused(
    published: ModelFiles, tmp_path: Path, refuses: Refuses
) -> None:
    with refuses(OptError, "--rec: mine ends in sigmoid", "expected a softmax", "export"):
        with_softmax(cut(published, tmp_path, "sigmoid"), "mine", tmp_path)
