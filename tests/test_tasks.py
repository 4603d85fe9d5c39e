"""The tasks as a user meets them: ``invoke ...`` in a process of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from invoke.main import program

from cross_build.boards.board import Board
from opt_models.catalog import catalog, fetch
from tests.commands import begun

ROOT = Path(__file__).parent.parent
INVOKE = [sys.executable, "-m", "invoke"]


@pytest.fixture
def environment(board: Board) -> dict[str, str]:
    """Tasks find the tests' own board."""
    return {**os.environ, "LITE_OCR_HOME": str(Path(board.transport.root).parent)}


def invoke(environment: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*INVOKE, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def one_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.startswith("invoke: ")]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


def test_the_list_explains_every_task() -> None:
    listed = subprocess.run([*INVOKE, "--list"], cwd=ROOT, capture_output=True, text=True).stdout
    for name in ("boards", "demo", "deploy", "doctor", "lint", "pack", "read", "rollback", "test"):
        assert re.search(rf"^  {name}  +\w+", listed, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["deploy", "--target", "nope"],
            "there is no target 'nope'; known targets: local, rpi3, rpi4, rpi5, zero2w,",
        ),
        (["deploy", "--target", "armv8"], "armv8: say which board, as in --host pi@"),
        (
            ["deploy", "--host", "a", "--host", "b"],
            "--host: a is of which kind? local is this computer; give --target",
        ),
        (
            ["deploy", "--target", "rpi4", "--host", "a", "--host", "a"],
            "--host: a was given before, at --host",
        ),
        (
            ["deploy", "--target", "rpi4", "--hosts", "/no"],
            "--hosts /no: cannot be read: No such file",
        ),
        (
            ["deploy", "--target", "rpi4", "--host", "a", "--host", "b", "--parallel", "some"],
            "--parallel some: is not a whole number",
        ),
        (
            ["deploy", "--target", "rpi4", "--host", "a", "--host", "b", "--emulate"],
            "--emulate: is one board of its own; leave out --host, --hosts and --json",
        ),
        (["deploy", "--json", "x"], "--json: say which boards, with --host or --hosts"),
        (
            ["deploy", "--target", "rpi4", "--host", "a", "--json", "x", "--dry-run"],
            "--json: tells what was done; leave it out with --dry-run",
        ),
        (
            ["deploy", "--target", "rpi4", "--host", "a", "--host", "b", "--pack", "nope"],
            "there is no pack 'nope'",
        ),
        (["boards", "--check", "--parallel", "0"], "--parallel 0: is not a whole number"),
        (["boards", "--forget", "nobody"], "--forget nobody: is not among them; 'invoke boards'"),
        (["deploy", "--pack", "nope"], "there is no pack 'nope'; 'invoke models.packs' lists all"),
        (["models", "--task", "x"], "there is no task 'x'; known: detection"),
        (["models.show", "nope"], "there is no model 'nope'"),
        (["models.packs", "--for", " "], "--for: give a text, such as --for 'Straße 5 €'"),
        (["deploy", "--pack", "v5-german"], "packs for German: v6-tiny, v6-small, v6-medium, v5-"),
        (
            ["models.fetch", "ch_PP-OCRv4_det", "--kind", "slim"],
            "has no published .nb file; offered",
        ),
        (["models.fetch", "ch_PP-OCRv4_det", "--models", "/no"], "--models /no: there is no such"),
        (["pack", "nope"], "there is no pack 'nope'"),
        (["pack", "v4-mobile", "--target", "nope"], "there is no target 'nope'"),
        (["pack", "v4-mobile", "--precision", "int4"], "'int4' is not one of fp32, fp16, int8"),
        (["pack", "v4-mobile", "--precision", "fp16"], "Paddle-Lite computes in fp16 on ARM only"),
        (["pack", "v4-mobile-fp16"], "Paddle-Lite computes in fp16 on ARM only"),
        (
            ["pack", "v4-mobile-fp16", "--precision", "int8", "--target", "armv8"],
            "pack v4-mobile-fp16: is asked for in fp16; leave out --precision int8",
        ),
        (["pack", "v4-mobile", "--published"], "has no published .nb file"),
        (
            ["pack", "v1.1-slim", "--published", "--precision", "int8"],
            "--published takes .nb files",
        ),
        (["pack", "v1.1-slim", "--published", "--det", "x"], "--published takes .nb files"),
        (["pack", "v4-mobile", "--name", "../up"], "is no name for a pack"),
        (["pack", "v4-mobile", "--out", "."], "is where you are"),
        (["pack", "v4-mobile", "--out", "samples"], "is there and is not a pack"),
        (["pack", "v4-mobile", "--dict", "/no", "--name", "x"], "--dict /no: cannot be read"),
        (["pack", "v4-mobile", "--golden", "/no"], "--golden /no: there is no such picture"),
        (["deploy", "--pack", "packs/none"], "pack packs/none: there is no such folder"),
        (["pack", "--det", "x"], "--rec and --name must be given too"),
        (["pack", "--rec", "x", "--name", "y"], "--det must be given too"),
        (["bench", "--tune", "--threads", "2"], "--tune: takes a real board, one --pack"),
        (["bench", "--limit", "x"], "--limit x: is not a whole number"),
        (["read", "samples", "--min-score", "x"], "--min-score x: is not a number"),
        (["bench", "--power", "hihg"], "--power hihg: is not one of high, low, full, unbound"),
        (["bench", "--threads", "2,x"], "--threads 2,x: 'x' is not a whole number of at least 1"),
        (["bench", "--images", "/no.png"], "/no.png: does not exist; check the path"),
        (["bench", "--threads", ","], "--threads ,: '' is not a whole number of at least 1"),
        (["bench", "--limit", "0"], "--limit 0: is not a whole number of at least 1"),
        (["read", "samples", "--batch", "0"], "--batch 0: is not a whole number of at least 1"),
        (["read", "samples", "--threads", "0"], "--threads 0: is not a whole number of at least"),
        (["read", "samples", "--min-score", "2"], "--min-score 2: is not a number from 0 to 1"),
        (["evaluate", "a", "b", "--limit", "nan"], "--limit nan: is not a number of at least 0"),
        (["read", "samples", "a", "b", "--pages", "0"], "--pages 0: names no pages"),
        (["read"], "read: no pictures; name files"),
    ],
)
def test_wrong_usage_is_one_line_and_ends_with_two(
    environment, monkeypatch, capfd, arguments, words
) -> None:
    # In this process: starting one for each of these takes longer than all else about them.
    monkeypatch.setenv("LITE_OCR_HOME", environment["LITE_OCR_HOME"])
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["invoke", *arguments])
    with pytest.raises(SystemExit) as ended:
        program.run()
    assert ended.value.code == 2
    assert words in one_line(capfd.readouterr().err)


