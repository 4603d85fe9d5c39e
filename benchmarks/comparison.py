"""What several readers made of the same pictures: scores, tables, and the raw numbers.

The first reader is ours; ratios are our time to each reader's, so below 1 ours is faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any, Mapping, NamedTuple, Sequence

from benchmarks.side import Reading
from lite_runner.ocr import report
from lite_runner.scoring import cer
from lite_runner.scoring.cer import Accuracy
from lite_runner.scoring.ground_truth import Picture


@dataclass(frozen=True)
class Score:
    """What one reader made of one picture, or of all of them.

    Attributes:
        lines: found.
        accuracy: errors and true characters, white space left out.
        spaced: the same with the spaces between words and lines.
        fastest: seconds of the fastest reading; of all pictures, the sum of these.
        seconds: the same with the median of the readings.
        cpu: the same with the median of the processor time.
        peak: most bytes of memory held.
    """

    lines: int
    accuracy: Accuracy
    spaced: Accuracy
    fastest: float
    seconds: float
    cpu: float
    peak: int


class Match(NamedTuple):
    """One picture as all readers read it: each one's readings, none of the warm-up."""

    picture: Picture
    readings: tuple[Sequence[Reading], ...]

    def scores(self) -> tuple[Score, ...]:
        """Each reader's score."""
        return tuple(_score(self.picture, readings) for readings in self.readings)

    def steady(self) -> bool:
        """Whether each reader read the same every time."""
        return all(len({reading.lines for reading in side}) == 1 for side in self.readings)


def totals(matches: Sequence[Match]) -> tuple[Score, ...]:
    """Each reader's score over all pictures."""
    return tuple(_total(scores) for scores in zip(*(match.scores() for match in matches)))


def summary(matches: Sequence[Match], names: Sequence[str]) -> str:
    """A row for each reader, over all pictures."""
    ratios = ("ours/it, min", "median", "processor")
    rows: list[Sequence[str]] = [
        ("reader", "wrong", "with spaces", "seconds", *ratios, "cores busy", "memory")
    ]
    scores = totals(matches)
    for name, score in zip(names, scores):
        rows.append(
            (
                name,
                _percent(score.accuracy),
                _percent(score.spaced),
                f"{score.seconds:.2f}",
                *(f"{ratio:.2f}" for ratio in _ratios(scores[0], score).values()),
                f"{score.cpu / score.seconds:.2f}",
                f"{score.peak / 1e6:.0f} MB",
            )
        )
    return report.table(rows)


def each(matches: Sequence[Match], names: Sequence[str]) -> str:
    """A row for each reader of each picture."""
    measures = ("lines", "errors", "with spaces", "seconds", "ours/it")
    rows: list[Sequence[str]] = [("picture", "reader", *measures)]
    for match in matches:
        scores = match.scores()
        for name, score in zip(names, scores):
            rows.append(
                (
                    match.picture.name,
                    name,
                    f"{score.lines} of {len(match.picture.lines)}",
                    str(score.accuracy.errors),
                    str(score.spaced.errors),
                    f"{score.seconds:.3f}",
                    f"{scores[0].seconds / score.seconds:.2f}",
                )
            )
    return report.table(rows)


def unsteady(matches: Sequence[Match]) -> list[str]:
    """Names of the pictures that some reader did not read alike every time."""
    return [match.picture.name for match in matches if not match.steady()]


def as_dict(matches: Sequence[Match], names: Sequence[str]) -> dict[str, Any]:
    """All numbers, down to each single reading."""
    scores = totals(matches)
    return {
        "pictures": [
            {
                "image": match.picture.name,
                "detect": match.picture.detect,
                "true_lines": match.picture.lines,
                "readers": {
                    name: {
                        **_numbers(score),
                        "readings": [vars(reading) for reading in readings],
                    }
                    for name, score, readings in zip(names, match.scores(), match.readings)
                },
            }
            for match in matches
        ],
        "total": {
            name: {**_numbers(score), "ratios": _ratios(scores[0], score)}
            for name, score in zip(names, scores)
        },
    }


def _score(picture: Picture, readings: Sequence[Reading]) -> Score:
    return Score(
        len(readings[0].lines),
        cer.compare(picture.lines, readings[0].lines),
        cer.compare_with_spaces(picture.lines, readings[0].lines),
        min(reading.seconds for reading in readings),
        median(reading.seconds for reading in readings),
        median(reading.cpu for reading in readings),
        max(reading.peak for reading in readings),
    )


def _total(scores: Sequence[Score]) -> Score:
    return Score(
        sum(score.lines for score in scores),
        cer.total(score.accuracy for score in scores),
        cer.total(score.spaced for score in scores),
        sum(score.fastest for score in scores),
        sum(score.seconds for score in scores),
        sum(score.cpu for score in scores),
        max(score.peak for score in scores),
    )


def _ratios(ours: Score, other: Score) -> dict[str, float]:
    """Our time to another reader's."""
    return {
        "fastest": ours.fastest / other.fastest,
        "seconds": ours.seconds / other.seconds,
        "cpu": ours.cpu / other.cpu,
    }


def _percent(found: Accuracy) -> str:
    """A picture without text has no rate, though its errors count in the total."""
    return f"{100 * found.cer:.2f} %" if found.characters else "-"


def _numbers(score: Score) -> Mapping[str, Any]:
    return {
        "lines": score.lines,
        "errors": score.accuracy.errors,
        "characters": score.accuracy.characters,
        "cer": score.accuracy.cer,
        "spaced_errors": score.spaced.errors,
        "spaced_characters": score.spaced.characters,
        "spaced_cer": score.spaced.cer,
        "fastest": score.fastest,
        "seconds": score.seconds,
        "cpu": score.cpu,
        "peak": score.peak,
    }
