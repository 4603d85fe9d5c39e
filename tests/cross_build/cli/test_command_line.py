"""Words of a command line, told apart before invoke's parser sees them."""

from __future__ import annotations

import pytest
from invoke.collection import Collection
from invoke.context import Context
from invoke.parser import Parser

from cross_build.cli import command_line, program
from cross_build.cli.command import command


@command(words="images", help={"images": "i", "host": "h", "fast": "f", "count": "c"})
def read(
    c: Context, images: list[str] | None = None, host: str = "", fast: bool = True, count: int = 1
) -> None:
    pass


@command(help={"name": "n", "json": "j"})
def show(c: Context, name: str, json: bool = False) -> None:
    pass


@command(help={"host": "h"})
def deploy(c: Context, host: str = "") -> None:
    pass


CONTEXTS = {each.name: each for each in Collection(read, show, deploy).to_contexts()}
REPEATED = {"read": "--images"}


def images(words: list[str]) -> list[str]:
    """The pictures that invoke's parser gets from a command line."""
    line = command_line.read(words, CONTEXTS, REPEATED)
    (context,) = Parser(CONTEXTS.values()).parse_argv(list(line.words))
    return list(context.args["images"].value)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["read", "a"], ["a"]),
        (["read", "a", "b", "a"], ["a", "b", "a"]),
        (["read", "--host", "pi", "a", "--no-fast", "b"], ["a", "b"]),
        (["read", "a", "--host=pi", "b", "--count", "3", "c"], ["a", "b", "c"]),
        (["read", "-", "--images", "b"], ["-", "b"]),
        # Pictures may be called like commands and values like options.
        (["read", "deploy", "show"], ["deploy", "show"]),
        (["read", "a", "--host", "-h", "b"], ["a", "b"]),
        (["read"], []),
    ],
)
def test_words_that_are_no_values_are_pictures(words: list[str], expected: list[str]) -> None:
    assert images(words) == expected


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["read", "-h"], "read"),
        (["read", "a", "--help", "b"], "read"),
        (["show", "--help"], "show"),
        (["show", "--json", "-h"], "show"),
        (["deploy", "--host", "pi", "read", "a", "-h"], "read"),
        (["read", "--host", "--help"], None),
        (["read", "a"], None),
        ([], None),
        (["unknown", "-h"], None),
    ],
)
def test_help_is_help_wherever_it_stands(words: list[str], name: str | None) -> None:
    assert command_line.read(words, CONTEXTS, REPEATED).help == name


def test_other_commands_stay_as_they_are() -> None:
    words = ["deploy", "--host", "read", "show", "deploy"]
    assert command_line.read(words, CONTEXTS, REPEATED).words == tuple(words)
    chained = command_line.read(["deploy", "read", "a", "b"], CONTEXTS, REPEATED).words
    assert chained == ("deploy", "read", "--images", "a", "--images", "b")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["read", "a.png", "caf\udce9.png", "--pages", "0"], "--pages 0: names no pages"),
        (["read"], "read: no pictures; name files"),
        (["read", "a", "--text", "-", "--csv", "-"], "--text and --csv: only one goes to stdout"),
    ],
)
def test_the_program_takes_many_pictures(
    words: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        program.LITE_OCR.run(["lite-ocr", *words])
    assert caught.value.code == 2
    assert error in capsys.readouterr().err
