"""The accuracy gate: a quantised pack against its sibling, line by line, on a board."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from cross_build.bench.benchmark import Sweep, bench
from cross_build.board import Board
from cross_build.errors import BoardError
from lite_runner.accuracy import compare, squash
from lite_runner.bench.run import Plan


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
        limit: points that are let through.
    """

    record: Mapping[str, Any]
    changes: Sequence[Change]
    changed: float
    worse: float
    limit: float

    @property
    def passed(self) -> bool:
        """Whether it is good enough."""
        return self.worse <= self.limit


def evaluate(
    board: Board,
    pack: str,
    against: str,
    runtime: str,
    pictures: Sequence[dict[str, Any]],
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
    plan = Plan(warmup=0, passes=1, least=1, most=1)
    # Tuned settings are one pack's: both are to read alike.
    sweep = Sweep(packs=[pack, against], runtime=runtime, tuned=False)
    record = bench(board, sweep, pictures, plan, emulated, count=False)
    for one in record["candidates"]:
        if not one["turns"]:
            why = one["failed"] or record["stopped"]
            raise BoardError(f"{board.target.name}: {one['id']} did not read to the end: {why}")
    return judge(record, limit)


def judge(record: Mapping[str, Any], limit: float) -> Evaluation:
    """Compare the first two candidates of a record."""
    ours, theirs = (one["texts"] for one in record["candidates"][:2])
    changes: list[Change] = []
    errors = characters = 0
    for image, one, other in zip(record["images"], ours, theirs):
        changes += _changes(image["image"], one or [], other or [])
        found = compare(other or [], one or [])
        errors, characters = errors + found.errors, characters + found.characters
    changed = errors / max(1, characters)
    one, other = (candidate["accuracy"] for candidate in record["candidates"][:2])
    worse = 100 * (one["cer"] - other["cer"]) if one and other else 100 * changed
    return Evaluation(record, changes, changed, worse, limit)


def text(found: Evaluation) -> str:
    """The comparison for people: what changed, then the verdict."""
    one, other = found.record["candidates"][:2]
    width = max(len(one["id"]), len(other["id"]))
    lines, image = [], None
    for change in found.changes:
        if change.image != image:
            image = change.image
            lines.append(f"{image}:")
        lines += [f"  {one['id']:<{width}}  {line}" for line in change.ours or ["(nothing)"]]
        lines += [f"  {other['id']:<{width}}  {line}" for line in change.theirs or ["(nothing)"]]
        lines.append("")
    count = len(found.record["images"])
    lines.append(
        f"{len(found.changes)} places differ in {count} pictures,"
        f" {found.changed:.2%} of the characters"
    )
    for candidate in (one, other):
        accuracy, detection = candidate["accuracy"], candidate["detection"]
        if accuracy:
            spaced = accuracy["spaced"]
            words = f"{accuracy['errors']} of {accuracy['characters']} characters wrong"
            words += f"; with spaces {spaced['cer']:.2%}, {spaced['errors']} of"
            words += f" {spaced['characters']}"
            found_boxes = f", Hmean {detection['hmean']:.3f}" if detection else ""
            lines.append(f"{candidate['id']:<{width}}  {accuracy['cer']:.2%}, {words}{found_boxes}")
    verdict = "passed" if found.passed else "failed"
    lines.append(f"{found.worse:+.2f} points, at most {found.limit:.2f} allowed: {verdict}")
    return "\n".join(lines)


def _changes(image: str, ours: Sequence[str], theirs: Sequence[str]) -> list[Change]:
    # Spaces do not count: the networks place them loosely.
    one, other = ([squash([line]) for line in lines] for lines in (ours, theirs))
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    return [
        Change(image, tuple(ours[a:b]), tuple(theirs[c:d]))
        for kind, a, b, c, d in matcher.get_opcodes()
        if kind != "equal"
    ]
