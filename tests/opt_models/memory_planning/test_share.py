"""Sharing of memory: programs compute the same with fewer and smaller variables."""

from __future__ import annotations

import shutil
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_models.formats import nb
from opt_models.formats.flat import Buffer
from opt_models.formats.topology import TENSOR, Operator, Topology, Variable
from opt_models.memory_planning import assignment, live_ranges, share, sizes

SHAPE = (1, 3, 64, 96)
#: Kinds of operators of random programs: with an output of their own, in the place of an input,
#: and of which nothing is known.
KINDS = ("conv2d", "pool2d", "elementwise_add", "hard_swish", "concat", "reshape2")


def operator(kind: str, inputs: list[str], output: str, **attributes: Any) -> Operator:
    sides = {"elementwise_add": ("X", "Y"), "conv2d": ("Input",)}.get(kind, ("X",))
    given = (
        {sides[0]: tuple(inputs)}
        if len(sides) == 1
        else {side: (name,) for side, name in zip(sides, inputs)}
    )
    if kind == "conv2d":
        given["Filter"] = ("w",)
    return Operator(kind, given, {"Out": (output,)}, attributes)


def program(*operators: Operator) -> Topology:
    names = {name for one in operators for side in one.outputs.values() for name in side}
    variables = {name: Variable(name, TENSOR, "float32") for name in names - {"fetch"}}
    variables["feed"] = Variable("feed", 9, persistable=True)
    variables["fetch"] = Variable("fetch", 10, persistable=True)
    variables["w"] = Variable("w", TENSOR, "float32", (3, 3, 1, 1), persistable=True)
    return Topology(tuple(operators), variables)


@st.composite
def programs(draw: st.DrawFn) -> Topology:
    """Random programs whose variables hold several values in turn, as opt makes them."""
    operators = [operator("feed", ["feed"], "x")]
    held = ["x"]
    for _ in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from(KINDS))
        several = {"elementwise_add": 2, "concat": draw(st.integers(1, 3))}.get(kind, 1)
        inputs = [draw(st.sampled_from(held)) for _ in range(several)]
        output = draw(st.sampled_from([f"v{n}" for n in range(7)]))
        attributes: dict[str, Any] = {"axis": 1} if kind == "concat" else {}
        if kind in ("conv2d", "pool2d"):
            attributes = {"strides": (draw(st.integers(1, 2)),) * 2, "ksize": (1, 1)}
        operators.append(operator(kind, inputs, output, **attributes))
        held.append(output)
    fetch = draw(st.integers(1, len(operators)))
    operators.insert(fetch, operator("fetch", [draw(st.sampled_from(held[:fetch]))], "fetch"))
    return program(*operators)


def run(topology: Topology, operators: tuple[Operator, ...]) -> list[Any]:
    """What two runs put out, with contents told by what they were computed from.

    Apart from `trace`: each operator writes over its output as its kernel does. What is not
    computed element by element spoils its output before it has read.
    """
    told: list[Any] = []
    memory: dict[str, Any] = {"w": "w"}
    # At this shape, whatever the variables are called, an operator has the same sizes.
    late = sizes.by_element(topology, SHAPE)
    for number in range(2):
        memory["x"] = ("picture", number)
        for index, one in enumerate(operators):
            if one.type in ("feed", "fetch"):
                continue
            (output,) = one.outputs["Out"]
            if index not in late:
                memory[output] = "spoilt"
            taken = [memory.get(name) for names in one.inputs.values() for name in names]
            memory[output] = (index, *taken)
        told += [memory.get(*one.inputs["X"]) for one in operators if one.type == "fetch"]
    return told


def renamed(topology: Topology) -> tuple[tuple[Operator, ...], list[assignment.Slot]] | None:
    parts = share._parts(topology, SHAPE)
    found = assignment.assign(parts.moved, parts.free, parts.pinned)
    if found is None:
        return None
    names = {one: slot.name for slot in found for one in slot.values if one in parts.moved}
    return live_ranges.rename(topology, names), found


@settings(deadline=None, max_examples=300)
@given(topology=programs())
def test_programs_put_out_the_same(topology: Topology) -> None:
    found = renamed(topology)
    if found is None:
        return
    operators, chosen = found
    assert run(topology, operators) == run(topology, topology.operators)
    assert live_ranges.trace(operators) == live_ranges.trace(topology.operators)
    for slot in chosen:
        for n, one in enumerate(slot.values):
            assert not any(one.overlaps(other) for other in slot.values[:n])
    names = {name for one in operators for side in one.outputs.values() for name in side}
    assert names <= topology.variables.keys()


