"""What boards say of themselves."""

from __future__ import annotations

import re

from cross_build.boards.answers.answer import Answer, texts
from cross_build.targets.facts import Facts
from cross_build.targets.system_packages import PackageState
from lite_runner.releases import probe

_MOST_CORES = 4096


def facts(answer: Answer) -> Facts:
    """The answer of :mod:`lite_runner.releases.probe`.

    Raises:
        BoardError: something is missing or of another kind, or the C library is not glibc.
    """
    python, cores = answer["python"], answer["cores"]
    if not re.fullmatch(r"[0-9]{1,3}\.[0-9]{1,3}", python.text()):
        python.fail("a version such as 3.10")
    if cores.whole(1) > _MOST_CORES:
        cores.fail(f"at most {_MOST_CORES}")
    glibcxx, features = answer["glibcxx"], answer["features"]
    return Facts(
        machine=answer["machine"].text(),
        system=answer["system"].text(),
        glibc=_glibc(answer["libc"]),
        python=python.text(),
        executable=answer["executable"].text(),
        glibcxx=None if glibcxx.value is None else glibcxx.whole(),
        cores=cores.whole(1),
        features=None if features.value is None else frozenset(texts(features)),
        model=answer["model"].text(),
        missing=texts(answer["missing"]),
        noexec=answer["noexec"].text(),
    )


def packages(answer: Answer) -> dict[str, PackageState]:
    """The answer of :data:`cross_build.targets.system_packages.PROBE`, by module."""
    if not isinstance(answer.value, dict):
        answer.fail("an object")
    return {module: _package(answer[module]) for module in answer.value}


def _package(answer: Answer) -> PackageState:
    if answer.has("broken"):
        return {"broken": answer["broken"].text()}
    return {"version": answer["version"].text(), "lacking": texts(answer["lacking"])}


def _glibc(answer: Answer) -> tuple[int, int]:
    try:
        return probe.glibc(None if answer.value is None else answer.text())
    except ValueError:
        answer.fail("glibc and its version")
