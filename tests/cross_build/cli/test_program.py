"""The commands as ``lite-ocr``: the same as a clone's, and its own name in all it says."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import tasks
from cross_build.cli import program, samples
from lite_runner import __version__
from lite_runner.scoring import ground_truth
from tests.commands import LITE_OCR, ROOT, invoke, lite_ocr

#: What develops this project needs a clone of it.
OF_A_CLONE = {"test", "lint", "lock"}
COMMANDS = sorted(program.commands().task_names)


def test_it_has_the_commands_of_a_clone_but_for_those_that_develop_it() -> None:
    in_a_clone = tasks.namespace.task_names
    assert set(in_a_clone) - set(COMMANDS) == OF_A_CLONE
    assert {name: in_a_clone[name] for name in COMMANDS} == program.commands().task_names


def test_its_help_lists_each_command() -> None:
    run = lite_ocr("--help")
    assert run.returncode == 0
    for name in COMMANDS:
        assert re.search(rf"^  {re.escape(name)}( \(\w+\))?  +\w+", run.stdout, re.MULTILINE)


@pytest.mark.parametrize("name", sorted(tasks.namespace.task_names))
def test_every_option_of_every_command_is_explained(name: str) -> None:
    arguments = tasks.namespace[name].get_arguments()
    assert [each.names for each in arguments if not each.help] == []
    assert "debug" in [each.name for each in arguments]


@pytest.mark.parametrize(
    ("name", "option"),
    # With options and words of their own, with one name, with two, with one that may be missing.
    [("read", "-h"), ("bench", "--help"), ("bench.compare", "--help"), ("pack", "-h")],
)
def test_a_command_explains_its_options(name: str, option: str) -> None:
    run = lite_ocr(name, option)
    assert run.returncode == 0
    assert run.stdout.startswith(f"Usage: lite-ocr [--core-opts] {name}")
    assert "invoke" not in run.stdout


def test_help_ends_quietly_with_its_reader() -> None:
    command = [sys.executable, "-u", "-c", LITE_OCR, "--help"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None and run.stderr is not None
        run.stdout.close()
        assert run.stderr.read() == b""


def test_it_knows_its_version() -> None:
    assert lite_ocr("--version").stdout == f"lite-ocr {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["models.show", "nope"], "'{} models' lists all"),
        (["deploy", "--pack", "nope"], "'{} models.packs' lists all"),
        (["boards", "--forget", "nobody"], "'{} boards' lists them all"),
        (["bench", "--limit", "x"], "--limit x: is not a whole number"),
    ],
)
def test_a_failure_advises_the_program_that_was_typed(arguments: list[str], advice: str) -> None:
    for name, run in (("invoke", invoke(*arguments)), ("lite-ocr", lite_ocr(*arguments))):
        assert run.returncode == 2
        assert run.stderr.startswith(f"{name}: ")
        assert advice.format(name) in run.stderr


@pytest.mark.parametrize("room", ["lite_runner", "opt_models", "cross_build"])
def test_no_message_names_the_program_itself(room: str) -> None:
    """Only what a clone alone has is advised by that clone's program."""
    for path in (ROOT / room).rglob("*.py"):
        for words in re.findall(r"['`]invoke ([\w.]+)", path.read_text(encoding="utf-8")):
            assert words in OF_A_CLONE, path


def without(*modules: str) -> str:
    """The program in an environment that lacks some packages."""
    return f"import sys; sys.modules.update(dict.fromkeys({modules}));{LITE_OCR}"


def run_without(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", without(module), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_plots_without_plotly_are_refused_before_anything_is_measured() -> None:
    run = run_without("plotly", "bench", "--html", "page.html")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        f"lite-ocr: --html: needs plotly for its plots; run '{sys.executable} -m pip install"
        " plotly', or leave --html out\n"
    )


def test_a_missing_package_is_one_line() -> None:
    run = run_without("google.protobuf", "models.inspect", str(ROOT / "samples"))
    assert run.returncode == 1
    assert run.stderr.startswith("lite-ocr: a package is missing or damaged (")
    assert run.stderr.endswith(
        "; install lite-ocr again, with 'pip install --force-reinstall' and its wheel\n"
    )
    assert run.stderr.count("\n") == 1


def test_the_samples_are_those_that_are_labelled() -> None:
    labelled = {picture.path for picture in ground_truth.pictures(samples.FOLDER)}
    assert labelled == set(samples.FOLDER.glob("*.[jp][pn]g"))
