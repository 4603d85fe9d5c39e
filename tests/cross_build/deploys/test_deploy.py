"""Deploys as a state machine: real transport and releases, a bundle of a few small files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Mapping

import pytest

from cross_build.boards.board import Board
from cross_build.boards.connect import connect
from cross_build.boards.transports.local import Local
from cross_build.bundles import bundle as bundles
from cross_build.bundles import manifest
from cross_build.bundles.bundle import Bundle
from cross_build.deploys import deploy as deploys
from cross_build.errors import BoardError, DeployError, TargetError
from cross_build.targets.targets import target
from opt_models.store import cache

PROOF = {
    "pack": "tiny",
    "lite_version": "v0",
    "lines": ["hello"],
    "seconds": {"detect": 0.1, "classify": 0.1, "recognise": 0.1, "total": 0.3},
}
GOOD = f"#!/bin/sh\necho '{json.dumps(PROOF)}'\n"
BAD = "#!/bin/sh\necho 'ocr: golden picture must read hello, this board read nothing' >&2\nexit 1\n"
KILLED = "#!/bin/sh\nkill -ABRT $$\n"

Make = Callable[..., Bundle]
#: What a board's Python says of it.
SAID = {
    **{"machine": "x86_64", "system": "Linux", "libc": "glibc 2.36", "python": "3.11"},
    **{"executable": "python", "missing": [], "glibcxx": 30, "cores": 4, "features": None},
    **{"model": "", "noexec": ""},
}


def answering(folder: Path, **facts: Any) -> Path:
    """A Python that gives a board's answer to whatever it is asked."""
    python = folder / "python"
    answer = json.dumps({**SAID, **facts})
    python.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")
    python.chmod(0o755)
    return python


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a bundle from texts; ``ocr`` is the program that verification runs."""

    def bundle(ocr: str = GOOD, **files: str) -> Bundle:
        folder = tmp_path / f"bundle-{abs(hash((ocr, *files.items())))}"
        for name, text in {"ocr": ocr, **files}.items():
            path = folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (folder / "ocr").chmod(0o755)
        items = manifest.items(folder)
        digest = "".join(item.sha256[:6] for item in items.values())
        return Bundle(f"r{digest}", items, {"pack": "tiny"})

    return bundle


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "board"


@pytest.fixture
def deploy(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., deploys.Deployment]:
    """Deploys a bundle to a board in ``home``, over a transport of one's choice."""
    monkeypatch.setenv("LITE_OCR_CACHE", str(tmp_path / "cache"))
    tiny = SimpleNamespace(name="tiny")
    monkeypatch.setattr(deploys.resolve, "find", lambda name, runtime: tiny)

    def run(bundle: Bundle, transport: Local | None = None) -> deploys.Deployment:
        monkeypatch.setattr(bundles, "make", lambda *given: bundle)
        return deploys.deploy(board_at(home, transport))

    return run


def board_at(home: Path, transport: Local | None = None) -> Board:
    return Board(target("local"), transport or Local(home), sys.executable)


def current(home: Path) -> str:
    return (home / "current").resolve().name


def test_a_deploy_brings_every_file_and_the_program_runs(deploy, make, home) -> None:
    done = deploy(make(app__a="A", app__b="B"))
    assert done.changed
    assert done.sent == done.total == 3
    assert (home / "current/app/a").read_text() == "A"
    run = subprocess.run([home / "ocr"], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == PROOF


def test_a_second_deploy_does_nothing(deploy, make, home) -> None:
    first = deploy(make(a="A"))
    stamp = (home / "current/a").stat().st_mtime_ns
    second = deploy(make(a="A"))
    assert (first.changed, second.changed, second.sent) == (True, False, 0)
    assert second.proof == PROOF
    assert (home / "current/a").stat().st_mtime_ns == stamp


def test_only_changed_files_are_sent(deploy, make, home) -> None:
    deploy(make(a="A", b="B"))
    done = deploy(make(a="A", b="changed"))
    assert done.sent == 1
    assert (home / "current/a").read_text() == "A"
    assert (home / "current/b").read_text() == "changed"


def test_one_earlier_release_is_kept(deploy, make, home) -> None:
    for text in "ABC":
        deploy(make(a=text))
    assert len(list((home / "releases").iterdir())) == 2


def test_rollback_goes_back_and_forth(deploy, make, home) -> None:
    deploy(make(a="A"))
    deploy(make(a="B"))
    deploys.rollback(board_at(home))
    assert (home / "current/a").read_text() == "A"
    deploys.rollback(board_at(home))
    assert (home / "current/a").read_text() == "B"


def test_rollback_without_an_earlier_release_is_refused(deploy, make, home) -> None:
    deploy(make(a="A"))
    with pytest.raises(DeployError, match="no earlier release"):
        deploys.rollback(board_at(home))


@pytest.mark.parametrize(
    ("program", "words"), [(BAD, "golden picture must read hello"), (KILLED, "signal 6")]
)
def test_a_failed_verification_keeps_the_release_in_use(deploy, make, home, program, words) -> None:
    deploy(make(a="A"))
    before = current(home)
    with pytest.raises(DeployError, match=words):
        deploy(make(program, a="B"))
    assert current(home) == before
    assert [path.name for path in (home / "releases").iterdir()] == [before]


def test_a_damaged_release_is_repaired(deploy, make, home) -> None:
    deploy(make(a="A", b="B"))
    (home / "current/a").unlink()
    done = deploy(make(a="A", b="B"))
    assert done.changed
    assert done.sent == 1
    assert (home / "current/a").read_text() == "A"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"pack": "tiny"}', json.dumps({**PROOF, "seconds": 1})]
)
def test_what_a_verification_said_is_asked_again_if_it_cannot_be_read(
    deploy, make, home, text
) -> None:
    deploy(make(a="A"))
    (home / "current/verified.json").write_text(text)
    done = deploy(make(a="A"))
    assert (done.changed, done.sent, done.proof) == (True, 0, PROOF)
    assert not deploy(make(a="A")).changed


