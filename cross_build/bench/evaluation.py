"""The accuracy gate: a quantised pack against its sibling, line by line, on a board."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Sequence

from cross_build.bench.benchmark import bench
from cross_build.bench.staging import Sweep
from cross_build.boards.board import Board
from cross_build.errors import BoardError
from lite_runner.bench.messages import Picture
from lite_runner.bench.result import Result
from lite_runner.bench.run import Plan
from lite_runner.scoring.cer import compare, compare_with_spaces, strip_whitespace, total
from lite_runner.scoring.scores import TextScore


@dataclass(frozen=True)
class Change:
    """A stretch of lines that two packs read differently; one side may be empty."""

    image: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclass(frozen=True)
class Evaluation:
    """How a pack reads beside another.

    Attributes:
        record: of the run.
        changes: what is read differently, in the order of the pictures.
        changed: characters that differ between the two, as a share of the other's.
        worse: how many points of 100 more of the true characters are wrong; of ``changed``, where
            the text of no picture is known.
        worse_spaced: the same with spaces counted.
        limit: points of each that are let through.
    """

    record: Result
    changes: Sequence[Change]
    changed: float
    worse: float
    worse_spaced: float
    limit: float

    @property
    def passed(self) -> bool:
        """Whether it is good enough."""
        return max(self.worse, self.worse_spaced) <= self.limit


def evaluate(
    board: Board,
    pack: str,
    against: str,
    runtime: str,
    pictures: Sequence[Picture],
    limit: float,
    emulated: bool,
) -> Evaluation:
    """Read pictures with two packs on one board.

    Args:
        board: any.
        pack: the one in question, a named pack or folder of one.
        against: what it is compared with.
        runtime: a Paddle-Lite library of the user's own.
        pictures: see :mod:`lite_runner.bench.pictures`.
        limit: points of 100.
        emulated: whether the board's processor is.

    Raises:
        BoardError: one of the two could not be run to its end.
    """
    plan = Plan(warmup=0, passes=1, min_sessions=1, max_sessions=1)
    # Tuned settings are one pack's: both are to read alike.
    sweep = Sweep(packs=[pack, against], runtime=runtime, tuned=False)
    record = bench(board, sweep, pictures, plan, emulated, count=False)
    for candidate in record["candidates"]:
        if not candidate["turns"]:
            why = candidate["failed"] or record["stopped"]
            raise BoardError(
                f"{board.target.name}: {candidate['id']} did not read to the end: {why}"
            )
    return judge(record, limit)


def judge(record: Result, limit: float) -> Evaluation:
    """Compare the first two candidates of a record."""
    candidate, other = record["candidates"][:2]
    changes: list[Change] = []
    pairs = [
        (theirs or [], ours or [])
        for ours, theirs in zip(candidate["texts"] or (), other["texts"] or ())
    ]
    for image, (theirs, ours) in zip(record["images"], pairs):
        changes += _changes(image["image"], ours, theirs)
    changed, changed_spaced = (
        total(rule(*pair) for pair in pairs).cer for rule in (compare, compare_with_spaces)
    )
    worse, worse_spaced = 100 * changed, 100 * changed_spaced
    if candidate["accuracy"] and other["accuracy"]:
        worse, worse_spaced = points(candidate["accuracy"], other["accuracy"])
    return Evaluation(record, changes, changed, worse, worse_spaced, limit)


def points(score: TextScore, other: TextScore) -> tuple[float, float]:
    """How many points of 100 more of the characters are wrong, without spaces and with them.

    Args:
        score: ``accuracy`` of a candidate of a record.
        other: that of the candidate it is compared with.
    """
    # Rounded: 3.1 % and 3.0 % are 0.1 points apart, and not a bit more by binary fractions.
    return (
        round(100 * (score["cer"] - other["cer"]), 9),
        round(100 * (score["spaced"]["cer"] - other["spaced"]["cer"]), 9),
    )


def text(evaluation: Evaluation) -> str:
    """The comparison for people: what changed, then the verdict."""
    first, other = evaluation.record["candidates"][:2]
    width = max(len(first["id"]), len(other["id"]))
    lines, image = [], None
    for change in evaluation.changes:
        if change.image != image:
            image = change.image
            lines.append(f"{image}:")
        lines += [f"  {first['id']:<{width}}  {line}" for line in change.ours or ["(nothing)"]]
        lines += [f"  {other['id']:<{width}}  {line}" for line in change.theirs or ["(nothing)"]]
        lines.append("")
    count = len(evaluation.record["images"])
    lines.append(
        f"{len(evaluation.changes)} places differ in {count} pictures,"
        f" {evaluation.changed:.2%} of the characters"
    )
    for candidate in (first, other):
        accuracy, detection = candidate["accuracy"], candidate["detection"]
        if accuracy:
            spaced = accuracy["spaced"]
            words = f"{accuracy['errors']} of {accuracy['characters']} characters wrong"
            words += f"; with spaces {spaced['cer']:.2%}, {spaced['errors']} of"
            words += f" {spaced['characters']}"
            found_boxes = f", Hmean {detection['hmean']:.3f}" if detection else ""
            lines.append(f"{candidate['id']:<{width}}  {accuracy['cer']:.2%}, {words}{found_boxes}")
    verdict = "passed" if evaluation.passed else "failed"
    lines.append(
        f"{evaluation.worse:+.2f} points, {evaluation.worse_spaced:+.2f} with spaces,"
        f" at most {evaluation.limit:.2f} of each allowed: {verdict}"
    )
    return "\n".join(lines)


def _changes(image: str, ours: Sequence[str], theirs: Sequence[str]) -> list[Change]:
    # Spaces do not count: the networks place them loosely.
    our_words, their_words = (
        [strip_whitespace([line]) for line in lines] for lines in (ours, theirs)
    )
    matcher = difflib.SequenceMatcher(None, our_words, their_words, autojunk=False)
    return [
        Change(image, tuple(ours[a:b]), tuple(theirs[c:d]))
        for kind, a, b, c, d in matcher.get_opcodes()
        if kind != "equal"
    ]
