"""Two runs side by side, for a terminal: first what differs about them, then how they did."""

from __future__ import annotations

from typing import Callable, NamedTuple, Sequence

import numpy as np

from cross_build.bench.reports import differences
from cross_build.bench.reports.result import Candidate, Run
from cross_build.bench.reports.statistics import ratio
from cross_build.bench.reports.tables import NOT_TIME
from cross_build.bench.reports.turn import TIMES
from cross_build.errors import ReportError
from lite_runner.arrays import Doubles
from lite_runner.scoring import cer
from lite_runner.scoring.cer import Accuracy
from opt_models.text_table import table

#: Where one side has no figure.
_NONE = "-"


class _Common(NamedTuple):
    """Pictures both runs have: their places in each run's list, and whether they are all."""

    left: list[int]
    right: list[int]
    all: bool


def compare(a: Run, b: Run) -> str:
    """How run B did against run A, as text for people.

    Times are compared on the pictures that both runs have and every pass of both candidates read,
    and never if any of the runs was emulated: then instructions are, if both were.

    Raises:
        ReportError: the runs have no picture in common, or no candidate.
    """
    common = _common(a, b)
    pairs = differences.matches(a, b)
    if not pairs:
        raise ReportError(
            f"{a.name} and {b.name}: no candidate is in both: {_ids(a)} against {_ids(b)};"
            " run the same packs, threads and workers"
        )
    parts = ["\n".join(_heading(mark, run) for mark, run in zip("AB", (a, b)))]
    sentences = differences.of_runs(a, b) + _about_pictures(a, b, common)
    for left, right in pairs:
        sentences += differences.of_candidates(left, right)
    for mark, run, ids in (
        ("A", a, [left.id for left, _ in pairs]),
        ("B", b, [right.id for _, right in pairs]),
    ):
        alone = differences.unmatched(run, ids)
        if alone:
            sentences.append(f"only in {mark}: {'; '.join(alone)}")
    different = "\n".join(f"DIFFERENT  {sentence}" for sentence in sentences)
    parts.append(different or "Both ran the same way.")
    emulated = a.emulated or b.emulated
    if emulated:
        parts.append(f"EMULATED: times are not compared. {NOT_TIME}")
    parts += [_pair(a, b, left, right, common) for left, right in pairs]
    if not emulated:
        parts.append(
            "ms: median over passes of the mean per picture. A/B: above 1, B is faster; with its"
            " 95 % interval, by resampling turns, then passes."
        )
    return "\n\n".join(parts)


def _heading(mark: str, run: Run) -> str:
    where = run.device.model or run.target or run.device.machine
    emulated = ", emulated" if run.emulated else ""
    return f"{mark}  {run.name}: {where}{emulated}, {run.started:%Y-%m-%d %H:%M} UTC"


def _ids(run: Run) -> str:
    return "; ".join(candidate.id for candidate in run.candidates) or "none"


def _common(a: Run, b: Run) -> _Common:
    places = {picture.sha256: at for at, picture in enumerate(b.pictures)}
    shared = [
        (at, places[picture.sha256])
        for at, picture in enumerate(a.pictures)
        if picture.sha256 in places
    ]
    if not shared:
        raise ReportError(
            f"{a.name} and {b.name}: they have no picture in common, by sha256"
            f" ({len(a.pictures)} against {len(b.pictures)}); run both on the same pictures"
        )
    left, right = [at for at, _ in shared], [at for _, at in shared]
    return _Common(left, right, len(a.pictures) == len(b.pictures) == len(shared))


def _about_pictures(a: Run, b: Run, common: _Common) -> list[str]:
    changed = [
        a.pictures[left].name
        for left, right in zip(common.left, common.right)
        if a.pictures[left].lines != b.pictures[right].lines
    ]
    sentences = []
    if changed:
        names = ", ".join(changed)
        sentences.append(f"true text of {names}: errors are counted on the other pictures")
    if common.all:
        return sentences
    return [
        *sentences,
        f"pictures: A {len(a.pictures)}, B {len(b.pictures)}; only the {len(common.left)} that both"
        " have are compared, and Hmean and instructions, which are of all, are not",
    ]


def _pair(a: Run, b: Run, left: Candidate, right: Candidate, common: _Common) -> str:
    """All that can be said about two candidates."""
    name = left.id if left.id == right.id else f"{left.id}  (B: {right.id})"
    failed = [
        f"  {mark} failed: {each.failed}" for mark, each in zip("AB", (left, right)) if each.failed
    ]
    parts = ["\n".join([name, *failed])]
    if a.emulated and b.emulated:
        if common.all:
            parts.append(_instructions(left, right))
    elif not (a.emulated or b.emulated):
        parts.append(_times(left, right, common))
    parts.append(_figures(a, b, left, right, common))
    return "\n\n".join(parts)


def _times(a: Candidate, b: Candidate, common: _Common) -> str:
    read = [
        (left, right)
        for left, right in zip(common.left, common.right)
        if left in a.always_read() and right in b.always_read()
    ]
    if not read:
        return "  no picture was read in every pass of both: times are not compared"
    left, right = [at for at, _ in read], [at for _, at in read]
    rows = [
        (stage, *_row(a.passes(stage, left), b.passes(stage, right), _milliseconds))
        for stage in TIMES
    ]
    text = table(("stage", "A ms", "B ms", "A/B", "95 % interval", "B is"), rows, left=1)
    few = len(common.left) - len(read)
    if few:
        text += f"\nwithout {few} picture{'s' * (few > 1)} that a pass could not read"
    return _indented(text)