def test_a_lost_program_is_written_again(deploy, make, home) -> None:
    deploy(make(a="A"))
    (home / "ocr").unlink()
    done = deploy(make(a="A"))
    assert (done.changed, done.sent) == (True, 0)
    assert json.loads(subprocess.run([home / "ocr"], capture_output=True).stdout) == PROOF


@pytest.mark.parametrize("cached", [True, False])
def test_what_is_damaged_on_this_computer_is_told(deploy, make, cached) -> None:
    bundle = make(a="A")
    source = bundle.items["a"].source
    if cached:
        made = cache.folder("things/a", lambda fresh: (fresh / "a").write_text("A") and None)
        source = made / "a"
        items = {**bundle.items, "a": replace(bundle.items["a"], source=source)}
        bundle = replace(bundle, items=items)
    before = source.stat()
    source.write_text("B")
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(DeployError, match=f"{source}: is not what it was; .*; deploy again"):
        deploy(bundle)
    if cached:
        # Nothing but that told of the damage.
        cache.folder("things/a", lambda fresh: (fresh / "a").write_text("A") and None)
        assert deploy(bundle).changed


@pytest.mark.parametrize(
    "tuned",
    ["fast", {"threads": "2"}, {"threads": 0}, {"colour": 1}, {"power": ["high"]}, [1]],
    ids=str,
)
def test_settings_that_no_tuning_finds_are_not_used(
    deploy, make, home, monkeypatch, capsys, tuned
) -> None:
    bundle = make(a="A")
    deploy(bundle)
    seen: list[Any] = []
    monkeypatch.setattr(bundles, "make", lambda *given: seen.append(given[4]) or bundle)
    (home / "tuned.json").write_text(json.dumps({bundle.models: tuned}))
    deploys.bundle_for(board_at(home))
    assert seen == [{}]
    assert "what tuning found there is damaged and not used" in capsys.readouterr().err
    (home / "tuned.json").write_text(json.dumps({bundle.models: {"threads": 2, "workers": 3}}))
    deploys.bundle_for(board_at(home))
    assert seen[1:] == [{}, {"threads": 2, "workers": 3}]


class Cut(Local):
    """A way that breaks after some files."""

    def __init__(self, root: Path, after: int, failure: BaseException) -> None:
        super().__init__(root)
        self.left = after
        self.failure = failure

    def put(self, files: Mapping[str, Path], folder: str, on_bytes: Any = len) -> None:
        for name, source in files.items():
            if not self.left:
                raise self.failure
            self.left -= 1
            super().put({name: source}, folder)


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), BoardError("connection lost")])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_cut_off_anywhere_the_old_release_stays_and_the_next_deploy_goes_on(
    deploy, make, home, after, failure
) -> None:
    deploy(make(a="A"))
    before = current(home)
    new = make(a="new", b="new too", c="and new")
    with pytest.raises(type(failure)):
        deploy(new, Cut(home, after, failure))
    assert current(home) == before
    assert (home / "current/a").read_text() == "A"
    done = deploy(new)
    assert done.sent == 3 - after
    assert (home / "current/c").read_text() == "and new"


