"""The user's settings: what the environment and the file say, and what makes no sense in them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, ContextManager

import pytest

from lite_runner.errors import UsageError
from opt_models.store import config

Refuses = Callable[..., ContextManager[None]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where settings come from: an empty folder."""
    for name in (config.MIRRORS, config.MODELS, config.OFFLINE):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "config"
    path.mkdir()
    monkeypatch.setenv(config.FOLDER, str(path))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return path


def write(folder: Path, text: str) -> None:
    (folder / "config.toml").write_text(text, encoding="utf-8")


def test_nothing_chosen(folder: Path) -> None:
    lock = folder / "catalog.lock"
    assert config.current() == config.Settings((), None, False, lock)


def test_no_folder(folder: Path) -> None:
    folder.rmdir()
    assert config.current().mirrors == ()


@pytest.mark.parametrize(("value", "tail"), [(None, ".config/lite-ocr"), ("", ".config/lite-ocr")])
def test_usual_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None, tail: str
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    if value is None:
        monkeypatch.delenv(config.FOLDER)
    else:
        monkeypatch.setenv(config.FOLDER, value)
    assert config.folder() == tmp_path / "home" / tail


def test_file(folder: Path, tmp_path: Path) -> None:
    write(
        folder,
        'mirrors = ["https://one.example/paddle/", "/mnt/two three", "file:///mnt/four", "five"]\n'
        'models = "~/models"\noffline = true\n',
    )
    mirrors = (
        "https://one.example/paddle",
        "file:///mnt/two%20three",
        "file:///mnt/four",
        f"file://{folder}/five",
    )
    found = config.current()
    assert found == config.Settings(
        mirrors, tmp_path / "home" / "models", True, folder / "catalog.lock"
    )


def test_read_each_time(folder: Path) -> None:
    assert config.current().offline is False
    write(folder, "offline = true")
    assert config.current().offline is True


def test_environment_wins(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, 'mirrors = ["https://one.example"]\nmodels = "/models"\noffline = true\n')
    monkeypatch.setenv(config.MIRRORS, " https://a.example,http://b.example:8080/x/\n/c , d")
    monkeypatch.setenv(config.MODELS, "mine")
    monkeypatch.setenv(config.OFFLINE, "no")
    found = config.current()
    a, b = "https://a.example", "http://b.example:8080/x"
    assert found.mirrors == (a, b, "file:///c", f"file://{tmp_path}/d")
    assert found.models == tmp_path / "mine"
    assert found.offline is False


def test_empty_environment_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, 'mirrors = ["https://one.example"]\nmodels = "/models"\noffline = true\n')
    for name in (config.MIRRORS, config.MODELS, config.OFFLINE):
        monkeypatch.setenv(name, "")
    assert config.current() == config.Settings((), None, False, folder / "catalog.lock")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        *((word, True) for word in ("1", "true", "Yes", "ON")),
        *((word, False) for word in ("0", "false", "no", "Off", "", " ")),
    ],
)
def test_offline(folder: Path, monkeypatch: pytest.MonkeyPatch, word: str, expected: bool) -> None:
    monkeypatch.setenv(config.OFFLINE, word)
    assert config.current().offline is expected


def test_offline_neither_yes_nor_no(
    folder: Path, refuses: Refuses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(config.OFFLINE, "maybe")
    with refuses(UsageError, f"{config.OFFLINE} is 'maybe'", "set it to 1 or 0"):
        config.current()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mirrors = 'https://one.example'", "mirrors must be a list"),
        ("mirrors = ['https://one.example', 2]", "mirrors must be a list"),
        ("mirrors = ['']", "mirrors must be a list"),
        ("models = 1", "models is 1"),
        ("models = ''", "models is ''"),
        ("offline = 'yes'", "offline is 'yes', expected true or false"),
        ("offline = 1", "offline is 1"),
        ("mirror = []", "unknown key 'mirror'; known keys: mirrors, models, offline"),
        ("[paths]\nmodels = '/x'", "unknown key 'paths'"),
        ("mirrors = [", "is not TOML"),
        ("offline = true\noffline = false", "is not TOML"),
    ],
)
def test_senseless_file(folder: Path, refuses: Refuses, text: str, words: str) -> None:
    write(folder, text)
    with refuses(UsageError, folder / "config.toml", words):
        config.current()


def test_file_not_in_utf8(folder: Path, refuses: Refuses) -> None:
    (folder / "config.toml").write_bytes(b'models = "/m\xf6dels"')
    with refuses(UsageError, folder / "config.toml", "is not TOML"):
        config.current()


