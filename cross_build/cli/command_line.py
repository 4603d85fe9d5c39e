"""The part of a command line that is a command's own: what invoke's parser does not do.

invoke takes one value for each positional argument, takes ``--help`` behind a command with such
arguments for one of these, and ``-h`` for the short form of an option. So options and values are
told apart here first, by invoke's own description of each command.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence

from invoke.collection import Collection
from invoke.parser.context import ParserContext
from invoke.program import Program

from cross_build.cli.arguments import Command

HELP = ("--help", "-h")


@dataclass(frozen=True)
class CommandLine:
    """Words for invoke's parser.

    Attributes:
        words: the same command line, each of a command's values behind its option's name.
        help: the command whose help is asked for; None if that of none is.
    """

    words: tuple[str, ...]
    help: str | None = None


def read(
    words: Sequence[str], commands: Mapping[str, ParserContext], repeated: Mapping[str, str]
) -> CommandLine:
    """Read the words behind a program's own options.

    Args:
        words: beginning with a command.
        commands: by each of their names.
        repeated: by a command's name, the option that words which are no option's value are of.
    """
    command = commands.get(words[0]) if words else None
    if command is None:
        return CommandLine(tuple(words))
    name, result, is_value = words[0], [words[0]], False
    for place, word in enumerate(words[1:], 1):
        if is_value:
            is_value = False
        elif word in HELP:
            return CommandLine((), name)
        elif word.startswith("-") and word != "-":
            flag = command.flags.get(word)
            is_value = flag is not None and flag.takes_value
        elif name in repeated:
            result.append(repeated[name])
        elif word in commands and not command.positional_args:
            following = read(words[place:], commands, repeated)
            return CommandLine((*result, *following.words), following.help)
        result.append(word)
    return CommandLine(tuple(result))


def of(words: Sequence[str], collection: Collection) -> CommandLine:
    """Read the words behind the own options of a program that has these commands."""
    commands = {
        name: each for each in collection.to_contexts() for name in (str(each.name), *each.aliases)
    }
    tasks = {name: collection[name] for name in commands}
    repeated = {
        name: f"--{task.words}"
        for name, task in tasks.items()
        if isinstance(task, Command) and task.words
    }
    return read(words, commands, repeated)


def prepare(program: Program, collection: Collection) -> None:
    """Put what a program has not parsed yet into words that its parser reads as they are meant."""
    line = of(program.core.unparsed, collection)
    program.core.unparsed[:] = line.words
    if line.help is not None:
        program.args.help.value = line.help