class Damaging(Local):
    """A way that changes what it carries."""

    def put(self, files: Mapping[str, Path], folder: str, on_bytes: Any = len) -> None:
        super().put(files, folder)
        for name in files:
            (Path(folder) / name).write_text("garbage")


def test_files_that_arrive_damaged_are_told(deploy, make, home) -> None:
    with pytest.raises(DeployError, match="1 files arrived damaged, first a"):
        deploy(make(GOOD), Local(home))
        deploy(make(GOOD, a="A"), Damaging(home))
    assert not (home / "current/a").exists()


def test_a_full_disk_keeps_the_release_in_use(deploy, make, disk) -> None:
    place = disk("256k")
    home = place / "board"
    deploy(make(a="A"), Local(home))
    before = current(home)
    with pytest.raises(DeployError, match=r"MB must be sent, .* free; make room there"):
        deploy(make(a="x" * 400_000), Local(home))
    # The disk fills up while files are on their way: what was free is no longer.
    with pytest.raises(BoardError, match="No space left on device"):
        deploy(make(a="x" * 150_000, b="y" * 60_000), Filling(home, place / "other"))
    assert current(home) == before
    assert (home / "current/a").read_text() == "A"


class Filling(Local):
    """A way during which somebody else fills the disk."""

    def __init__(self, root: Path, other: Path) -> None:
        super().__init__(root)
        self.other = other

    def put(self, files: Mapping[str, Path], folder: str, on_bytes: Any = len) -> None:
        self.other.write_bytes(b"z" * 100_000)
        super().put(files, folder)


DEPLOY = """
import sys
from pathlib import Path
from types import SimpleNamespace
from cross_build.bundles import bundle, manifest
from cross_build.deploys import deploy
from cross_build.boards.board import Board
from cross_build.boards.connect import connect
from cross_build.targets.targets import target
from cross_build.boards.transports.local import Local

folder, home = map(Path, sys.argv[1:])
items = manifest.items(folder)
bundle.make = lambda *given: bundle.Bundle("same", items, {})
deploy.resolve.find = lambda name, runtime: SimpleNamespace(name="tiny")
deploy.deploy(Board(target("local"), Local(home), sys.executable))
"""


def test_two_deploys_at_once_both_end_well(make, home, tmp_path) -> None:
    bundle = make(**{f"f{n}": f"{n}" * 1000 for n in range(50)})
    folder = next(iter(bundle.items.values())).source.parent
    environment = {**os.environ, "LITE_OCR_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-c", DEPLOY, folder, home]
    children = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [child.wait(60) for child in children] == [0, 0]
    assert (home / "current/f49").read_text() == "49" * 1000


def test_a_board_of_another_machine_is_refused(home) -> None:
    other = target("local").__class__(**{**target("local").__dict__, "machine": "aarch64"})
    with pytest.raises(BoardError, match=r"expected a aarch64 board, this is x86_64"):
        Board(other, Local(home), sys.executable).probe()


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        ("aarch64", "choose another --target, such as armv8"),
        ("armv7l", "choose another --target, such as armv7hf"),
        ("armv6l", "Paddle-Lite has nothing for ARMv6"),
        ("riscv64", "choose another --target"),
    ],
)
def test_another_machine_is_told_what_fits(home, tmp_path, machine, words) -> None:
    python = answering(tmp_path, machine=machine)
    with pytest.raises(BoardError, match=f"this is {machine}; {words}"):
        Board(target("local"), Local(home), str(python)).probe()


@pytest.mark.parametrize("name", ["rpi4", "armv7hf"])
def test_a_board_without_a_host_is_asked_for(name) -> None:
    with pytest.raises(TargetError, match=rf"{name}: say which board, as in --host .*--emulate"):
        connect(target(name))


def test_this_computer_has_no_host() -> None:
    with pytest.raises(TargetError, match="local: is this computer; leave out --host"):
        connect(target("local"), host="pi@board")


def test_a_board_without_python_is_told(home) -> None:
    with pytest.raises(BoardError, match="cannot run python9"):
        Board(target("local"), Local(home), "python9").probe()


@pytest.mark.parametrize(
    "answer",
    ["not json", '{"machine": "x86_64"}', '{"machine": "x86_64", "libc": null, "python": "3.9"}'],
)
def test_a_board_that_is_something_else_is_told_what_is_expected(home, tmp_path, answer) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{answer}'\n")
    python.chmod(0o755)
    with pytest.raises(BoardError, match="expected CPython on Linux with glibc"):
        Board(target("local"), Local(home), str(python)).probe()
