"""Programs on the other end of a transport: fed, drained and ended."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from cross_build.boards.transports.local import Local

#: More than pipes hold.
_MUCH = 400_000
_ANSWERS_FIRST = f"""
import sys
sys.stdout.write("x" * {_MUCH} + "\\n"); sys.stderr.write("e" * {_MUCH}); sys.stdout.flush()
print(len(sys.stdin.read()))
"""


def test_a_program_that_answers_before_it_reads_is_read_meanwhile(tmp_path: Path) -> None:
    outcome = Local(tmp_path).run([sys.executable, "-c", _ANSWERS_FIRST], "y" * _MUCH)
    assert outcome.code == 0
    assert outcome.stdout == f"{'x' * _MUCH}\n{_MUCH}\n"
    assert outcome.stderr == "e" * _MUCH


def test_a_program_that_reads_nothing_ends_with_its_own_code(tmp_path: Path) -> None:
    assert Local(tmp_path).run(["sh", "-c", "exit 3"], "y" * _MUCH).code == 3


def test_what_goes_wrong_with_an_answer_ends_the_program(tmp_path: Path) -> None:
    def refuse(line: str) -> None:
        raise ValueError(line)

    start = time.monotonic()
    with pytest.raises(ValueError, match="here"):
        # It reads nothing of what is still to be written.
        Local(tmp_path).run(["sh", "-c", "echo here; sleep 60"], "y" * _MUCH, refuse)
    assert time.monotonic() - start < 30