@pytest.mark.parametrize("name", ["pack", "models.show", "read"])
def test_every_task_explains_its_options(name) -> None:
    run = subprocess.run([*INVOKE, name, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0
    assert f"[--core-opts] {name} [--options]" in run.stdout


def test_models_as_json(environment) -> None:
    run = invoke(environment, "models", "--version", "v1.1", "--slim", "--json")
    assert run.returncode == 0
    assert [row["name"] for row in json.loads(run.stdout)] == [
        "ch_ppocr_mobile_slim_v1.1_det",
        "ch_ppocr_mobile_slim_v1.1_rec",
        "en_ppocr_mobile_slim_v1.1_rec",
        "ch_ppocr_mobile_v1.1_cls_quant",
    ]


@pytest.mark.parametrize(("version", "count"), [("v5", 17), ("v6", 6)])
def test_models_of_a_version(environment, version, count) -> None:
    run = invoke(environment, "models", "--version", version)
    assert run.returncode == 0
    assert f"{count} models; 'invoke models.show NAME'" in run.stdout


def test_packs_that_can_spell_a_text(environment) -> None:
    run = invoke(environment, "models.packs", "--for", "Straße 5 €")
    assert run.returncode == 0
    named = [line.split()[0] for line in run.stdout.splitlines() if line]
    assert {"v6-tiny", "v6-small", "v5-latin"} <= set(named)
    # The default packs can, so nothing is said of them.
    assert "lacks" not in run.stdout
    run = invoke(environment, "models.packs", "--for", "ß", "--json")
    assert [row["lacks"] for row in json.loads(run.stdout) if row["name"] == "v6-tiny"] == [[]]


def test_a_text_that_no_pack_can_spell(environment) -> None:
    run = invoke(environment, "models.packs", "--for", "\u16a0 5")
    assert run.returncode == 1
    assert "no pack can spell all of it" in run.stdout


def test_a_model_is_fetched_as_packs_take_it(environment) -> None:
    run = invoke(environment, "models.fetch", "PP-OCRv6_small_det")
    assert run.returncode == 0, run.stderr
    assert Path(run.stdout.strip()).name == "PP-OCRv6_det_small.onnx"


def test_listing_models_loads_nothing_heavy() -> None:
    """What keeps the table under half a second."""
    code = (
        "import sys, tasks; from opt_models.catalog import listing;"
        "listing.as_table(listing.select());"
        "print([name for name in ('numpy', 'cv2', 'requests', 'google.protobuf', 'flatbuffers',"
        " 'filelock') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout == "[]\n", run.stderr


def test_own_models_become_a_pack_that_the_board_reads_with(environment, tmp_path) -> None:
    """All in one folder each, with names of the user's own."""
    for stage, model in catalog.recipe("v4-mobile").models.items():
        files = fetch.exported(model)
        (tmp_path / stage).mkdir()
        shutil.copy(files.program, tmp_path / stage / "my.net")
        shutil.copy(files.params, tmp_path / stage / "my.weights")
        if model.dictionary:
            shutil.copy(fetch.dictionary(model.dictionary), tmp_path / "characters")
    own = [f"--{stage}={tmp_path / stage}" for stage in ("det", "cls", "rec")]
    out = tmp_path / "packs" / "mine"
    picture = ROOT / "opt_models" / "catalog" / "golden" / "letters.png"
    golden = [f"--golden={picture}", "--golden-text=paddle", "--golden-text=text2026"]
    own += [f"--dict={tmp_path / 'characters'}", "--name=mine", f"--out={out}"]
    made = invoke(environment, "pack", *own, *golden)
    assert made.returncode == 0, made.stderr
    home = {**environment, "LITE_OCR_HOME": str(tmp_path / "home")}
    deployed = invoke(home, "deploy", "--pack", out)
    assert deployed.returncode == 0, deployed.stderr
    assert "pack      mine," in deployed.stdout
    assert "reads     paddle / text2026" in deployed.stdout


@pytest.mark.parametrize("precision", ["int8"])
def test_a_quantised_pack_passes_the_boards_verification(environment, tmp_path, precision) -> None:
    out = tmp_path / "pack"
    made = invoke(environment, "pack", "v4-mobile", "--precision", precision, "--out", out)
    assert made.returncode == 0, made.stderr
    home = {**environment, "LITE_OCR_HOME": str(tmp_path / "home")}
    deployed = invoke(home, "deploy", "--pack", out)
    assert deployed.returncode == 0, deployed.stderr
    assert "deployed and verified" in deployed.stdout


def test_networks_are_folded_unless_told_not_to(environment, tmp_path) -> None:
    folded = {}
    for option in ("--fold", "--no-fold"):
        out = tmp_path / option
        run = invoke(environment, "pack", "v4-mobile", option, "--out", out)
        assert run.returncode == 0, run.stderr
        described = json.loads((out / "pack.json").read_text(encoding="utf-8"))
        folded[option] = {stage: described[stage]["folded"] for stage in ("det", "cls", "rec")}
        assert ("  not folded" in run.stdout) == (option == "--no-fold")
    assert folded["--no-fold"] == {"det": {}, "cls": {}, "rec": {}}
    assert folded["--fold"]["det"]["ahead"] > 20
    assert folded["--fold"]["rec"]["uneven strides"] == 4
    assert folded["--fold"]["cls"]["uneven strides"] == 4


def test_text_in_any_script_is_printed_in_any_locale(environment, tmp_path) -> None:
    old = {**environment, "PYTHONIOENCODING": "ascii"}
    run = invoke(old, "pack", "v4-mobile", "--out", tmp_path / "pack")
    assert run.returncode == 0, run.stderr
    assert "你好，世界" in run.stdout


def test_a_checkpoint_is_no_model_for_a_pack(environment, tmp_path) -> None:
    (tmp_path / "rec").mkdir()
    (tmp_path / "rec" / "best_accuracy.pdparams").write_bytes(b"weights")
    (tmp_path / "dict").write_text("a\n")
    own = [f"--rec={tmp_path / 'rec'}", f"--dict={tmp_path / 'dict'}", "--name=mine"]
    run = invoke(environment, "pack", "v4-mobile", *own, f"--out={tmp_path / 'out'}")
    assert run.returncode == 1
    assert "checkpoint" in one_line(run.stderr)
    assert "tools/export_model.py" in one_line(run.stderr)
    assert not (tmp_path / "out").exists()


def test_debug_shows_where_an_error_comes_from(environment) -> None:
    run = invoke(environment, "deploy", "--target", "nope", "--debug")
    assert run.returncode != 0
    assert "Traceback" in run.stderr


def test_json_on_standard_output_is_nothing_but_json(environment, board) -> None:
    golden = board.path("current", "pack", "golden.png")
    run = invoke(environment, "read", golden, "--json", "-")
    assert run.returncode == 0
    (result,) = json.loads(run.stdout)
    assert result.keys() == {"image", "width", "height", "lines", "seconds"}
    assert result["seconds"].keys() == {"detect", "classify", "recognise", "total"}
    for line in result["lines"]:
        assert line.keys() == {"text", "score", "box", "angle"}


@pytest.mark.parametrize("argument", ["nowhere.jpg", "nothing*.png"])
def test_pictures_that_are_not_there_end_with_one(environment, argument) -> None:
    run = invoke(environment, "read", argument)
    assert run.returncode == 1
    assert run.stdout.startswith(f"{argument}: ")
    assert run.stderr == ""


def test_an_unwritable_cache_is_one_line(environment) -> None:
    run = invoke({**environment, "LITE_OCR_CACHE": "/proc/cache"}, "deploy")
    assert run.returncode == 1
    assert "/proc/cache" in one_line(run.stderr)
    assert "LITE_OCR_CACHE" in one_line(run.stderr)


def test_a_full_disk_while_building_is_one_line_and_leaves_nothing(environment, disk) -> None:
    place = disk("8m")
    run = invoke({**environment, "LITE_OCR_CACHE": str(place / "cache")}, "deploy")
    assert run.returncode == 1
    assert "the disk is full; make it writable and leave room" in one_line(run.stderr)
    left = [path for path in place.rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert [path.name for path in left if not path.name.startswith("paddlelite-")] == []


def _descendants(pid: int) -> list[int]:
    """Processes that a process started, with theirs."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(
                line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line
            )
        except OSError:
            continue
        if int(fields["PPid"]) == pid:
            child = int(fields["Pid"])
            found += [child, *_descendants(child)]
    return found


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_read_keeps_results_and_leaves_nothing_else(
    environment, tmp_path, number, code
) -> None:
    child = begun("read", "samples", "--json", tmp_path / "out.json", env=environment)
    started = _descendants(child.pid)
    assert started
    inbox = Path(environment["LITE_OCR_HOME"]) / "local" / "inbox"
    assert len(list(inbox.iterdir())) == 1
    child.send_signal(number)
    _, errors = child.communicate(timeout=120)
    assert child.returncode == code
    assert errors == "invoke: interrupted\n"
    assert list(inbox.iterdir()) == []
    results = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [result["image"] for result in results]
    assert all(result["lines"] for result in results)
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in started):
        assert time.monotonic() < deadline, "a process was left behind"
        time.sleep(0.05)
