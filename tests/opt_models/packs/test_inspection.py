"""What is told of models: of published files, of folders, and of what is neither."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Callable, ContextManager

import pytest

from lite_runner.releases.release import sha256
from opt_models.catalog import catalog, fetch
from opt_models.errors import OptError
from opt_models.formats import nb
from opt_models.formats.summary import Summary, Tensor
from opt_models.packs import inspection, resolve
from opt_models.packs.inspection import Inspection
from opt_models.paddlelite import opt
from opt_models.runtime import Runtime

Refuses = Callable[..., ContextManager[None]]

RECOGNISER = Inspection(
    path=Path("rec.nb"),
    format="Paddle-Lite model (.nb), layout 2: flatbuffers, weights one by one",
    size=1234567,
    opt_version="6010b5f",
    layout=2,
    arch="arm",
    summary=Summary(
        inputs=(Tensor("x", (-1, 3, 32, 100), "float32"),),
        outputs=(Tensor("ids", (-1, 1), "int64"), Tensor("new\nline", (), "unknown")),
        operators={"conv2d": 42, **{f"operator_number_{n}": 1 for n in range(9)}},
        precision="int8",
    ),
    runtimes=("Paddle-Lite v2.9 armv8: verified with this very file",),
)


@pytest.fixture(scope="session")
def folder(downloads: Path) -> Path:
    return fetch.network(catalog.model("ch_ppocr_mobile_v2.0_cls"))


@pytest.fixture(scope="session")
def written(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A direction classifier, converted by opt."""
    target = tmp_path_factory.mktemp("inspection") / "cls.nb"
    opt.optimise(folder / "inference.pdmodel", folder / "inference.pdiparams", target, "x86")
    return target


def test_text() -> None:
    assert inspection.as_text(RECOGNISER).splitlines() == [
        "rec.nb",
        "  format        Paddle-Lite model (.nb), layout 2: flatbuffers, weights one by one",
        "  size          1,234,567 bytes",
        "  written by    opt 6010b5f",
        "  processor     arm",
        "  precision     int8",
        "  input         x  ? x 3 x 32 x 100  float32",
        "  output        ids  ? x 1  int64",
        "                'new\\nline'  shape unknown  unknown",
        "  51 operators  conv2d 42, operator_number_0 1, operator_number_1 1,",
        "                operator_number_2 1, operator_number_3 1, operator_number_4 1,",
        "                operator_number_5 1, operator_number_6 1, operator_number_7 1,",
        "                operator_number_8 1",
        "  runs on       Paddle-Lite v2.9 armv8: verified with this very file",
    ]


def test_json() -> None:
    data = json.loads(json.dumps(inspection.as_json(RECOGNISER)))
    assert data["path"] == "rec.nb"
    assert data["opt_version"] == "6010b5f"
    assert data["summary"]["inputs"] == [
        {"name": "x", "shape": [-1, 3, 32, 100], "dtype": "float32"}
    ]
    assert data["summary"]["operators"]["conv2d"] == 42
    assert set(data) == {field.name for field in dataclasses.fields(Inspection)}


def test_what_opt_wrote(written: Path) -> None:
    found = inspection.inspect(written)
    assert (found.layout, found.opt_version, found.arch) == (2, "v2.13-rc", "x86")
    assert found.size == written.stat().st_size
    assert found.summary == nb.read(written).summary
    assert found.runtimes == ("Paddle-Lite v2.13-rc on x86: its opt wrote the file",)


def test_verified(written: Path) -> None:
    known = {sha256(written): ("v2.14-rc x86", "v2.12 x86"), "0" * 64: ("v2.9 armv8",)}
    found = inspection.inspect(written, known)
    assert [one.split(":")[0] for one in found.runtimes] == [
        "Paddle-Lite v2.14-rc x86",
        "Paddle-Lite v2.12 x86",
        "Paddle-Lite v2.13-rc on x86",
    ]


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (b"v2.7.1", "Paddle-Lite v2.7.1 on x86: its"),
        (b"b92e8c4", "Paddle-Lite b92e8c4 (of 2020-09-24, on the way to v2.8) on x86"),
        (b"6010b5f", "Paddle-Lite 6010b5f (of 2021-05-08, a week before v2.9) on x86"),
        (b"1e59d1fb", "Paddle-Lite 1e59d1fb (a commit, no release) on x86"),
    ],
)
def test_versions(written: Path, tmp_path: Path, version: bytes, words: str) -> None:
    data = written.read_bytes()
    path = tmp_path / "other.nb"
    path.write_bytes(data[:2] + version.ljust(16, b"\0") + data[18:])
    (said,) = inspection.inspect(path).runtimes
    assert said.startswith(words)


def test_folder(folder: Path) -> None:
    found = inspection.inspect(folder)
    assert found.format == "Paddle inference model, inference.pdmodel and inference.pdiparams"
    assert (found.opt_version, found.layout, found.arch, found.runtimes) == (None, None, None, ())
    files = [folder / "inference.pdmodel", folder / "inference.pdiparams"]
    assert found.size == sum(file.stat().st_size for file in files)
    assert found.summary.operators["batch_norm"] == 35
    lines = inspection.as_text(found).splitlines()
    assert not [line for line in lines if "written by" in line or "processor" in line]
    assert "nothing before opt converts it: invoke pack" in lines[-1]
    json.dumps(inspection.as_json(found))


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("cut.nb", b"\2\0v2.9" + bytes(14), "is cut off or damaged"),
        ("photo.nb", b"\xff\xd8\xff\xe0" + bytes(40), "is not a Paddle-Lite model (.nb)"),
        (
            "photo.jpg",
            b"\xff\xd8\xff\xe0" + bytes(40),
            "is no model; expected an .nb or .onnx file",
        ),
        ("rec.onnx", b"\x08\7", "is no ONNX model"),
    ],
)
def test_foreign(tmp_path: Path, refuses: Refuses, name: str, data: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with refuses(OptError, path, words):
        inspection.inspect(path)


def test_missing(tmp_path: Path, refuses: Refuses) -> None:
    with refuses(OptError, tmp_path / "none.nb", "there is no such file"):
        inspection.inspect(tmp_path / "none.nb")
    with refuses(OptError, tmp_path, "is empty"):
        inspection.inspect(tmp_path)


def test_published_file(published_models: Path) -> None:
    path = published_models / "v1.1" / "ch_ppocr_mobile_v1.1_rec_quant_opt.nb"
    found = inspection.inspect(path, {sha256(path): ("v2.9 armv8",)})
    text = inspection.as_text(found)
    assert "layout 1" in text
    assert "precision      int8" in text
    assert "165 operators  calib 42, conv2d 42, hard_swish 18" in text
    assert "Paddle-Lite v2.9 armv8: verified with this very file" in text
    assert max(map(len, text.splitlines()[1:])) <= 105


def test_all_of_a_pack(downloads: Path, refuses: Refuses, tmp_path: Path) -> None:
    pack = resolve.find("v4-mobile", Runtime("v2.13-rc", "armv8"))
    found = inspection.inspect_all(pack.folder)
    assert [one.path.name for one in found] == ["cls.nb", "det.nb", "rec.nb"]
    assert {one.opt_version for one in found} == {"v2.13-rc"}
    (only,) = inspection.inspect_all(pack.folder / "det.nb")
    assert only == found[1]


def test_a_pipe_is_not_waited_for(tmp_path: Path, refuses: Refuses) -> None:
    os.mkfifo(tmp_path / "pipe.nb")
    with refuses(OptError, "pipe.nb", "no such file"):
        inspection.inspect(tmp_path / "pipe.nb")
