"""What boards answer of themselves and their releases, and answers that are none."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any, Callable

import pytest

from cross_build.boards.answers import probed, releases
from cross_build.boards.answers.answer import Answer, parse
from cross_build.boards.board import Board
from cross_build.boards.transports import Outcome
from cross_build.boards.transports.local import Local
from cross_build.errors import BoardError
from cross_build.targets.targets import target
from lite_runner.releases import probe, release

#: No value of these kinds fits any place.
WRONG = [{"odd": [1]}, -1, 2.5, [[7]]]


class Answering(Local):
    """This computer, with a Python that says what a test wants."""

    def __init__(self, root: Path, stdout: str, code: int = 0) -> None:
        super().__init__(root)
        self._outcome = Outcome(code, stdout, "")

    def run(self, command: Any, stdin: str = "", on_line: Any = None) -> Outcome:
        return self._outcome


def board(root: Path, stdout: str, code: int = 0) -> Board:
    return Board(target("local"), Answering(root, stdout, code))


def mutated(value: Any, rng: random.Random) -> tuple[Any, str]:
    """A copy in which one member has a wrong kind or is missing, and that member's name."""
    value = copy.deepcopy(value)
    key = rng.choice(list(value))
    if rng.random() < 0.3:
        del value[key]
    else:
        value[key] = rng.choice(WRONG)
    return value, key


@pytest.mark.parametrize(
    ("whole", "read", "free_to_be_damaged"),
    [
        (lambda root: release.status(root), lambda found: found.status(), {"previous", "verified"}),
        (lambda root: probe.facts([]), lambda found: found.probe(), set()),
    ],
    ids=["status", "probe"],
)
def test_wrong_members_are_told_with_board_and_name(
    tmp_path, whole: Callable[[Path], Any], read: Callable[[Board], Any], free_to_be_damaged
) -> None:
    rng = random.Random(31)  # noqa: S311 - not a secret, and repeatable
    answer = whole(tmp_path)
    read(board(tmp_path, json.dumps(answer)))
    for _ in range(150):
        damaged, key = mutated(answer, rng)
        if key in free_to_be_damaged:
            continue
        with pytest.raises(BoardError) as caught:
            read(board(tmp_path, json.dumps(damaged)))
        told = str(caught.value)
        assert told.startswith("local: ")
        assert key in told
        assert "\n" not in told


@pytest.mark.parametrize(
    "text", ["", "garbage", "[]", "7", "null", "[" * 50_000, '{"current": NaN}']
)
def test_what_is_no_answer_is_an_error_of_the_board(tmp_path, text) -> None:
    found = board(tmp_path, text)
    for ask in (found.status, lambda: found.known("r1"), found.probe):
        with pytest.raises(BoardError, match=r"^local: "):
            ask()


def test_paths_that_were_not_asked_about_are_refused() -> None:
    answer = parse('["ocr", "../../.ssh/id_rsa"]', "rpi4: stage")
    with pytest.raises(BoardError, match=r"rpi4: stage: \[1\] is '../../.ssh/id_rsa', expected a"):
        releases.paths(answer, {"ocr": 1})
    assert releases.paths(parse('["ocr"]', "rpi4: stage"), {"ocr": 1}) == ("ocr",)


@pytest.mark.parametrize("key", ["pack", "lite_version", "lines", "seconds"])
def test_a_proof_lacks_nothing_that_is_shown(key) -> None:
    seconds = dict.fromkeys(("detect", "classify", "recognise"), 0.5)
    proof = {"pack": "p", "lite_version": "v2", "lines": ["a"], "seconds": seconds, "more": 1}
    assert releases.proof(Answer("x", proof)) == proof
    for wrong in (None, 7, [7], {"detect": "x"}):
        with pytest.raises(BoardError, match=key):
            releases.proof(Answer("x", {**proof, key: wrong}))


def test_packages_are_versions_or_reasons() -> None:
    sent = {"numpy": {"version": "1.24", "lacking": []}, "cv2": {"broken": "no libGL"}}
    found = probed.packages(Answer("x", sent))
    assert found["numpy"]["version"] == "1.24"
    assert found["cv2"] == {"broken": "no libGL"}
    with pytest.raises(BoardError, match=r"numpy\.lacking\[0\] is 3, expected a text"):
        probed.packages(Answer("x", {"numpy": {"version": "1", "lacking": [3]}}))
