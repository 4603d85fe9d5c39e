"""The lock of this project's own dependencies: all of them, within their ranges, with hashes."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WANTED = [
    *PROJECT["dependencies"],
    *(line for extra in PROJECT["optional-dependencies"].values() for line in extra),
    *(line for line in (ROOT / ".ci/build.in").read_text().splitlines() if line[0] != "#"),
]
LOCK = (ROOT / ".ci/requirements.txt").read_text(encoding="utf-8")
#: Each begins at the start of a line; its hashes are behind it.
LOCKED = re.findall(
    r"^([\w.-]+)==([^\s;]+)(?: ; [^\\\n]+)?(?: \\\n    --hash=sha256:\w{64})+$", LOCK, re.M
)


def versions(name: str) -> list[str]:
    name = re.sub(r"[-_.]+", "-", name).lower()
    return [version for locked, version in LOCKED if locked == name]


@pytest.mark.parametrize("wanted", WANTED)
def test_a_dependency_is_locked_within_its_range(wanted: str) -> None:
    requirement = Requirement(wanted)
    found = versions(requirement.name)
    assert found, f"{wanted}: run 'invoke lock --no-boards'"
    assert all(requirement.specifier.contains(version) for version in found)


def test_nothing_is_locked_without_a_hash() -> None:
    assert len(LOCKED) == len(re.findall(r"^[\w.-]+==", LOCK, re.M)) > len(WANTED)
