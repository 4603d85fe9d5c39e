"""Every command in the README works as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from invoke.collection import Collection
from invoke.parser import Parser

import tasks
from cross_build.boards.board import Board
from cross_build.cli import command_line
from cross_build.cli.program import commands
from lite_runner.releases.release import sha256
from lite_runner.scoring import ground_truth
from opt_models.catalog import catalog, fetch

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
#: Run by .ci/run, each in an environment of its own making.
BY_CI = [line for line in COMMANDS if "pip install" in line or "venv" in line]
#: Need minutes: tested with their own arguments by tests/test_benchmarks*.py.
LONG = [line for line in COMMANDS if "benchmarks." in line]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def home(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the release of the tests' board, in which the README deploys what it likes."""
    home = tmp_path_factory.mktemp("home")
    # Links take no time; what is in use is never written to.
    command = ["cp", "--archive", "--link", board.transport.root, str(home / "local")]
    subprocess.run(command, check=True)
    return home


@pytest.fixture(scope="module")
def own_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models as a user might have exported them."""
    root = tmp_path_factory.mktemp("my")
    for stage, model in catalog.recipe("v4-mobile").models.items():
        shutil.copytree(fetch.published(model, "inference"), root / stage)
        if model.dictionary is not None:
            shutil.copy(fetch.dictionary(model.dictionary), root / "dict.txt")
    return root


def test_the_first_two_commands_are_run_by_ci() -> None:
    steps = sorted((ROOT / ".ci" / "steps").iterdir())
    script = "\n".join(step.read_text(encoding="utf-8") for step in steps)
    installs = [line for line in BY_CI if "pip install" in line]
    assert len(installs) == 2
    for line in installs:
        # CI only says where the drawings go.
        assert line in script.replace(' --out "$CI_WORK/demo"', "")


#: Need a board: tested by tests/board/test_readme.py.
ON_BOARD = [line for line in COMMANDS if "--target rpi" in line or "board up" in line]


@pytest.mark.parametrize("line", [one for one in COMMANDS if one not in BY_CI + LONG + ON_BOARD])
def test_command(line: str, home: Path, results: Path, own_models: Path) -> None:
    """Run in the checkout, in the README's order, on a board and with results of the tests' own."""
    line = line.replace("~/.local/share/lite-ocr/local", str(home / "local"))
    line = line.replace("out/", f"{results}/").replace("my/", f"{own_models}/")
    words = shlex.split(line)
    if words[0] == "invoke":
        words = [sys.executable, "-m", "invoke", *words[1:]]
    environment = {**os.environ, "LITE_OCR_HOME": str(home)}
    run = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    if "shop_sign" in line and "--no-recognise" not in line:
        assert "老城面馆" in run.stdout
    for written in re.findall(rf"{re.escape(str(results))}/\S+", line):
        assert Path(written).exists()


#: The words of each command of the project's own, in blocks and in sentences.
TYPED = [
    shlex.split(words) for words in re.findall(r"(?<![\w'])invoke ((?:'[^']*'|[^'`&|\n])+)", README)
]


def parsed(tasks_of_a_program: Collection, words: list[str]) -> list[tuple[str | None, object]]:
    """What a program understands: each command and its options; nothing may be left over."""
    parser = Parser(contexts=tasks_of_a_program.to_contexts())
    return [
        (context.name, {name: argument.value for name, argument in context.args.items()})
        for context in parser.parse_argv(list(command_line.of(words, tasks_of_a_program).words))
    ]


#: Develops the project, in a clone of it.
IN_A_CLONE = ("test", "lint", "lock")


@pytest.mark.parametrize(
    "words", [words for words in TYPED if words[0] not in IN_A_CLONE], ids=shlex.join
)
def test_the_installed_program_understands_a_command_as_a_clone_does(words: list[str]) -> None:
    (command,) = parsed(commands(), words)
    assert [command] == parsed(tasks.namespace, words)


def test_the_counts_are_true() -> None:
    packs, models = len(catalog.recipes()), len(catalog.models())
    assert f"{packs} packs are made from the {models} models" in README


def test_the_example_is_the_file() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    source = (ROOT / "samples" / "example.py").read_text(encoding="utf-8")
    assert source.endswith(example)


def test_links_and_pictures_exist() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).is_file(), link


def test_the_pictures_of_the_accuracy_table_are_those_in_samples() -> None:
    table = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    for picture in ground_truth.pictures(ROOT / "samples"):
        assert picture.path.name in table
        assert sha256(picture.path)[:12] in table, picture.path.name
