"""Programs of this computer: fed while they are read, and how they ended."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from opt_models.store import process

#: More than pipes hold.
_MUCH = 400_000
_ANSWERS_FIRST = f"""
import sys
sys.stdout.write("x" * {_MUCH} + "\\n"); sys.stderr.write("e" * {_MUCH}); sys.stdout.flush()
print(len(sys.stdin.read()))
"""


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_program_that_answers_before_it_reads_is_read_meanwhile() -> None:
    outcome = process.run(_python(_ANSWERS_FIRST), "y" * _MUCH)
    assert outcome == process.Outcome(0, f"{'x' * _MUCH}\n{_MUCH}\n", "e" * _MUCH)


def test_both_streams_can_be_one() -> None:
    code = "import sys; print('out', flush=True); print('error', file=sys.stderr)"
    outcome = process.run(_python(code), stderr=subprocess.STDOUT)
    assert (outcome.stdout, outcome.stderr) == ("out\nerror\n", "")


def test_variables_come_to_those_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "kept")
    outcome = process.run(["sh", "-c", "echo $OURS $THEIRS"], env={"THEIRS": "given"})
    assert outcome.stdout == "kept given\n"


def test_what_takes_too_long_is_ended_with_all_it_started() -> None:
    begun = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        process.run(["sh", "-c", "sleep 60 & sleep 60"], timeout=0.2)
    assert time.monotonic() - begun < 30


def test_what_is_done_in_time_is_not_ended() -> None:
    assert process.run(["sh", "-c", "echo here"], timeout=60) == process.Outcome(0, "here\n", "")


def test_a_missing_program_is_an_error_of_the_system() -> None:
    with pytest.raises(FileNotFoundError):
        process.run(["/nowhere/program"])


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo out; echo first >&2; echo ' last ' >&2; echo >&2; exit 2", "last"),
        ("echo out; exit 2", "out"),
        ("exit 3", "exit code 3"),
        ("kill -9 $$", "ended by signal 9"),
    ],
)
def test_a_failure_has_a_reason_in_one_line(script: str, reason: str) -> None:
    assert process.run(["sh", "-c", script]).reason == reason
