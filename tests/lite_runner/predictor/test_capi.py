"""The C ABI and its Python half, over a double of Paddle-Lite that doubles its input."""

from __future__ import annotations

import ctypes
import re
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest

from lite_runner.errors import EngineError
from lite_runner.predictor import capi
from lite_runner.predictor.protocol import run

ROOT = Path(__file__).parents[3]
SOURCES = ROOT / "lite_runner/predictor"
DOUBLE = ROOT / "tests/double"
RELEASE = "v0-double"


def build(compiler: str, folder: Path, *options: str) -> Path:
    shim = folder / "liblite_capi.so"
    command = [compiler, "-std=c++11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    command += [f"-I{DOUBLE}", f"-I{SOURCES}", *options, "-o", str(shim)]
    sources = [str(SOURCES / "lite_capi.cc"), str(DOUBLE / "paddle_double.cc")]
    subprocess.run([*command, *sources], check=True)
    return shim


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("g++", tmp_path_factory.mktemp("shim"))


@pytest.fixture
def engine(shim: Path) -> capi.CapiEngine:
    return capi.CapiEngine(shim, RELEASE)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "ein Modell.nb"
    path.write_bytes(b"\x02\x00anything")
    return path


def test_every_function_of_the_header_is_declared_with_its_types() -> None:
    text = re.sub(r"/\*.*?\*/", "", (SOURCES / "lite_capi.h").read_text(), flags=re.S)
    found = re.findall(r"LITE_CAPI ([\w* ]+?)\s*(lite_\w+)\(([^)]*)\);", text)
    assert {name for _, name, _ in found} == set(capi.FUNCTIONS)
    plain = {"int32_t": ctypes.c_int32, "uint64_t": ctypes.c_uint64, "void": None}
    for returned, name, listed in found:
        result, arguments = capi.FUNCTIONS[name]
        assert result is plain.get(returned.strip(), ctypes.c_char_p), name
        given = [] if listed.strip() == "void" else [one.strip() for one in listed.split(",")]
        assert len(given) == len(arguments), name
        for one, declared in zip(given, arguments):
            kind = one.rsplit(" ", 1)[0].replace("const ", "")
            if "*" not in kind:
                assert declared is plain[kind], (name, one)
            elif kind.endswith("**"):
                assert issubclass(declared, ctypes._Pointer), (name, one)


def test_the_structure_is_laid_out_as_in_c(tmp_path: Path) -> None:
    program = tmp_path / "layout"
    source = tmp_path / "layout.c"
    fields = [name for name, _ in capi.Tensor._fields_]
    offsets = ", ".join(f"offsetof(lite_tensor, {name})" for name in fields)
    source.write_text(
        '#include <stdio.h>\n#include <stddef.h>\n#include "lite_capi.h"\nint main(void) {'
        f"size_t all[] = {{sizeof(lite_tensor), {offsets}, LITE_ABI_VERSION}};"
        'for (size_t n = 0; n < sizeof all / sizeof *all; ++n) printf("%zu ", all[n]); }'
    )
    subprocess.run(["gcc", f"-I{SOURCES}", str(source), "-o", str(program)], check=True)
    printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    size, *places, version = map(int, printed.split())
    assert size == ctypes.sizeof(capi.Tensor)
    assert places == [getattr(capi.Tensor, name).offset for name in fields]
    assert version == capi.ABI_VERSION


@pytest.mark.parametrize("source", ["file", "memory"])
def test_a_model_runs(engine, model, source) -> None:
    predictor = engine.open(model if source == "file" else model.read_bytes())
    batch = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
    doubled, count = run(predictor, batch)
    assert np.array_equal(doubled.data, batch * 2)
    assert doubled.lod == ((0, 1),)
    assert (count.data.dtype, count.data.tolist()) == (np.int64, [24])
    again, _ = run(predictor, np.ones((2, 5), np.float32))
    assert again.data.shape == (2, 5)


def test_results_outlive_their_predictor(engine, model, monkeypatch) -> None:
    closed = []
    monkeypatch.setattr(type(engine._library), "close", lambda library, handle: closed.append(1))
    predictor = engine.open(model)
    batch = np.ones((64, 64), np.float32)
    row = run(predictor, batch)[0].data[0]
    predictor.close()
    del predictor
    assert not closed
    assert np.array_equal(row, batch[0] * 2)
    del row
    assert closed


def test_input_that_is_not_contiguous_is_read_right(engine, model) -> None:
    batch = np.arange(12, dtype=np.float32).reshape(3, 4).T
    assert np.array_equal(run(engine.open(model), batch)[0].data, batch * 2)


def test_views_show_the_librarys_own_memory(engine, model) -> None:
    predictor = engine.open(model)
    run(predictor, np.zeros((2, 2), np.float32))
    view = predictor.output(0).data
    assert not view.flags.owndata
    assert predictor.output(0).data.ctypes.data == view.ctypes.data


def test_a_clone_lives_on_and_runs_in_another_thread(engine, model) -> None:
    first = engine.open(model)
    second = first.clone()
    first.close()
    results: list[float] = []
    work = threading.Thread(
        target=lambda: results.append(run(second, np.ones((1, 1), np.float32))[0].data.item()),
        daemon=True,
    )
    work.start()
    work.join(30)
    assert results == [2.0]


def test_a_closed_predictor_says_so_and_closes_again(engine, model) -> None:
    predictor = engine.open(model)
    predictor.close()
    predictor.close()
    with pytest.raises(EngineError, match="already closed"):
        run(predictor, np.ones((1, 1), np.float32))


def test_a_model_that_cannot_be_loaded_is_told(engine, tmp_path) -> None:
    with pytest.raises(EngineError, match=r"gone\.nb: Paddle-Lite cannot load it: no such model"):
        engine.open(tmp_path / "gone.nb")
    with pytest.raises(EngineError, match="unknown model"):
        engine.open(b"THROW")
    with pytest.raises(EngineError, match="size is out of range"):
        engine.open(b"")


@pytest.mark.parametrize("shape", [(0, 1), (-1, 4), (1 << 20, 1 << 20), (1,) * 9, ()])
def test_impossible_shapes_are_refused(engine, model, shape) -> None:
    with pytest.raises(EngineError, match=r"shape|rank"):
        engine.open(model).input(shape)


def test_outputs_that_are_not_there_are_refused(engine, model) -> None:
    predictor = engine.open(model)
    for index in (-1, 2):
        with pytest.raises(EngineError, match="no such output"):
            predictor.output(index)


def test_bad_settings_are_refused(shim, model) -> None:
    with pytest.raises(EngineError, match="threads must be at least 1"):
        capi.CapiEngine(shim, RELEASE, threads=0).open(model)


def test_a_library_of_another_release_is_refused(shim, model) -> None:
    with pytest.raises(EngineError, match=r"expected Paddle-Lite v2\.9, the library says v0-doub"):
        capi.CapiEngine(shim, "v2.9").open(model)


def test_no_library_and_another_abi_are_told(shim, tmp_path, monkeypatch) -> None:
    (tmp_path / "broken.so").write_bytes(b"\x7fELF")
    with pytest.raises(EngineError, match=r"broken\.so: cannot be loaded"):
        capi.Library(tmp_path / "broken.so")
    monkeypatch.setattr(capi, "ABI_VERSION", 99)
    with pytest.raises(EngineError, match="speaks version 1 of the C ABI, this runner 99"):
        capi.Library(shim)


def test_it_builds_for_armv8(tmp_path) -> None:
    built = build("aarch64-linux-gnu-g++", tmp_path)
    assert built.read_bytes()[18:20] == b"\xb7\x00", "EM_AARCH64"
