"""What the release manager of a board answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Collection, cast

from cross_build.boards.answers.answer import Answer, texts
from lite_runner.releases.proof import STAGES, Proof


@dataclass(frozen=True)
class Status:
    """What is in use on a board.

    Attributes:
        current: release in use; None where there is none.
        intact: whether its files are all there, and the program that starts it.
        verified: what its verification said, unchecked (:func:`proof`): it is a file on the board,
            which any damage may have reached, and damage to it is repaired, not refused.
        free: bytes left.
    """

    current: str | None
    intact: bool
    verified: object
    free: int


@dataclass(frozen=True)
class Known:
    """One release on a board; attributes as of :class:`Status`."""

    intact: bool
    verified: object


def status(answer: Answer) -> Status:
    """The answer to ``status``, and what holding a board begins with."""
    current = answer["current"]
    return Status(
        None if current.value is None else current.text(),
        answer["intact"].boolean(),
        answer["verified"].value,
        answer["free"].whole(),
    )


def known(answer: Answer) -> Known:
    """The answer to ``known``."""
    return Known(answer["intact"].boolean(), answer["verified"].value)


def paths(answer: Answer, expected: Collection[str]) -> tuple[str, ...]:
    """A list of paths, each of them among those that the board was asked about."""
    for item in answer.items():
        if item.text() not in expected:
            item.fail("a path of the release")
    return texts(answer)


def tuning(answer: Answer, models: str) -> object:
    """The settings that a tuning found for some models, unchecked; None: none."""
    if not isinstance(answer.value, dict):
        answer.fail("an object")
    return answer[models].value if answer.has(models) else None


def proof(answer: Answer) -> Proof:
    """What a verification said, with everything that is shown of it.

    Raises:
        BoardError: it lacks something of that.
    """
    for key in ("pack", "lite_version"):
        answer[key].text()
    texts(answer["lines"])
    for stage in STAGES:
        answer["seconds"][stage].number(0)
    return cast(Proof, answer.value)