def chain(*kinds: str) -> Topology:
    rows = [operator("feed", ["feed"], "x")]
    for n, kind in enumerate(kinds):
        inputs = ["x" if n == 0 else f"v{n - 1}"] * (2 if kind == "elementwise_add" else 1)
        rows.append(operator(kind, inputs, f"v{n}"))
    return program(*rows, operator("fetch", [f"v{len(kinds) - 1}"], "fetch"))


def test_a_chain_needs_two_places() -> None:
    topology = chain("conv2d", "conv2d", "conv2d")
    found = renamed(topology)
    assert found is not None
    after = share.memory(replace(topology, operators=found[0]), SHAPE)
    size = 4 * 3 * 64 * 96
    assert after == share.Memory(SHAPE, 2, 2 * size, True)
    assert share.memory(topology, SHAPE) == share.Memory(SHAPE, 4, 4 * size, True)


def test_what_is_computed_by_element_takes_its_inputs_place() -> None:
    topology = chain("conv2d", "hard_swish", "conv2d")
    parts = share._parts(topology, SHAPE)
    conv, swish = parts.moved
    assert (conv.late, swish.late) == (False, True)
    assert not swish.overlaps(conv)
    assert {one.name for one in parts.pinned} == {"x", "v2"}


def test_what_is_read_before_it_is_written_stays() -> None:
    rows = [
        operator("feed", ["feed"], "x"),
        operator("elementwise_add", ["x", "v1"], "v0"),
        operator("conv2d", ["v0"], "v1"),
        operator("fetch", ["v1"], "fetch"),
    ]
    topology = program(*rows)
    assert "v1" in live_ranges.find_live_ranges(topology).fixed
    assert all(one.name != "v1" for one in share._parts(topology, SHAPE).moved)


def test_what_may_be_an_alias_stays() -> None:
    topology = chain("conv2d", "conv2d", "reshape2", "conv2d")
    parts = share._parts(topology, SHAPE)
    # Of v1 and v2 one is in the other's memory; sizes are not known behind them.
    assert [one.name for one in parts.moved] == ["v0"]
    assert [one.name for one in parts.pinned] == ["x"]


def test_a_trace_tells_a_value_that_was_written_over() -> None:
    topology = chain("conv2d", "conv2d", "conv2d")
    (first, *_) = share._parts(topology, SHAPE).moved
    late = operator("elementwise_add", ["v0", "v1"], "v2")
    wrong = replace(topology, operators=(*topology.operators[:3], late, topology.operators[-1]))
    held = live_ranges.rename(wrong, {live_ranges.find_live_ranges(wrong).values[2]: "v0"})
    assert live_ranges.trace(held) != live_ranges.trace(wrong.operators)
    assert live_ranges.trace(wrong.operators) == live_ranges.trace(wrong.operators)
    assert first.name == "v0"


def test_an_output_stays_until_after_the_run() -> None:
    rows = list(chain("conv2d", "conv2d").operators)
    rows.append(operator("conv2d", ["v1"], "v5"))
    parts = share._parts(program(*rows), SHAPE)
    (output,) = (one for one in parts.pinned if one.name == "v1")
    assert all(one.overlaps(output) for one in parts.moved if one.name == "v5")


@pytest.mark.parametrize(
    ("kind", "attributes", "expected"),
    [
        ("conv2d", {"strides": (2, 2), "paddings": (1, 1)}, (1, 3, 33, 49)),
        ("conv2d", {"strides": (2, 2), "padding_algorithm": "SAME"}, (1, 3, 32, 48)),
        ("conv2d", {"paddings": (0, 1, 2, 3)}, (1, 3, 65, 101)),
        ("pool2d", {"ksize": (2, 2), "strides": (2, 1)}, (1, 3, 32, 95)),
        ("pool2d", {"ksize": (3, 3), "strides": (2, 2), "ceil_mode": True}, (1, 3, 32, 48)),
        ("pool2d", {"global_pooling": True}, (1, 3, 1, 1)),
        ("pool2d", {"adaptive": True, "ksize": (2, 5)}, (1, 3, 2, 5)),
        ("nearest_interp", {"scale": 2.0, "out_h": -1, "out_w": -1}, (1, 3, 128, 192)),
        ("nearest_interp_v2", {"scale": (2.0, 3.0)}, (1, 3, 128, 288)),
        ("nearest_interp_v2", {"scale": (), "out_h": 5, "out_w": 7}, (1, 3, 5, 7)),
        ("concat", {"axis": -3}, (1, 3, 64, 96)),
        ("softmax", {}, (1, 3, 64, 96)),
    ],
)
def test_sizes(kind: str, attributes: dict[str, Any], expected: tuple[int, ...]) -> None:
    topology = program(operator("feed", ["feed"], "x"), operator(kind, ["x"], "y", **attributes))
    count = 4
    for side in expected:
        count *= side
    assert sizes.sizes(topology, SHAPE) == [4 * 3 * 64 * 96, count]


