"""Files of results: whole or not there, through links, straight into pipes."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from lite_runner.cli import output


def raising(error: BaseException) -> Any:
    def work(*_: Any) -> None:
        raise error

    return work


def test_a_file_is_written_into_a_new_folder(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "a.json"
    output.write_atomically(path, b"one")
    output.write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert [file.name for file in path.parent.iterdir()] == ["a.json"]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_file_is_as_readable_as_the_user_wants(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        output.write_atomically(tmp_path / "a", b"")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["replace", "chmod"])
def test_a_failed_write_leaves_the_old_content_and_nothing_else(
    step: str, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    monkeypatch.setattr(Path, step, raising(error))
    with pytest.raises(type(error)):
        output.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError):
        output.write_atomically(tmp_path / "a", b"new")
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_any_name_the_system_allows_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("字" * 83 + ".png")
    path.touch()
    output.write_atomically(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    handle = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        output.write_atomically(path, b"new")
        assert stat.S_ISFIFO(path.stat().st_mode), "as --json /dev/stdout is one"
        assert os.read(handle, 10) == b"new"
    finally:
        os.close(handle)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "there" / "a.json", tmp_path / "link"
    target.parent.mkdir()
    target.write_bytes(b"old")
    link.symlink_to(target)
    output.write_atomically(link, b"new")
    assert link.is_symlink(), "as /dev/stdout is one"
    assert target.read_bytes() == b"new"
    assert [file.name for file in target.parent.iterdir()] == ["a.json"]
