"""The program that runs the commands, whose help they print."""

from __future__ import annotations

import invoke.main
from invoke.program import Program

from opt_models.command_name import IN_A_CLONE, command_name

#: By the name that is typed. ``lite-ocr`` adds itself, since it is made of all commands.
PROGRAMS: dict[str, Program] = {IN_A_CLONE: invoke.main.program}


def running() -> Program:
    """The program that was typed."""
    return PROGRAMS[command_name()]