def test_int8_takes_a_byte() -> None:
    kernel = {"__@kernel_type_attr@__": "calib/fp32_to_int8/4/2/1"}
    row = Operator("calib", {"Input": ("x",)}, {"Out": ("y",)}, kernel)
    topology = program(operator("feed", ["feed"], "x"), row)
    assert sizes.sizes(topology, SHAPE)[1] == 3 * 64 * 96
    assert not sizes.by_element(topology, SHAPE)


#: Megabytes of variables at 960 x 960: published, and at most with shared memory.
DETECTORS = {
    "ch_ppocr_mobile_v1.1_det_opt.nb": (130.9, 71),
    "ch_ppocr_mobile_v1.1_det_prune_opt.nb": (122.8, 62),
    "ch_ppocr_mobile_v2.0_det_slim_opt.nb": (108.3, 66),
}


def first_inputs(topology: Topology) -> list[str]:
    """The first name of each of the operators' inputs that have one name only."""
    sides = [names for one in topology.operators for names in one.inputs.values()]
    return [names[0] for names in sides if len(names) == 1]


def inputs_of_fp16_loader(path: Path) -> list[str]:
    """The same as Paddle-Lite reads it where it has kernels for fp16.

    Its ``OpDescView::input_vars`` takes the characters from the vector's first string to "the
    string" behind its last one, for which it takes the next word as an offset.
    """
    data = path.read_bytes()[26:]
    found = []
    for block in Buffer(data).root().tables(0):
        for side in (side for one in block.tables(3) for side in one.tables(1)):
            start, count = side.vector(1, 4)
            if count == 1:
                first, behind = struct.unpack_from("<II", data, start)
                begin, end = start + first + 4, start + 4 + behind + 4
                assert begin <= end, "basic_string::_M_create"
                found.append(data[begin:end].decode())
    return found


@pytest.mark.parametrize("name", DETECTORS)
def test_published_detectors(published_models: Path, tmp_path: Path, name: str) -> None:
    # A later opt wrote others of the same names.
    files = list(published_models.rglob(name))
    (path,) = (one for one in files if nb.read_header(one).opt_version != "v2.13-rc")
    copies = [tmp_path / "one.nb", tmp_path / "two.nb"]
    for copy in copies:
        shutil.copyfile(path, copy)
        found = share.share(copy, (1, 3, 960, 960))
        assert found is not None
        (published, most), (before, after) = DETECTORS[name], found
        assert before.size / 1e6 == pytest.approx(published, abs=0.1)
        assert after.size / 1e6 < most
        assert before.whole
        assert after.whole
    assert copies[0].read_bytes() == copies[1].read_bytes()
    # Nothing but names: the same network, weights to the byte.
    was, now = nb.read(path), nb.read(copies[0])
    assert replace(now, size=was.size) == was
    before, after = nb.read_topology(path), nb.read_topology(copies[0])
    assert live_ranges.trace(before.operators) == live_ranges.trace(after.operators)
    assert before.variables == after.variables
    attributes = [[one.attributes for one in side.operators] for side in (before, after)]
    assert attributes[0] == attributes[1]
    assert inputs_of_fp16_loader(copies[0]) == first_inputs(after)
    old, new = path.read_bytes(), copies[0].read_bytes()
    tail = len(old) - 26 - int.from_bytes(old[18:26], "little")
    assert old[-tail:] == new[-tail:]
    # A second time there is nothing to gain.
    assert share.share(copies[0], (1, 3, 960, 960)) is None
    assert copies[0].read_bytes() == new


def test_published_models_that_cannot_gain_stay(published_models: Path, tmp_path: Path) -> None:
    copy = tmp_path / "rec.nb"
    for path in published_models.rglob("*_rec_*.nb"):
        shutil.copyfile(path, copy)
        assert share.share(copy, (1, 3, 32, 320)) is None
        assert copy.read_bytes() == path.read_bytes()
