"""The interpreter that Paddle-Lite's wheel runs on: found, remembered, or asked for."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Callable, ContextManager, Iterable

import findpython
import pytest

from opt_models.errors import OptError
from opt_models.paddlelite import env

Refuses = Callable[..., ContextManager[None]]
Script = Callable[[str, str], Path]

#: What a right interpreter answers.
GOOD = "echo cpython 3.10 x86_64 8"


@pytest.fixture(scope="session")
def python310() -> Path:
    found = findpython.find(3, 10)
    if found is None:
        pytest.skip("there is no Python 3.10 on this machine")
    return found.executable.resolve()


@pytest.fixture(autouse=True)
def bare_host(
    own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: Script
) -> None:
    """A machine with neither uv nor an interpreter that fits, and without a network."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("PYENV_ROOT", "SUDO_USER"):
        monkeypatch.delenv(name, raising=False)
    pip = script("venv/python", "echo no network >&2; exit 1")
    monkeypatch.setattr(sys, "executable", str(pip))
    monkeypatch.setattr(findpython, "find_all", list)


@pytest.fixture
def has(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts interpreters on the machine."""

    def give(*interpreters: tuple[int, int, Path]) -> None:
        found = [
            SimpleNamespace(version=SimpleNamespace(major=major, minor=minor), executable=path)
            for major, minor, path in interpreters
        ]
        monkeypatch.setattr(findpython, "find_all", lambda: found)

    return give


def calls(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def test_nothing_found(own_cache: Path, refuses: Refuses) -> None:
    with refuses(OptError, "needs Python 3.10", "uv, which could install one, is not to be had"):
        env.interpreter()
    assert not list(own_cache.glob("*.json"))


def test_uv_is_fetched_where_it_is_missing(
    tmp_path: Path, script: Script, python310: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "unpacked"
    monkeypatch.setattr(env, "_unpacked", lambda name, *others: wheel)
    program = f"unpacked/uv-{env._UV.package}.data/scripts/uv"
    (tmp_path / program).parent.mkdir(parents=True)
    script(program, f'[ "$*" = "python find 3.10" ] && echo {python310}').chmod(0o644)
    assert env.interpreter() == (python310, "3.10")


@pytest.mark.parametrize("place", ["bin", "venv"])
def test_uv_is_asked(place: str, script: Script, python310: Path) -> None:
    """On the path, or installed with this project."""
    script(f"{place}/uv", f'[ "$*" = "python find 3.10" ] && echo {python310}')
    assert env.interpreter() == (python310, "3.10")


def test_uv_installs(tmp_path: Path, script: Script, python310: Path) -> None:
    log, done = tmp_path / "log", tmp_path / "done"
    script(
        "bin/uv",
        f'echo "$*" >> {log}\n'
        f'if [ "$*" = "python install 3.10" ]; then : > {done}; exit; fi\n'
        f"[ -e {done} ] && echo {python310}",
    )
    assert env.interpreter() == (python310, "3.10")
    assert calls(log) == ["python find 3.10", "python install 3.10", "python find 3.10"]


def test_uv_without_network(
    tmp_path: Path, script: Script, refuses: Refuses, capfd: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    words = "echo 'error: Failed to install'; echo '  cause: dns error'"
    script("bin/uv", f'echo "$*" >> {log}; ({words}) >&2; exit 2')
    # What just failed is no advice.
    with refuses(OptError, "uv could not install one (dns error); install Python 3.10 with what"):
        env.interpreter()
    assert calls(log) == ["python find 3.10", "python install 3.10"]
    shown = capfd.readouterr().err.splitlines()
    assert shown == [
        "looking for Python 3.10 or 3.9 or 3.8, for Paddle-Lite",
        "uv python install 3.10",
    ]


@pytest.mark.parametrize("place", ["home/.pyenv", "pyenv of all"])
def test_pyenv_is_looked_into_without_its_variable(
    place: str, tmp_path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the home folder, or where its shims on the path lie."""
    (tmp_path / "pyenv of all" / "shims").mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{tmp_path}/pyenv of all/shims")
    expected = {}
    for version in ("3.10.9", "3.10.13", "3.9.18"):
        minor = version.rpartition(".")[0]
        folder = tmp_path / place / "versions" / version / "bin"
        folder.mkdir(parents=True)
        path = folder.relative_to(tmp_path) / f"python{minor}"
        expected[version] = script(str(path), f"echo cpython {minor} x86_64 8")
    assert env.interpreter() == (expected["3.10.13"], "3.10")


@pytest.mark.parametrize(
    "commands",
    [
        pytest.param("echo 'pyenv: python3.10: command not found' >&2; exit 1", id="a shim"),
        pytest.param("echo pypy 3.10 x86_64 8", id="not CPython"),
        pytest.param("echo cpython 3.11 x86_64 8", id="another version"),
        pytest.param("echo cpython 3.10 aarch64 8", id="another processor"),
        pytest.param("echo cpython 3.10 x86_64 4", id="32 bits"),
        pytest.param(None, id="no program"),
    ],
)
@pytest.mark.parametrize("by", ["findpython", "uv"])
def test_unfit_interpreter_is_passed_over(
    script: Script,
    refuses: Refuses,
    has: Callable[..., None],
    tmp_path: Path,
    commands: str | None,
    by: str,
) -> None:
    path = script("python3.10", commands) if commands else tmp_path / "none"
    if by == "findpython":
        has((3, 10, path))
    else:
        script("bin/uv", f'[ "$2" = find ] && echo {path}')
    with refuses(OptError, "needs Python 3.10"):
        env.interpreter()


def test_newest_fit_interpreter(script: Script, has: Callable[..., None]) -> None:
    def python(minor: int, commands: str) -> tuple[int, int, Path]:
        return 3, minor, script(f"python3.{minor}", commands)

    has(
        python(12, "echo cpython 3.12 x86_64 8"),
        python(8, "echo cpython 3.8 x86_64 8"),
        python(10, "exit 1"),
        python(9, "echo cpython 3.9 x86_64 8"),
    )
    path, version = env.interpreter()
    assert (path.name, version) == ("python3.9", "3.9")


def test_real_search(
    script: Script, tmp_path: Path, python310: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """findpython itself, on a path with a shim before the interpreter's link."""
    script("shims/python3.10", "echo 'pyenv: python3.10: command not found' >&2; exit 1")
    (tmp_path / "bin" / "python3.10").symlink_to(python310)
    monkeypatch.setenv("PATH", f"{tmp_path}/shims:{tmp_path}/bin")

    def find_all() -> Iterable[findpython.PythonVersion]:
        return findpython.Finder(selected_providers=["path"]).find_all()

    monkeypatch.setattr(findpython, "find_all", find_all)
    assert env.interpreter() == (python310, "3.10")


def test_remembered(own_cache: Path, tmp_path: Path, script: Script, python310: Path) -> None:
    log = tmp_path / "log"
    first, second = (script(name, f'exec {python310} "$@"') for name in ("first", "second"))
    script("bin/uv", f'echo "$*" >> {log}; echo {first}')
    assert [env.interpreter() for _ in range(3)] == [(first, "3.10")] * 3
    assert calls(log) == ["python find 3.10"]
    first.unlink()
    script("bin/uv", f'echo "$*" >> {log}; echo {second}')
    assert [env.interpreter() for _ in range(3)] == [(second, "3.10")] * 3
    assert calls(log) == ["python find 3.10"] * 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"python": 3, "version": "3.10"}',
        json.dumps({"python": "/bin/sh", "version": "3.12"}),
        json.dumps({"python": "/none/such", "version": "3.10"}),
    ],
)
def test_damaged_memory(
    own_cache: Path, script: Script, has: Callable[..., None], text: str
) -> None:
    own_cache.mkdir()
    known = own_cache / f"paddlelite-{env.WHEEL.package}.json"
    known.write_text(text)
    path = script("python3.10", GOOD)
    has((3, 10, path))
    assert env.interpreter() == (path, "3.10")
    assert json.loads(known.read_text()) == {"python": str(path), "version": "3.10"}


@pytest.mark.parametrize(
    ("system", "machine"), [("Linux", "aarch64"), ("Darwin", "x86_64"), ("Windows", "AMD64")]
)
def test_other_host(
    script: Script,
    has: Callable[..., None],
    refuses: Refuses,
    monkeypatch: pytest.MonkeyPatch,
    system: str,
    machine: str,
) -> None:
    has((3, 10, script("python3.10", GOOD)))
    env.interpreter()
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    with refuses(OptError, "x86-64 Linux", f"{system} on {machine}", "build packs on such"):
        env.interpreter()
