"""Paddle-Lite's real optimiser with a real model, and what becomes of its failures."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Callable, ContextManager

import pytest

from opt_models.catalog import catalog, fetch
from opt_models.errors import OptError
from opt_models.formats import nb
from opt_models.formats.inference_model import ModelFiles
from opt_models.paddlelite import env as paddlelite
from opt_models.paddlelite import opt

Refuses = Callable[..., ContextManager[None]]
Disk = Callable[[str], Path]
Script = Callable[[str, str], Path]

RELEASE = "v2.13-rc"
#: Where the stand-in for opt is told to write.
OUT = "for a; do case $a in --optimize_out=*) out=${a#*=}.nb;; esac; done"


@pytest.fixture(scope="session")
def classifier(downloads: Path) -> ModelFiles:
    return fetch.exported(catalog.model("ch_ppocr_mobile_v2.0_cls"))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "cls.nb"


@pytest.mark.parametrize("arch", ["x86", "arm"])
def test_convert(classifier: ModelFiles, target: Path, arch: str) -> None:
    again = target.with_name("again.nb")
    for path in (target, again):
        opt.optimise(classifier.program, classifier.params, path, arch)
    assert nb.read_header(target) == nb.Header(2, RELEASE)
    assert target.stat().st_size > 700_000
    assert target.read_bytes() == again.read_bytes()
    assert sorted(target.parent.iterdir()) == [again, target]


def test_processors_differ(classifier: ModelFiles, target: Path) -> None:
    files = {arch: target.with_name(f"{arch}.nb") for arch in ("x86", "arm")}
    for arch, path in files.items():
        opt.optimise(classifier.program, classifier.params, path, arch)
    assert files["x86"].read_bytes() != files["arm"].read_bytes()


@pytest.mark.parametrize(
    ("precision", "switches"),
    [
        ("fp32", []),
        ("fp16", ["--enable_fp16=true"]),
        ("int8", ["--quant_model=true", "--quant_type=QUANT_INT8"]),
        ("int16", ["--quant_model=true", "--quant_type=QUANT_INT16"]),
    ],
)
def test_precision_is_opts_own_switch(
    script: Script,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
    precision: str,
    switches: list[str],
) -> None:
    told = target.with_name("told")
    header = r"\2\0v2.13-rc\0\0\0\0\0\0\0\0"
    commands = f"""{OUT}; echo "$@" > '{told}'; printf '{header}' > "$out" """
    env = paddlelite.LiteEnv(script("opt", commands), "3.10", target.parent)
    monkeypatch.setattr(paddlelite, "find", lambda: env)
    opt.optimise(target.with_name("program"), target.with_name("params"), target, "arm", precision)
    given = told.read_text().split()
    assert [word for word in given if "quant" in word or "fp16" in word] == switches


def test_odd_paths(classifier: ModelFiles, tmp_path: Path) -> None:
    folder = tmp_path / "文字 识别 v1.0"
    folder.mkdir()
    program, params = folder / "in put.pdmodel", folder / "in put.pdiparams"
    program.symlink_to(classifier.program)
    params.symlink_to(classifier.params)
    opt.optimise(program, params, folder / "out v2.0.nb", "x86")
    assert nb.read_header(folder / "out v2.0.nb").opt_version == RELEASE


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: b"garbage" * 100, id="garbage"),
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data[: len(data) // 2], id="cut short"),
        pytest.param(None, id="missing"),
    ],
)
@pytest.mark.parametrize("which", ["program", "params"])
@pytest.mark.parametrize("there", [False, True], ids=["new", "over an old file"])
def test_damaged_model(
    classifier: ModelFiles,
    target: Path,
    refuses: Refuses,
    damage: Callable[[bytes], bytes] | None,
    which: str,
    there: bool,
) -> None:
    bad = target.with_name(which)
    if damage is not None:
        bad.write_bytes(damage(getattr(classifier, which).read_bytes()))
    if there:
        target.write_bytes(b"\2\0v2.13-rc".ljust(18, b"\0"))
    program = bad if which == "program" else classifier.program
    params = bad if which == "params" else classifier.params
    with refuses(OptError, f"{program}: opt {RELEASE} could not convert it: "):
        opt.optimise(program, params, target, "x86")
    assert not target.exists()


def test_no_target_folder(classifier: ModelFiles, target: Path, refuses: Refuses) -> None:
    missing = target.parent / "none" / "cls.nb"
    with refuses(OptError, classifier.program, missing):
        opt.optimise(classifier.program, classifier.params, missing, "x86")
    assert not missing.parent.exists()


def test_unknown_processor(classifier: ModelFiles, target: Path, refuses: Refuses) -> None:
    with refuses(OptError, classifier.program, "Wrong target 'abacus' found"):
        opt.optimise(classifier.program, classifier.params, target, "abacus")
    assert not target.exists()


def test_full_disk(classifier: ModelFiles, disk: Disk) -> None:
    target = disk("512k") / "cls.nb"
    with pytest.raises(OSError, match="No space left on device") as caught:
        opt.optimise(classifier.program, classifier.params, target, "x86")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(target))
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("commands", "words"),
    [
        pytest.param("exit 0", "exit code 0 and no message", id="nothing written"),
        pytest.param("echo one; echo; exit 0", "convert it: one;", id="its last words"),
        pytest.param("echo 'Error: bad op'; echo bye", "Error: bad op;", id="its error"),
        pytest.param(
            r"""printf '\2\0v2.13-rc' > "$out"; kill -ABRT $$""",
            "exit code -6 and no message",
            id="killed halfway",
        ),
        pytest.param(
            r"""printf '\2\0v2.12\0\0\0\0\0\0\0\0\0\0\0' > "$out" """,
            f"opt wrote version v2.12, expected {RELEASE}; delete",
            id="another release",
        ),
        pytest.param('echo no > "$out"', "is not a Paddle-Lite model", id="another file"),
    ],
)
@pytest.mark.parametrize("there", [False, True], ids=["new", "over an old file"])
def test_failures_of_opt(
    script: Script,
    target: Path,
    refuses: Refuses,
    monkeypatch: pytest.MonkeyPatch,
    commands: str,
    words: str,
    there: bool,
) -> None:
    """A stand-in for opt fails in ways that the real one does on bad days."""
    env = paddlelite.LiteEnv(script("opt", f"{OUT}\n{commands}"), "3.10", target.parent)
    monkeypatch.setattr(paddlelite, "find", lambda: env)
    if there:
        target.write_bytes(b"\2\0v2.13-rc".ljust(18, b"\0"))
    with refuses(OptError, words):
        opt.optimise(target.with_name("program"), target.with_name("params"), target, "arm")
    assert not target.exists()