def test_unreadable(folder: Path, refuses: Refuses, monkeypatch: pytest.MonkeyPatch) -> None:
    file = folder / "config.toml"
    file.mkdir()
    with refuses(UsageError, f"{file}: cannot be read (Is a directory)", config.FOLDER):
        config.current()
    file.rmdir()
    write(folder, "offline = true")
    monkeypatch.setenv(config.FOLDER, str(file))
    with refuses(UsageError, f"{file}/config.toml: cannot be read (Not a dir", config.FOLDER):
        config.current()


@pytest.mark.parametrize(
    ("mirror", "problem"),
    [
        ("ftp://one.example/paddle", "unknown scheme ftp"),
        ("S3://bucket", "unknown scheme s3"),
        ("http:one.example", "names no host"),
        ("https:///paddle", "names no host"),
        ("http://[::1/", "is not a URL"),
        ("http://one.example:99999", "is not a URL"),
        ("http://one.example/?x=1", "more than a host and a folder"),
        ("http://one.example/#x", "more than a host and a folder"),
        ("file://server/share", "is not file:///folder"),
        ("file:folder", "is not file:///folder"),
    ],
)
@pytest.mark.parametrize("place", ["file", "environment"])
def test_senseless_mirror(
    folder: Path,
    refuses: Refuses,
    monkeypatch: pytest.MonkeyPatch,
    mirror: str,
    problem: str,
    place: str,
) -> None:
    if place == "file":
        write(folder, f"mirrors = ['https://good.example', '{mirror}']")
        where = f"{folder / 'config.toml'}: mirrors: "
    else:
        monkeypatch.setenv(config.MIRRORS, f"https://good.example {mirror}")
        where = f"{config.MIRRORS}: "
    with refuses(UsageError, where, repr(mirror), problem):
        config.current()


@pytest.mark.parametrize(
    "mirror",
    [
        "ftp://user:secret@one.example",
        "http://user:secret/more@one.example",
        "http://user:secret@one.example:x/",
        "http://user:secret@one.example/?a=b",
    ],
)
def test_senseless_mirror_keeps_password(
    folder: Path, monkeypatch: pytest.MonkeyPatch, mirror: str
) -> None:
    monkeypatch.setenv(config.MIRRORS, mirror)
    with pytest.raises(UsageError) as caught:
        config.current()
    assert "one.example" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://one.example/a%20b", "https://one.example/a%20b"),
        ("https://user:p@ss@one.example:81/a@b", "https://one.example:81/a@b"),
        ("https://one.example/a?token=secret#x", "https://one.example/a"),
        ("file:///mnt/a", "file:///mnt/a"),
    ],
)
def test_public(url: str, expected: str) -> None:
    assert config.public(url) == expected


@pytest.fixture
def unset(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable is set, and none will be once the test is over, whatever it chooses."""
    for name in (config.MODELS, config.OFFLINE):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("unset")
@pytest.mark.parametrize("models", ["mine", "~/mine", "{tmp_path}/mine"])
def test_choose(folder: Path, tmp_path: Path, models: str) -> None:
    """Before the file, and for children too."""
    write(folder, 'models = "/models"\noffline = false\n')
    place = (tmp_path / "home" if models.startswith("~") else tmp_path) / "mine"
    place.mkdir(parents=True)
    config.choose(models.format(tmp_path=tmp_path), offline=True)
    found = config.current()
    assert (found.models, found.offline) == (place, True)
    assert {config.MODELS, config.OFFLINE} <= set(os.environ)


@pytest.mark.usefixtures("unset")
def test_choose_nothing(folder: Path, tmp_path: Path) -> None:
    write(folder, 'models = "/models"\noffline = true\n')
    config.choose("", offline=False)
    found = config.current()
    assert (found.models, found.offline) == (Path("/models"), True)
    assert {config.MODELS, config.OFFLINE}.isdisjoint(os.environ)


@pytest.mark.usefixtures("unset")
@pytest.mark.parametrize("models", ["nowhere", "file", "~/nowhere"])
def test_choose_no_folder(tmp_path: Path, refuses: Refuses, models: str) -> None:
    (tmp_path / "file").write_text("")
    with refuses(UsageError, f"--models {models}: there is no such folder"):
        config.choose(models, offline=True)
    assert {config.MODELS, config.OFFLINE}.isdisjoint(os.environ)
