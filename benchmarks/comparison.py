"""What two sides made of the same pictures: scores, a table, sentences, and the raw numbers."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any, Mapping, NamedTuple, Sequence

from benchmarks.side import Reading
from lite_runner import accuracy, report
from lite_runner.accuracy import Accuracy
from lite_runner.truth import Picture

#: How the sides stand in the table's head.
MARKS = ("L", "R")


@dataclass(frozen=True)
class Score:
    """What one side made of one picture, or of all of them.

    Attributes:
        lines: found.
        accuracy: errors and true characters.
        seconds: median of the readings; of all pictures, the sum of these medians.
        cpu: the same of the processor time.
    """

    lines: int
    accuracy: Accuracy
    seconds: float
    cpu: float


class Match(NamedTuple):
    """One picture as both sides read it: each side's readings, none of the warm-up."""

    picture: Picture
    readings: tuple[Sequence[Reading], Sequence[Reading]]

    def scores(self) -> tuple[Score, Score]:
        """Each side's score."""
        one, two = self.readings
        return _score(self.picture, one), _score(self.picture, two)

    def steady(self) -> bool:
        """Whether each side read the same every time."""
        return all(len({reading.lines for reading in side}) == 1 for side in self.readings)


def totals(matches: Sequence[Match]) -> tuple[Score, Score]:
    """Each side's score over all pictures."""
    one, two = zip(*(match.scores() for match in matches))
    return _total(one), _total(two)


def table(matches: Sequence[Match]) -> str:
    """A row for each picture and one for all, with the sides next to each other."""
    measures = ("lines", "errors", "CER", "seconds")
    head = [f"{measure} {mark}" for measure in measures for mark in MARKS]
    rows: list[Sequence[str]] = [("picture", "true lines", *head, "/".join(MARKS))]
    rows += [
        _row(match.picture.name, len(match.picture.lines), match.scores()) for match in matches
    ]
    true_lines = sum(len(match.picture.lines) for match in matches)
    rows.append(_row(f"{len(matches)} pictures", true_lines, totals(matches)))
    return report.table(rows)


def sentences(matches: Sequence[Match], names: tuple[str, str]) -> list[str]:
    """The result in words: errors, time, and how many cores each side kept busy."""
    (one, two), (left, right) = totals(matches), names
    points = 100 * (one.accuracy.cer - two.accuracy.cer)
    found = [
        f"Character error rate: {left} {_percent(one.accuracy)}, {right} {_percent(two.accuracy)};"
        f" a difference of {points:+.2f} points.",
        f"Total median time: {left} {one.seconds:.2f} s, {right} {two.seconds:.2f} s;"
        f" {left} takes {one.seconds / two.seconds:.2f} times as long.",
        f"Cores kept busy: {left} {one.cpu / one.seconds:.2f},"
        f" {right} {two.cpu / two.seconds:.2f}; below 1, other work was in the way.",
    ]
    unsteady = [match.picture.name for match in matches if not match.steady()]
    if unsteady:
        found.append(f"Not read alike every time, scored by the first: {', '.join(unsteady)}.")
    return found


def as_dict(matches: Sequence[Match], names: tuple[str, str]) -> dict[str, Any]:
    """All numbers, down to each single reading."""
    return {
        "pictures": [
            {
                "image": match.picture.name,
                "detect": match.picture.detect,
                "true_lines": match.picture.lines,
                **{
                    name: {
                        **_numbers(score),
                        "readings": [vars(reading) for reading in readings],
                    }
                    for name, score, readings in zip(names, match.scores(), match.readings)
                },
            }
            for match in matches
        ],
        "total": {name: _numbers(score) for name, score in zip(names, totals(matches))},
    }


def _score(picture: Picture, readings: Sequence[Reading]) -> Score:
    return Score(
        len(readings[0].lines),
        accuracy.compare(picture.lines, readings[0].lines),
        median(reading.seconds for reading in readings),
        median(reading.cpu for reading in readings),
    )


def _total(scores: Sequence[Score]) -> Score:
    return Score(
        sum(score.lines for score in scores),
        Accuracy(
            sum(score.accuracy.errors for score in scores),
            sum(score.accuracy.characters for score in scores),
        ),
        sum(score.seconds for score in scores),
        sum(score.cpu for score in scores),
    )


def _row(name: str, true_lines: int, scores: tuple[Score, Score]) -> list[str]:
    one, two = scores
    return [
        name,
        str(true_lines),
        *(str(score.lines) for score in scores),
        *(str(score.accuracy.errors) for score in scores),
        *(_percent(score.accuracy) for score in scores),
        *(f"{score.seconds:.3f}" for score in scores),
        f"{one.seconds / two.seconds:.2f}",
    ]


def _percent(found: Accuracy) -> str:
    """A picture without text has no rate, though its errors count in the total."""
    return f"{100 * found.cer:.2f} %" if found.characters else "-"


def _numbers(score: Score) -> Mapping[str, Any]:
    return {
        "lines": score.lines,
        "errors": score.accuracy.errors,
        "characters": score.accuracy.characters,
        "cer": score.accuracy.cer,
        "seconds": score.seconds,
        "cpu": score.cpu,
    }
