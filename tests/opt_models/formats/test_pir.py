"""Programs of Paddle 3: as later versions write them too, damaged, and of other things."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any, Callable, ContextManager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_models.catalog import catalog, fetch
from opt_models.errors import OptError
from opt_models.formats import pir
from opt_models.formats.pir_program import Tensor, Value
from tests.opt_models.pir_document import Document, convolution

Refuses = Callable[..., ContextManager[None]]
Change = Callable[[Any], Any]


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pir") / "inference.json"


def write(place: Path, content: Any) -> Path:
    place.write_text(json.dumps(content), encoding="utf-8")
    return place


def changed(change: Change) -> Any:
    """A whole program after a change of its JSON."""
    content = copy.deepcopy(convolution().json())
    change(content)
    return content


def operator(content: Any, name: str) -> Any:
    rows = content["program"]["regions"][0]["blocks"][0]["ops"]
    return next(row for row in rows if row["#"].endswith(name))


@pytest.mark.parametrize("wide", [False, True])
def test_program(place: Path, wide: bool) -> None:
    program = pir.read(write(place, convolution(wide, version=4 if wide else 1).json()))
    assert [(row.name, row.id, row.tensor) for row in program.parameters] == [
        ("conv.b", 1, Tensor("float32", (4,))),
        ("conv.w", 2, Tensor("float32", (4, 3, 3, 3))),
    ]
    names = [row.full_name for row in program.operators]
    assert names == [
        f"pd_op.{name}"
        for name in ("data", "conv2d", "full_int_array", "reshape", "add", "relu", "fetch")
    ]
    conv = program.operators[1]
    assert conv.inputs == (3, 2)
    assert conv.outputs == (Value(4, (Tensor("float32", (-1, 4, -1, -1)),)),)
    assert conv.attributes["paddings"] == (1, 1)
    assert conv.attributes["padding_algorithm"] == "EXPLICIT"
    assert conv.location == "operator 3 (pd_op.conv2d of /Stem/Conv2D/)"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ({"#": "0.a_f32", "D": 2}, 2.0),
        ({"#": "0.a_f64", "VD": "INF"}, math.inf),
        ({"#": "0.a_f32", "VD": "-INF"}, -math.inf),
        ({"#": "0.a_index", "D": 5}, 5),
        ({"#": "1.a_intarray", "D": [1, -1]}, (1, -1)),
        ({"#": "1.a_scalar", "D": ["float32", 0.5]}, 0.5),
        ({"#": "1.a_dtype", "D": "int64"}, "int64"),
        ({"#": "0.a_array", "D": [{"#": "0.a_str", "D": "a"}]}, ("a",)),
        ({"#": "0.a_array", "D": []}, ()),
        ({"#": "1.a_place", "D": [1, 0, ""]}, None),
        ({"#": "0.a_array", "D": [{"#": "1.a_place", "D": [1, 0, ""]}]}, None),
        ({"#": "7.a_new", "D": {}}, None),
    ],
)
def test_attribute(place: Path, kind: Any, value: Any) -> None:
    row = {"N": "given", "AT": kind}
    content = changed(lambda content: operator(content, "relu")["A"].append(row))
    relu = pir.read(write(place, content)).operators[-2]
    assert relu.attributes.get("given") == value
    assert type(relu.attributes.get("given")) is type(value)


def test_values_of_several_kinds(place: Path) -> None:
    document = Document()
    x = document.data((-1, 6))
    parts = document.combine([x, x], (-1, 6), (-1, -6))
    document.add("nothing", [parts, 0])
    document.rows[-1]["O"] = [{"%": 9, "TT": {"#": "NULL"}}]
    combined, nothing = pir.read(write(place, document.json())).operators[1:]
    # Paddle multiplies the -1 that stands for any size.
    assert combined.outputs[0].tensors == (Tensor("float32", (-1, 6)), Tensor("float32", (-1, -1)))
    assert combined.outputs[0].is_list
    assert nothing.inputs == (parts, 0)
    assert nothing.outputs == (Value(9, ()),)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\x89PNG\r\n\x1a\n",
        b'{"base_code": []}',
        b'{"base_code": {"magic": "json"}}',
        b'{"base_code": {"magic": "pir"}}',
        b'{"base_code": {"magic": "pir", "version": true}}',
        b'{"base_code": {"magic": "pir", "version": 1}}',
        b'{"base_code": {"magic": "pir", "version": 1}, "program": {"regions": []}}',
        b'{"base_code": {"magic": "pir", "version": 1}, "program": {"regions": [{"blocks": []}]}}',
        b'{"base_code": {"magic": "pir", "version": ' + b"9" * 5000 + b"}}",
        b"[" * 100_000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b"\xff\xfe{\0}\0",
    ],
)
def test_foreign(place: Path, refuses: Refuses, content: bytes) -> None:
    place.write_bytes(content)
    with refuses(OptError, place, "is not a program of Paddle 3 (PIR), or not all of one"):
        pir.read(place)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c["base_code"].update(version=5), "version 5 of Paddle's format, known are 0"),
        (lambda c: c["program"]["regions"].append({}), "has 2 regions of operators, expected 1"),
        (
            lambda c: c["program"]["regions"][0]["blocks"].append({}),
            "has 2 blocks of operators, expected 1: branches and loops",
        ),
        (lambda c: operator(c, "relu").update({"#": "2.while"}), "(while) is a branch or loop"),
        (lambda c: operator(c, "relu").update(regions=[]), "(relu) is a branch or loop"),
        (lambda c: operator(c, "relu").update({"#": "3.mine"}), "an operator of somebody's own"),
        (lambda c: operator(c, "relu").update({"#": "4.reshard"}), "on several machines"),
        (
            lambda c: operator(c, "relu").update({"#": "onednn_op.conv"}),
            "operator 7 is 'onednn_op.conv' of an unknown dialect, known are builtin and pd_op",
        ),
        (lambda c: operator(c, "relu").update({"#": "relu"}), "'relu' of an unknown dialect"),
    ],
)
def test_other_programs(place: Path, refuses: Refuses, change: Change, words: str) -> None:
    with refuses(OptError, place, words):
        pir.read(write(place, changed(change)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: operator(c, "relu").pop("I"), "operator 7 is no array"),
        (lambda c: operator(c, "relu").pop("#"), "the name of operator 7 is no text"),
        (lambda c: operator(c, "relu").update(I=[{"%": 99}]), "takes the value 99, which nothing"),
        (lambda c: operator(c, "relu")["O"][0].update({"%": 3}), "makes the value 3 twice"),
        (lambda c: operator(c, "relu")["O"][0].update({"%": 1 << 80}), "is no whole number"),
        (lambda c: operator(c, "relu")["O"][0]["TT"].update(D=[]), "has a type that is no tensor"),
        (
            lambda c: operator(c, "relu")["O"][0]["TT"]["D"][1].extend([1] * 9),
            "has a tensor of 13 axes",
        ),
        (lambda c: operator(c, "conv2d")["A"][0]["AT"].update(D=1), "'strides' of operator 3 is"),
        (lambda c: operator(c, "conv2d")["A"][0].update(N=""), "operator 3 is empty"),
        (lambda c: operator(c, "p")["A"].pop(), "operator 0, a parameter, has no name"),
        (lambda c: operator(c, "p").update(A=[0, 1, 1, ""]), "operator 0 is empty"),
        (
            lambda c: c["program"]["regions"][0]["blocks"][0].update(args=[{"#": 1}]),
            "its block takes arguments",
        ),
        (lambda c: c["program"]["regions"][0]["blocks"][0].update(ops=[]), "holds no operators"),
    ],
)
def test_damage(place: Path, refuses: Refuses, change: Change, words: str) -> None:
    with refuses(OptError, place, "is not a program of Paddle 3", words, "export it again"):
        pir.read(write(place, changed(change)))


def test_cut_off_anywhere(place: Path, refuses: Refuses) -> None:
    data = json.dumps(convolution().json()).encode()
    for length in range(0, len(data), 7):
        place.write_bytes(data[:length])
        with refuses(OptError, place, "it is not JSON, or ends too early"):
            pir.read(place)


def test_too_large(place: Path, refuses: Refuses) -> None:
    with place.open("wb") as file:
        file.truncate(65 << 20)
    with refuses(OptError, place, "is too large"):
        pir.read(place)
    place.unlink()


#: Anything JSON can say.
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["#", "%", "A", "D", "I", "O", "TT", "N"]), inner, max_size=3
        )
    ),
    max_leaves=5,
)


def _paths(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places of all parts of a JSON document."""
    inner = content.items() if isinstance(content, dict) else enumerate(content)
    found = [path]
    if isinstance(content, (dict, list)):
        for key, value in inner:
            found += (
                _paths(value, (*path, key)) if isinstance(value, (dict, list)) else [(*path, key)]
            )
    return found


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_parts_replaced_by_others(place: Path, data: st.DataObject) -> None:
    content = convolution().json()
    for _ in range(data.draw(st.integers(1, 3))):
        paths = [path for path in _paths(content) if path]
        *path, last = data.draw(st.sampled_from(paths))
        part = content
        for key in path:
            part = part[key]
        part[last] = data.draw(_JSON)
    write(place, content)
    try:
        assert pir.read(place).operators
    except OptError as error:
        assert len(str(error).splitlines()) == 1


def test_published() -> None:
    folder = fetch.network(catalog.models()["PP-OCRv5_mobile_rec"])
    program = pir.read(folder / "inference.json")
    assert program.version == 1
    assert len(program.parameters) == 234
    (output,) = [row.outputs[0] for row in program.operators if row.full_name == "pd_op.softmax"][
        -1:
    ]
    assert output.tensors == (Tensor("float32", (-1, -1, 18385)),)
