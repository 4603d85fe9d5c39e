"""The model of a disk: what is not synced may be lost, and what is synced is not."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from tests.power import disk, intercepted

#: Writes a file and gives it its name, with as much care as is asked for.
_WRITER = """
import os, sys
from pathlib import Path
place, *care = sys.argv[1:]
fresh = Path(place, "fresh")
with fresh.open("w") as file:
    file.write("content")
    file.flush()
    if "file" in care:
        os.fsync(file.fileno())
fresh.rename(Path(place, "name"))
if "folder" in care:
    os.fsync(os.open(place, os.O_RDONLY))
"""


@pytest.mark.parametrize(
    ("care", "expected"),
    [
        ((), {"", "con", "content", None}),
        (("file",), {"content", None}),
        (("folder",), {"", "con", "content"}),
        (("file", "folder"), {"content"}),
    ],
)
def test_what_a_cut_leaves_of_a_file(
    fast: Path,
    preloaded: Path,
    care: tuple[str, ...],
    expected: set[str | None],
) -> None:
    folder = fast / "disk"
    folder.mkdir()
    recording = disk.Recording(folder)
    command = [sys.executable, "-I", "-S", "-c", _WRITER, folder, *care]
    assert intercepted.run(command, folder, preloaded, recording.note) == 0
    recording.end()
    for journal in (False, True):
        found: set[str | None] = set()
        for seed in range(60):
            after = fast / f"{journal}{seed}"
            after.mkdir()
            chance = random.Random(seed)  # noqa: S311
            disk.cut(recording, len(recording.synced), journal, chance, after)
            name = after / "name"
            found.add(name.read_text() if name.exists() else None)
        assert found == expected
