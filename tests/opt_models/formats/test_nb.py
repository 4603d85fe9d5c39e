"""`.nb` files: written by hand in each layout, by opt, and published ones; whole and damaged.

`Flat` and `Naive` write the two encodings from the formats' own descriptions, apart from the code
under test.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any, Callable, ContextManager

import flatbuffers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_models.catalog import catalog, fetch
from opt_models.errors import OptError
from opt_models.formats import flat, nb
from opt_models.formats.damage import DamageError
from opt_models.formats.summary import KERNEL, Summary, Tensor
from opt_models.paddlelite import opt

Refuses = Callable[..., ContextManager[None]]

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0"
ICON = b"\0\0\1\0\1\0\x20\x20\0\0\1\0\x20\0\xa8\x10\0\0"
TEXT = "的一是不了在人有我他这".encode()


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nb") / "model.nb"


def model(layout: int, version: bytes, rest: bytes = b"") -> bytes:
    return layout.to_bytes(2, "little") + version.ljust(16, b"\0")[:16] + rest


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (model(2, b"v2.13-rc", b"weights"), nb.Header(2, "v2.13-rc")),
        (model(1, b"v2.7.1\0\0\x40\x12\xf2\x15\xfd\x7f"), nb.Header(1, "v2.7.1")),
        (model(0, b"b92e8c4\0\x30"), nb.Header(0, "b92e8c4")),
        (model(2, b"0123456789abcdef", b"no zero here"), nb.Header(2, "0123456789abcdef")),
    ],
)
def test_header(place: Path, data: bytes, expected: nb.Header) -> None:
    place.write_bytes(data)
    assert nb.read_header(place) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\2",
        model(2, b"v2.13-rc")[:-1],
        model(2, b""),
        model(2, "v2.13-é".encode("latin-1")),
        model(2, b"v2\n13"),
        model(300, b"v2.13-rc"),
        bytes(64),
        PNG,
        ICON,
        TEXT,
        b'{"schema": 1, "name": "v4-mobile"}',
    ],
)
def test_foreign_file(place: Path, refuses: Refuses, data: bytes) -> None:
    place.write_bytes(data)
    with refuses(OptError, place, "is not a Paddle-Lite model"):
        nb.read_header(place)


def test_real_files(published_models: Path) -> None:
    found = sorted((published_models / "v1.1").glob("*.nb"))
    assert found
    for path in found:
        old = path.name.startswith("ch_ppocr_mobile_v1.1_cls")
        assert nb.read_header(path) == nb.Header(1, "v2.7.1" if old else "b92e8c4"), path.name


printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=16)


@settings(deadline=None)
@given(layout=st.integers(0, 9), version=printable, stray=st.binary(max_size=16), rest=st.binary())
def test_any_header(place: Path, layout: int, version: str, stray: bytes, rest: bytes) -> None:
    field = version.encode() + (b"\0" + stray if len(version) < 16 else b"")
    place.write_bytes(model(layout, field, rest))
    assert nb.read_header(place) == nb.Header(layout, version)


@settings(deadline=None)
@given(data=st.binary(max_size=40) | st.builds(model, st.integers(0, 9), st.binary(), st.binary()))
def test_clear_padding(place: Path, data: bytes) -> None:
    place.write_bytes(data)
    nb.clear_padding(place)
    cleared = place.read_bytes()
    assert len(cleared) == len(data)
    assert cleared[:2] == data[:2]
    assert cleared[18:] == data[18:]
    version, _, padding = cleared[2:18].partition(b"\0")
    assert version == data[2:18].split(b"\0")[0]
    assert not any(padding)
    nb.clear_padding(place)
    assert place.read_bytes() == cleared


def test_same_file_whatever_the_stray_bytes(place: Path) -> None:
    seen = set()
    for stray in (b"", b"\0\x40\x12\xf2", b"\0other"):
        place.write_bytes(model(2, b"v2.13-rc" + stray, b"weights"))
        nb.clear_padding(place)
        seen.add(place.read_bytes())
    assert seen == {model(2, b"v2.13-rc", b"weights")}


class Flat:
    """Flatbuffers of nested rows: a table is a list of its fields, each a kind and a value."""

    def __init__(self) -> None:
        self.builder = flatbuffers.Builder(1024)

    @classmethod
    def write(cls, table: list[Any]) -> bytes:
        flat = cls()
        flat.builder.Finish(flat.table(table))
        return bytes(flat.builder.Output())

    def table(self, fields: list[Any]) -> int:
        refers = {"text", "texts", "table", "tables", "longs", "bytes"}
        values = [
            (kind, self.refer(kind, value) if kind in refers else value) for kind, value in fields
        ]
        self.builder.StartObject(len(values))
        for slot, (kind, value) in enumerate(values):
            if kind in refers:
                self.builder.PrependUOffsetTRelativeSlot(slot, value, 0)
            elif kind != "none":
                getattr(self.builder, f"Prepend{kind}Slot")(slot, value, 0)
        return int(self.builder.EndObject())

    def refer(self, kind: str, value: Any) -> int:
        if kind == "text":
            return int(self.builder.CreateString(value))
        if kind == "table":
            return self.table(value)
        if kind == "bytes":
            return int(self.builder.CreateByteVector(value))
        if kind == "longs":
            self.builder.StartVector(8, len(value), 8)
            for one in reversed(value):
                self.builder.PrependInt64(one)
            return int(self.builder.EndVector())
        places = [self.refer(kind[:-1], one) for one in value]
        self.builder.StartVector(4, len(places), 4)
        for place in reversed(places):
            self.builder.PrependUOffsetTRelative(place)
        return int(self.builder.EndVector())


NONE = ("none", 0)
#: Name, shape; name, dtype's number, shape, values.
VARIABLES = [("x", 5, (-1, 3, 48, -1)), ("y", 3, (-1, 1)), ("z", 5, (-1, 6625))]
WEIGHTS = [("w", 21, (2, 3), b"abcdef"), ("b", 5, (1,), bytes(4))]
#: Type, inputs, outputs, attributes.
OPERATORS = [
    ("feed", ["feed"], ["x"], {KERNEL: "feed/def/1/4/2", "col": 0}),
    ("fc", ["x", "w", "b"], ["z"], {KERNEL: "fc/def/4/1/1", "enable_int8": True}),
    ("top_k", ["z"], ["y"], {KERNEL: "top_k/def/4/1/1", "k": 2**40}),
    # Not in the order of their columns, as in the published V1.1 models.
    ("fetch", ["z"], ["fetch"], {KERNEL: "fetch/def/1/4/2", "col": 1}),
    ("fetch", ["y"], ["fetch"], {KERNEL: "fetch/def/1/4/2", "col": 0}),
]
EXPECTED = Summary(
    inputs=(Tensor("x", (-1, 3, 48, -1), "float32"),),
    outputs=(Tensor("y", (-1, 1), "int64"), Tensor("z", (-1, 6625), "float32")),
    operators={"fetch": 2, "fc": 1, "feed": 1, "top_k": 1},
    precision="int8",
)


def flat_topology(operators: Any = OPERATORS, weights: Any = WEIGHTS) -> bytes:
    def variable(name: str, kind: int, tensor: Any, stays: bool) -> list[Any]:
        described = NONE
        if tensor is not None:
            rows = [("Int32", tensor[0]), ("longs", tensor[1])]
            described = ("table", [("table", rows), ("Int32", 0)])
        return [("text", name), ("table", [("Int32", kind), NONE, described]), ("Bool", stays)]

    def attribute(name: str, value: Any) -> list[Any]:
        fields = [("text", name), ("Int32", 0)] + [NONE] * 10
        kind = {bool: 6, str: 2, int: 9 if isinstance(value, int) and value > 2**31 else 0}
        fields[1] = ("Int32", kind[type(value)])
        slots = {0: (2, "Int32"), 2: (4, "text"), 6: (8, "Bool"), 9: (11, "Int64")}
        slot, stored = slots[kind[type(value)]]
        fields[slot] = (stored, value)
        return fields

    def operator(row: Any) -> list[Any]:
        sides = [
            ("tables", [[("text", name), ("texts", side)]])
            for name, side in (("X", row[1]), ("Out", row[2]))
        ]
        attributes = [attribute(name, value) for name, value in row[3].items()]
        return [("text", row[0]), *sides, ("tables", attributes), ("Bool", False)]

    rows = [variable("feed", 9, None, True), variable("fetch", 10, None, True)]
    rows += [variable(name, 7, (kind, shape), False) for name, kind, shape in VARIABLES]
    rows += [variable(name, 7, (5, shape), True) for name, _, shape, _ in weights]
    block = [
        ("Int32", 0),
        ("Int32", -1),
        ("tables", rows),
        ("tables", [operator(row) for row in operators]),
    ]
    return Flat.write([("tables", [block]), ("table", [("Int64", 2007001)])])


def flat_weights(layout: int, weights: Any = WEIGHTS) -> bytes:
    rows = [
        [
            ("table", [("Int32", 0), ("Int32", 0)]),
            ("text", name),
            ("Uint8", 1),
            ("table", [NONE, NONE, ("longs", shape), ("Int32", kind), ("bytes", values)]),
        ]
        for name, kind, shape, values in weights
    ]
    if layout == 1:
        return Flat.write([("tables", rows)])
    data = struct.pack("<HHHHI", 0, 0, 6, len(rows), 6)
    for row in map(Flat.write, rows):
        data += struct.pack("<II", len(row) + 4, 4) + row
    return data


class Naive:
    """The encoding of layout 0."""

    @staticmethod
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    @staticmethod
    def list(rows: list[bytes]) -> bytes:
        return struct.pack("<Q", len(rows)) + b"".join(rows)

    #: Layout 0 numbers types in an order of its own.
    @classmethod
    def tensor(cls, kind: int, shape: Any) -> bytes:
        number = {21: 9, 5: 5, 3: 3, 0: 0}[kind]
        return struct.pack("<i", number) + cls.list([struct.pack("<q", one) for one in shape])

    @classmethod
    def variable(cls, name: str, kind: int, tensor: Any, stays: bool) -> bytes:
        level, none = bytes(4), cls.tensor(0, ())
        described = cls.tensor(*tensor) if tensor else none
        parts = [cls.text(name), struct.pack("<i", kind), none, described, level, none, level]
        return b"".join([*parts, cls.list([]), cls.list([]), bytes([stays])])

    @classmethod
    def attribute(cls, name: str, value: Any) -> bytes:
        kind = {bool: 6, str: 2, int: 9}[type(value)]
        none = cls.list([])
        text = cls.text(value if kind == 2 else "")
        number = struct.pack("<q", value if kind == 9 else 0)
        head = cls.text(name) + struct.pack("<iif", kind, 0, 0.5) + text
        lists = cls.list([bytes(4)] * 3) + none + cls.list([cls.text("one")])
        rest = bytes([kind == 6 and value]) + none + bytes(4) + number + none + none
        return head + lists + rest

    @classmethod
    def operator(cls, row: Any) -> bytes:
        sides = [
            cls.list([cls.text(name) + cls.list([cls.text(one) for one in side])])
            for name, side in (("X", row[1]), ("Out", row[2]))
        ]
        attributes = cls.list([cls.attribute(name, value) for name, value in row[3].items()])
        return cls.text(row[0]) + b"".join(sides) + attributes + b"\0"

    @classmethod
    def topology(cls) -> bytes:
        rows = [cls.variable("feed", 12, None, True), cls.variable("fetch", 13, None, True)]
        rows += [cls.variable(name, 10, (kind, shape), False) for name, kind, shape in VARIABLES]
        rows += [cls.variable(name, 10, (5, shape), True) for name, _, shape, _ in WEIGHTS]
        operators = [cls.operator(row) for row in OPERATORS]
        block = struct.pack("<ii", 0, -1) + cls.list(rows) + cls.list(operators) + bytes(4)
        return cls.list([block]) + bytes(8)

    @classmethod
    def weights(cls) -> bytes:
        return cls.list(
            [
                cls.text(name)
                + struct.pack("<IQ", 0, 0)
                + cls.list([cls.list([])])
                + bytes(4)
                + cls.tensor(kind, shape)
                + struct.pack("<Q", len(values))
                + values
                for name, kind, shape, values in WEIGHTS
            ]
        )


def join(layout: int, topology: bytes, weights: bytes) -> bytes:
    return model(layout, b"v2.9", struct.pack("<Q", len(topology)) + topology + weights)


WHOLE = {
    0: join(0, Naive.topology(), Naive.weights()),
    1: join(1, flat_topology(), flat_weights(1)),
    2: join(2, flat_topology(), flat_weights(2)),
}
layouts = pytest.mark.parametrize("layout", WHOLE)


@layouts
def test_read(place: Path, layout: int) -> None:
    place.write_bytes(WHOLE[layout])
    found = nb.read(place)
    assert found == nb.Model(nb.Header(layout, "v2.9"), "arm", len(WHOLE[layout]), EXPECTED)
    assert list(found.summary.operators) == ["fetch", "fc", "feed", "top_k"]


@layouts
def test_cut_off_anywhere(place: Path, refuses: Refuses, layout: int) -> None:
    place.write_bytes(WHOLE[layout])
    for length in reversed(range(len(WHOLE[layout]))):
        os.truncate(place, length)
        words = "is cut off or damaged" if length >= 18 else "is not a Paddle-Lite model"
        with refuses(OptError, place, words):
            nb.read(place)


@layouts
@pytest.mark.parametrize("more", [b"\0", b"\0" * 4, b"\0" * 8, b"more"])
def test_bytes_behind_the_end(place: Path, refuses: Refuses, layout: int, more: bytes) -> None:
    place.write_bytes(WHOLE[layout] + more)
    if layout == 1 and more == b"\0" * 4:
        # May be padding of the last flatbuffer, whose length is written nowhere.
        nb.read(place)
        return
    with refuses(OptError, place, "follow after the last weight"):
        nb.read(place)


def broken(data: bytes, changes: list[tuple[float, int]]) -> bytes:
    """Data with bytes changed at some places behind the header, given as parts of its length."""
    changed = bytearray(data)
    for part, value in changes:
        changed[18 + int(part * (len(data) - 18))] = value
    return bytes(changed)


changes = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4
)


@layouts
@settings(deadline=1000, max_examples=200)
@given(changes=changes)
def test_changed_bytes(place: Path, layout: int, changes: list[tuple[float, int]]) -> None:
    place.write_bytes(broken(WHOLE[layout], changes))
    try:
        nb.read(place)  # what was changed may not matter
    except OptError as error:
        said = str(error)
        assert len(said.splitlines()) == 1
        assert len(said) < len(str(place)) + 200


@pytest.mark.parametrize("number", [0xFF, 0xFFFFFFFF])
def test_each_offset_damaged(place: Path, number: int) -> None:
    data = WHOLE[1]
    for start in range(18, len(data) - 4, 4):
        place.write_bytes(data[:start] + struct.pack("<I", number) + data[start + 4 :])
        try:
            nb.read(place)
        except OptError as error:
            assert len(str(error).splitlines()) == 1


def test_few_bytes_that_are_many_objects() -> None:
    # A table of 2000 tables that are one and the same, which has 2000 that are one and the same,
    # and so on: going through them all would take years.
    count, levels = 2000, 4
    data = struct.pack("<I4H", 12, 6, 8, 4, 0)
    for _ in range(levels):
        place = len(data)
        following = place + 12 + 4 * count
        data += struct.pack("<iII", place - 4, 4, count)
        places = range(len(data), following, 4)
        data += b"".join(struct.pack("<I", following - one) for one in places)
    data += struct.pack("<iII", len(data) - 4, 4, 0)

    def walk(table: flat.Table) -> None:
        for one in table.tables(0):
            walk(one)

    with pytest.raises(DamageError, match="belongs to more than one object"):
        walk(flat.Buffer(data).root())


@layouts
def test_huge_counts(place: Path, refuses: Refuses, layout: int) -> None:
    data = WHOLE[layout]
    place.write_bytes(data[:18] + struct.pack("<Q", 2**63) + data[26:])
    with refuses(OptError, "its topology ends at byte"):
        nb.read(place)


def test_other_layout(place: Path, refuses: Refuses) -> None:
    place.write_bytes(join(3, flat_topology(), flat_weights(2)))
    with refuses(OptError, place, "layout 3, expected 0, 1 or 2"):
        nb.read(place)


def test_missing_weight(place: Path, refuses: Refuses) -> None:
    place.write_bytes(join(2, flat_topology(), flat_weights(2, WEIGHTS[1:])))
    with refuses(OptError, place, "1 of 2 weights are missing, as 'w'"):
        nb.read(place)


def test_weight_of_wrong_length(place: Path, refuses: Refuses) -> None:
    weights = [("w", 21, (2, 2), b"abcdef"), WEIGHTS[1]]
    place.write_bytes(join(1, flat_topology(), flat_weights(1, weights)))
    with refuses(OptError, place, "weight 'w' do not fit its shape"):
        nb.read(place)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [("124", "arm+x86"), ("1", "host"), ("2", "x86"), ("45", "arm+opencl"), ("6", "host")],
)
def test_arch(place: Path, targets: str, expected: str) -> None:
    operators = [*OPERATORS[:1], *OPERATORS[3:]]
    operators += [("relu", ["x"], ["z"], {KERNEL: f"relu/def/{one}/1/1"}) for one in targets]
    place.write_bytes(join(2, flat_topology(operators), flat_weights(2)))
    assert nb.read(place).arch == expected


@pytest.mark.parametrize(
    ("kernel", "attributes", "dtype", "expected"),
    [
        ("def/4/1/1", {}, 5, "fp32"),
        ("def/4/5/1", {}, 5, "fp16"),
        ("fp32_out/4/2/1", {}, 5, "int8"),
        ("def/4/1/1", {"enable_int8": False}, 5, "fp32"),
        ("def/4/1/1", {"enable_int8": True}, 5, "int8"),
        ("def/4/1/1", {"quantization_type": "post_weight", "quantize_weight_bits": 16}, 5, "int16"),
        ("def/4/1/1", {"quantization_type": "post_weight", "quantize_weight_bits": 8}, 5, "int8"),
        ("def/4/1/1", {}, 21, "int8"),
        ("def/4/1/1", {}, 1, "int16"),
        ("def/4/1/1", {}, 4, "fp16"),
    ],
)
def test_precision(
    place: Path, kernel: str, attributes: dict[str, Any], dtype: int, expected: str
) -> None:
    one = ("relu", ["x"], ["z"], {KERNEL: f"relu/{kernel}", **attributes})
    operators = [*OPERATORS[:1], *OPERATORS[3:], one]
    width = {5: 4, 21: 1, 1: 2, 4: 2}[dtype]
    weights = [("w", dtype, (2,), bytes(2 * width))]
    place.write_bytes(join(2, flat_topology(operators, weights), flat_weights(2, weights)))
    assert nb.read(place).summary.precision == expected


@pytest.fixture(scope="session")
def written(downloads: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A direction classifier, converted by opt itself, in layout 1."""
    files = fetch.exported(catalog.model("ch_ppocr_mobile_v2.0_cls"))
    target = tmp_path_factory.mktemp("opt") / "cls.nb"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PADDLE_LITE_MODEL_VERSION1", "1")  # as opt's source calls it
        opt.optimise(files.program, files.params, target, "x86")
    return target


