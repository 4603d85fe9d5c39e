"""Under what conditions a run was made: sentences on throttling and frequencies, and figures."""

from __future__ import annotations

from typing import Iterable, Sequence

from cross_build.bench.reports.result import Candidate, Run
from cross_build.bench.reports.turn import Turn
from lite_runner.bench import system_state

#: A frequency that moved by less is the rounding of whoever reports it.
_MOVED = 0.05


def warnings(run: Run) -> list[str]:
    """What makes the run's times doubtful, in sentences; nothing for an emulated run's."""
    sentences = []
    if not run.complete:
        reason = f": {run.stopped}" if run.stopped else ""
        sentences.append(f"The run is not complete{reason}; what is here is good.")
    elif run.stopped:
        sentences.append(f"The run ended early: {run.stopped}.")
    sentences += [
        f"{candidate.id}: failed: {candidate.failed}."
        for candidate in run.candidates
        if candidate.failed
    ]
    if run.emulated:
        return sentences
    doubts: dict[str, list[str]] = {}
    for candidate in run.candidates:
        for words in _doubts(candidate):
            doubts.setdefault(words, []).append(candidate.id)
    # What holds for the board holds for all that ran on it: said once.
    measured = sum(bool(candidate.turns) for candidate in run.candidates)
    for words, ids in doubts.items():
        everyone = len(ids) == measured > 1
        sentences.append(f"{'All candidates' if everyone else '; '.join(ids)}: {words}")
    return sentences


def throttled(candidate: Candidate) -> list[str]:
    """What held the board back during a candidate's turns, each once."""
    return _once(word for turn in candidate.turns for word in _held_back(turn))


def was_throttled(run: Run) -> bool:
    """Whether anything held the board back during a run."""
    return any(throttled(candidate) for candidate in run.candidates)


def frequencies(turns: Sequence[Turn], after: bool) -> tuple[float, float] | None:
    """Lowest and highest MHz of the fastest core before turns, or after them; None if not known.

    The fastest core: idle ones are slow under most governors, whatever the reader does.
    """
    states = [turn.after if after else turn.before for turn in turns]
    fastest = [max(state.mhz) for state in states if state.mhz]
    return (min(fastest), max(fastest)) if fastest else None


def warmest(turns: Sequence[Turn], after: bool) -> float | None:
    """The highest temperature of any sensor before turns, or after them, in °C."""
    states = [turn.after if after else turn.before for turn in turns]
    temperatures = [value for state in states if state.celsius for value in state.celsius.values()]
    return max(temperatures) if temperatures else None


def governors(turns: Sequence[Turn]) -> list[str]:
    """The governors of frequencies seen, each once."""
    states = (state for turn in turns for state in (turn.before, turn.after))
    return _once(name for state in states for name in state.governors or ())


def asked(turns: Sequence[Turn]) -> bool:
    """Whether anybody could be asked about throttling."""
    states = [state for turn in turns for state in (turn.before, turn.after)]
    return any(state.throttled is not None for state in states)


def _doubts(candidate: Candidate) -> list[str]:
    sentences, turns = [], candidate.turns
    held = [turn for turn in turns if _held_back(turn)]
    if held:
        sentences.append(
            f"the board was throttled in {len(held)} of {_count(len(turns), 'turn')}"
            f" ({', '.join(throttled(candidate))}); cool it or feed it better, and run again."
        )
    moved = [turn for turn in turns if _moved(turn)]
    if moved:
        values = [max(state.mhz or (0,)) for turn in moved for state in (turn.before, turn.after)]
        under = governors(moved)
        sentences.append(
            f"the frequency moved in {len(moved)} of {_count(len(turns), 'turn')}, between"
            f" {min(values):.0f} and {max(values):.0f} MHz"
            + (f" (governor {', '.join(under)})" if under else "")
            + "; times are steadier with the governor 'performance' and a cool board."
        )
    return sentences


def _held_back(turn: Turn) -> list[str]:
    """What held the board back in this turn."""
    return system_state.held_back(
        {"throttled": turn.before.throttled}, {"throttled": turn.after.throttled}
    )


def _moved(turn: Turn) -> bool:
    if not turn.before.mhz or not turn.after.mhz:
        return False
    before, after = max(turn.before.mhz), max(turn.after.mhz)
    return abs(before - after) > _MOVED * max(before, after)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def _once(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))
