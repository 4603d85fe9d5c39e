"""Linear layers as ``mul``: which are rewritten, and that nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, ContextManager

import pytest

from opt_models import catalog, fetch, linear
from opt_models.errors import OptError
from opt_models.formats import program

Refuses = Callable[..., ContextManager[None]]


@pytest.fixture(scope="module")
def recogniser(downloads: Path) -> Path:
    return fetch.inference(catalog.model("ch_PP-OCRv4_rec")).program


def operators(path: Path) -> list[Any]:
    return list(program.parse(path).blocks[0].ops)


def weights(path: Path) -> set[str]:
    return {
        variable.name for variable in program.parse(path).blocks[0].vars if variable.persistable
    }


def test_products_with_weights_become_mul(recogniser: Path, tmp_path: Path) -> None:
    target = tmp_path / "program"
    linear.rewrite(recogniser, target)
    before, after = operators(recogniser), operators(target)
    assert len(before) == len(after)
    stored = weights(recogniser)
    changed = 0
    for old, new in zip(before, after):
        right = [name for side in old.inputs if side.parameter == "Y" for name in side.arguments]
        if old.type == "matmul_v2" and set(right) <= stored:
            changed += 1
            assert new.type == "mul"
            assert (list(new.inputs), list(new.outputs)) == (list(old.inputs), list(old.outputs))
            columns = {one.name: one.i for one in new.attrs if "num_col_dims" in one.name}
            # All of this network's layers work on [batch, steps, channels].
            assert columns == {"x_num_col_dims": 2, "y_num_col_dims": 1}
            assert not [one for one in new.attrs if "trans" in one.name]
        else:
            assert new == old
    assert changed == 9


def test_a_program_without_them_stays_byte_for_byte(downloads: Path, tmp_path: Path) -> None:
    detector = fetch.inference(catalog.model("ch_PP-OCRv4_det")).program
    linear.rewrite(detector, tmp_path / "program")
    assert (tmp_path / "program").read_bytes() == detector.read_bytes()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(
            lambda operator: setattr(attribute(operator, "trans_y"), "b", True), id="turned"
        ),
        pytest.param(lambda operator: operator.attrs.add(name="alpha", type=1, f=0.5), id="scaled"),
    ],
)
def test_other_products_with_weights_are_told(
    recogniser: Path, tmp_path: Path, refuses: Refuses, spoil: Callable[[Any], None]
) -> None:
    message = program.parse(recogniser)
    spoil(next(one for one in message.blocks[0].ops if one.type == "matmul_v2"))
    odd = tmp_path / "odd"
    odd.write_bytes(message.SerializeToString())
    with refuses(OptError, odd, "matmul_v2 with weights [120, 360]", "--precision"):
        linear.rewrite(odd, tmp_path / "program")
    assert not (tmp_path / "program").exists()


def attribute(operator: Any, name: str) -> Any:
    return next(one for one in operator.attrs if one.name == name)


def test_a_block_within_uses_the_weights_of_the_outer_one(recogniser: Path, tmp_path: Path) -> None:
    message = program.parse(recogniser)
    inner = message.blocks.add(idx=1, parent_idx=0)
    product = next(one for one in message.blocks[0].ops if one.type == "matmul_v2")
    inner.ops.add().CopyFrom(product)
    odd = tmp_path / "odd"
    odd.write_bytes(message.SerializeToString())
    linear.rewrite(odd, tmp_path / "program")
    (found,) = program.parse(tmp_path / "program").blocks[1].ops
    assert found.type == "mul"
