"""Whatever an input is made into, reading it ends well or with an error of the project's own.

``LITE_OCR_FUZZ=1000000`` takes so many inputs in all instead of 20,000; the same number gives the
same ones again. ``pytest -s`` shows how many there were of each kind, and how many were refused.
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from cross_build.boards.transports import local
from lite_runner.errors import LiteError
from lite_runner.releases.install import InstallError
from opt_models.store import config
from tests.fuzz.kinds import KINDS, SEEDS, Kind

TOTAL = int(os.environ.get("LITE_OCR_FUZZ", "20000"))
pytestmark = pytest.mark.timeout(600 + TOTAL // 100)
_OWN = (LiteError, InstallError)


def count(kind: Kind) -> int:
    """Inputs of a kind, at least; all kinds together take :data:`TOTAL`."""
    return -int(-TOTAL * kind.weight // sum(one.weight for one in KINDS.values()))


def place(kind: Kind, seed: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where inputs are written; what is read by a folder's name is read there."""
    monkeypatch.setenv(config.FOLDER, str(folder))
    monkeypatch.setenv(local.VARIABLE, str(folder))
    if kind.beside and not any(folder.iterdir()):
        shutil.copytree(SEEDS / kind.beside, folder, dirs_exist_ok=True)
    inner = folder / "boards" if seed == "record.json" else folder
    inner.mkdir(exist_ok=True)
    return inner / Path(seed).name


def read(kind: Kind, path: Path) -> None:
    """Read an input and remove it: the next one may have another name."""
    try:
        kind.read(path)
    finally:
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("name", KINDS)
def test_only_errors_of_our_own(name, tmp_path, monkeypatch, capsys) -> None:
    kind, refused = KINDS[name], 0
    inputs = [(number, kind.seeds[number % len(kind.seeds)]) for number in range(count(kind))]
    for number, seed in inputs:
        rng = random.Random(f"{name} {number}")  # noqa: S311 - not a secret, and repeatable
        data = kind.mutate((SEEDS / seed).read_bytes(), rng)
        path = place(kind, seed, tmp_path, monkeypatch)
        path.write_bytes(data)
        try:
            read(kind, path)
        except _OWN as error:
            refused += 1
            text = str(error)
        except Exception as error:
            raise AssertionError(f"{name} {number} of {seed}: {error!r}; it is {data!r}") from error
        else:
            continue
        assert text.strip(), f"{name} {number}: an error without a word"
    capsys.readouterr()
    with capsys.disabled():
        if TOTAL != 20000:
            print(f"\n{name}: {len(inputs)} inputs, {refused} refused")
    # bundle.json and records are read whatever they are: damage is repaired, not refused.
    assert refused or name in ("bundle.json", "record")


@pytest.mark.parametrize("name", KINDS)
def test_seeds_are_read(name, tmp_path, monkeypatch) -> None:
    """Or all that is fuzzed would be the first check."""
    kind = KINDS[name]
    for seed in kind.seeds:
        path = place(kind, seed, tmp_path, monkeypatch)
        path.write_bytes((SEEDS / seed).read_bytes())
        if name == "archive's manifest":
            with pytest.raises(InstallError, match="was changed after it was built"):
                kind.read(path)
        else:
            read(kind, path)