def test_what_opt_writes(written: Path) -> None:
    found = nb.read(written)
    assert found.header == nb.Header(1, "v2.13-rc")
    assert (found.arch, found.size) == ("x86", written.stat().st_size)
    assert found.summary.inputs == (Tensor("x", (-1, 3, -1, -1), "float32"),)
    assert found.summary.outputs == (Tensor("softmax_0.tmp_0", (-1, 2), "float32"),)
    assert found.summary.operators["conv2d"] == 41
    assert found.summary.precision == "fp32"


@settings(deadline=None, max_examples=30)
@given(part=st.floats(0, 1, exclude_max=True))
def test_what_opt_writes_cut_off(written: Path, place: Path, part: float) -> None:
    data = written.read_bytes()
    place.write_bytes(data[: 18 + int(part * (len(data) - 18))])
    with pytest.raises(OptError, match="is cut off or damaged"):
        nb.read(place)


V1, V2 = "v1.1/ch_ppocr_mobile_v1.1_", "v2.0_slim/ch_ppocr_mobile_v2.0_"
SOFTMAX, IDS = "float32", "int64"


@pytest.mark.parametrize(
    ("name", "precision", "height", "outputs", "convolutions"),
    [
        (f"{V1}det_opt.nb", "fp32", 640, [((-1, 1, 640, 640), SOFTMAX)], 41),
        (f"{V1}det_prune_opt.nb", "fp32", 640, [((-1, 1, 640, 640), SOFTMAX)], 41),
        (f"{V1}cls_opt.nb", "fp32", 48, [((-1, 2), SOFTMAX), ((-1,), IDS)], 41),
        (f"{V1}cls_quant_opt.nb", "int8", 48, [((-1, 2), SOFTMAX), ((-1,), IDS)], 42),
        (f"{V1}rec_quant_opt.nb", "int8", 32, [((-1, 1), IDS), ((-1, 6625), SOFTMAX)], 42),
        (f"{V2}det_slim_opt.nb", "int8", 640, [((-1, 1, 640, 640), SOFTMAX)], 41),
        # Exported with a recogniser's height, but trained and fed with 48.
        (f"{V2}cls_slim_opt.nb", "int8", 32, [((-1, 2), SOFTMAX)], 42),
        (f"{V2}rec_slim_opt.nb", "int8", 32, [((-1, 25, 6625), SOFTMAX)], 42),
    ],
)
def test_published(
    published_models: Path,
    name: str,
    precision: str,
    height: int,
    outputs: list[Any],
    convolutions: int,
) -> None:
    path = published_models / name
    found = nb.read(path)
    assert (found.arch, found.size) == ("arm", path.stat().st_size)
    assert found.header.layout == (1 if name.startswith("v1.1") else 2)
    (image,) = found.summary.inputs
    assert (image.shape[:3], image.dtype) == ((-1, 3, height), "float32")
    assert [(one.shape, one.dtype) for one in found.summary.outputs] == outputs
    assert found.summary.operators["conv2d"] == convolutions
    assert found.summary.precision == precision


@pytest.mark.parametrize("name", [f"{V1}cls_quant_opt.nb", f"{V2}cls_slim_opt.nb"])
def test_published_cut_off(
    published_models: Path, place: Path, refuses: Refuses, name: str
) -> None:
    data = (published_models / name).read_bytes()
    lengths = {*range(18, 40), *range(18, len(data), len(data) // 20), *range(-9, 0)}
    for length in lengths:
        place.write_bytes(data[:length])
        with refuses(OptError, place, "is cut off or damaged"):
            nb.read(place)


@settings(deadline=None, max_examples=25)
@given(changes=changes, name=st.sampled_from([f"{V1}cls_quant_opt.nb", f"{V2}cls_slim_opt.nb"]))
def test_published_changed(
    published_models: Path, place: Path, changes: list[tuple[float, int]], name: str
) -> None:
    place.write_bytes(broken((published_models / name).read_bytes(), changes))
    try:
        nb.read(place)
    except OptError as error:
        assert len(str(error).splitlines()) == 1