def _row(
    left: Sequence[Doubles], right: Sequence[Doubles], show: Callable[[float], str]
) -> tuple[str, ...]:
    """Both medians, their ratio, its interval and what it means."""
    medians = [
        show(float(np.median(np.concatenate(side)))) if len(side) else _NONE
        for side in (left, right)
    ]
    quotient = ratio(left, right)
    if quotient is None:
        return (*medians, _NONE, _NONE, _NONE)
    return (*medians, f"{quotient.value:.2f}", quotient.interval(), quotient.verdict())


def _instructions(a: Candidate, b: Candidate) -> str:
    if a.instructions is None or b.instructions is None:
        return "  instructions were not counted on both sides"
    if a.instructions.images != b.instructions.images:
        return "  instructions were counted over different pictures: they are not compared"
    rows = []
    for stage in TIMES:
        left, right = (each.instructions.stages.get(stage) for each in (a, b))  # type: ignore[union-attr]
        rows.append(
            (
                stage,
                *(_NONE if value is None else f"{value / 1e6:.1f}" for value in (left, right)),
                f"{left / right:.3f}" if left and right else _NONE,
            )
        )
    return _indented(table(("instructions, millions", "A", "B", "A/B"), rows, left=1))


def _figures(a: Run, b: Run, left: Candidate, right: Candidate, common: _Common) -> str:
    """Accuracy, and what is a figure of a whole process: memory, start-up."""
    rows: list[tuple[str, ...]] = [
        _errors(a, b, left, right, common, spaces) for spaces in (False, True)
    ]
    if common.all:
        quads = [each.detection.hmean if each.detection else None for each in (left, right)]
        rows.append(("Hmean", *_both(quads, "{:.3f}"), _change(quads, "{:+.3f}")))
    # An emulator's memory and time are not a board's.
    if not (a.emulated or b.emulated):
        memory = [None if each.peak_rss is None else each.peak_rss / 1e6 for each in (left, right)]
        rows.append(("peak RSS", *_both(memory, "{:.0f} MB"), _change(memory, "{:+.0f} MB")))
        for name, cold in (("start-up cold", True), ("start-up warm", False)):
            starts = (_startups(left, cold), _startups(right, cold))
            *medians, _, _, verdict = _row(*starts, lambda value: f"{value:.2f} s")
            rows.append((name, *medians, verdict))
    return _indented(table(("", "A", "B", "B is"), rows, left=1))


def _errors(
    a: Run, b: Run, left: Candidate, right: Candidate, common: _Common, spaces: bool
) -> tuple[str, str, str, str]:
    """Wrong characters on the labelled pictures of both runs."""
    places = [
        (left, right)
        for left, right in zip(common.left, common.right)
        if a.pictures[left].lines is not None and a.pictures[left].lines == b.pictures[right].lines
    ]
    scores = [
        _score(a, left, [left for left, _ in places], spaces),
        _score(b, right, [right for _, right in places], spaces),
    ]
    if common.all and len(places) == _labelled(a) == _labelled(b):
        # The runs' own figures: what one could not read counts there as they count it. Older ones
        # have none with spaces.
        scores = [_own_score(each, spaces) or score for each, score in zip((left, right), scores)]
    shown = [
        f"{score.errors} of {score.characters} ({score.cer:.2%})" if score else _NONE
        for score in scores
    ]
    errors = [float(score.errors) if score else None for score in scores]
    name = "with spaces" if spaces else "errors (CER)"
    return (name, shown[0], shown[1], _change(errors, "{:+.0f}"))


def _own_score(candidate: Candidate, spaces: bool) -> Accuracy | None:
    score = candidate.accuracy
    if score is not None and spaces:
        score = score.spaced
    return None if score is None else Accuracy(score.errors, score.characters)


def _labelled(run: Run) -> int:
    return sum(picture.lines is not None for picture in run.pictures)


def _score(run: Run, candidate: Candidate, places: Sequence[int], spaces: bool) -> Accuracy | None:
    """Errors and true characters on some pictures; None if it did not read all of them."""
    texts = [candidate.texts[at] for at in places]
    if not texts or any(text is None for text in texts):
        return None
    rule = cer.compare_with_spaces if spaces else cer.compare
    return cer.total(
        rule(run.pictures[at].lines or (), text or ()) for at, text in zip(places, texts)
    )


def _startups(candidate: Candidate, cold: bool) -> list[Doubles]:
    """Seconds of each turn's start, as turns of one pass."""
    return [
        np.array([turn.startup])
        for turn in candidate.turns
        if turn.cold == cold and turn.startup is not None
    ]


def _both(values: Sequence[float | None], form: str) -> tuple[str, ...]:
    return tuple(_NONE if value is None else form.format(value) for value in values)


def _change(values: Sequence[float | None], form: str) -> str:
    before, after = values
    if before is None or after is None:
        return _NONE
    change = form.format(after - before)
    return "the same" if not any(char in change for char in "123456789") else change


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())
