"""Deploys to many boards: folders of this computer, and bundles of a few small files."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Mapping

import pytest

from cross_build.boards.board import Board
from cross_build.boards.transports.local import Local
from cross_build.bundles import bundle as bundles
from cross_build.bundles import manifest
from cross_build.bundles.bundle import Bundle
from cross_build.deploys import deploy as deploys
from cross_build.deploys import history
from cross_build.deploys.fleet import listing, parallel, rollout
from cross_build.deploys.fleet.hosts import Host
from cross_build.errors import BoardError, UnreachableError
from cross_build.targets.targets import target
from lite_runner.errors import PackError

PROOF = {
    **{"pack": "tiny", "lite_version": "v0", "lines": ["hello"]},
    "seconds": {"detect": 0.1, "classify": 0.1, "recognise": 0.1, "total": 0.3},
}
GOOD = f"#!/bin/sh\necho '{json.dumps(PROOF)}'\n"
#: On boards of which it is a word of the path.
BAD = "#!/bin/sh\ncase $0 in *bad*) echo 'ocr: reads nothing' >&2; exit 1;; esac\n"


class Fleet:
    """Boards that are folders; by their names some are unreachable, bad or slow."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        self.home = home
        self.made = 0
        self.gate = threading.Event()
        self.put_started = threading.Event()
        self.pack_error: Exception | None = None
        patch.setattr(deploys.resolve, "find", self._pack)
        patch.setattr(bundles, "make", self._make)
        patch.setattr(rollout, "connect", self._connect)
        self.text = "A"

    def hosts(self, *names: str) -> list[Host]:
        return [Host(name, target("local")) for name in names]

    def current(self, name: str) -> str | None:
        link = self.home / name / "current"
        return link.resolve().name if link.is_symlink() else None

    def _pack(self, name: str, runtime: object) -> Any:
        if self.pack_error:
            raise self.pack_error
        return SimpleNamespace(name="tiny")

    def _make(self, *given: object) -> Bundle:
        self.made += 1
        folder = self.home / f"bundle-{self.text}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ocr").write_text(BAD + GOOD)
        (folder / "ocr").chmod(0o755)
        (folder / "text").write_text(self.text)
        items = manifest.items(folder)
        return Bundle(
            "r" + items["text"].sha256[:11], items, {"pack": "tiny", "lite_version": "v0"}
        )

    def _connect(self, kind: Any, host: str, folder: str, ask: bool) -> Board:
        assert not ask
        return Board(kind, Way(self, host), sys.executable, host)


class Way(Local):
    """The way to one of them."""

    def __init__(self, fleet: Fleet, name: str) -> None:
        super().__init__(fleet.home / name)
        self.fleet = fleet
        self.name = name
        self.closed = threading.Event()

    @property
    def root(self) -> str:
        if "gone" in self.name:
            raise BoardError(f"{self.name}: cannot be reached (no route); check its name")
        return super().root

    def put(
        self,
        files: Mapping[str, Path],
        folder: str,
        on_bytes: Callable[[int], object] = lambda count: None,
    ) -> None:
        if "slow" in self.name:
            self.fleet.put_started.set()
            self.closed.wait(30)
            raise BoardError(f"{self.name}: the connection was lost")
        if "bug" in self.name:
            raise ZeroDivisionError("oops")
        super().put(files, folder, on_bytes)

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    monkeypatch.setenv("LITE_OCR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LITE_OCR_HOME", str(tmp_path / "user"))
    return Fleet(tmp_path / "boards", monkeypatch)


def states(done: rollout.Rollout) -> dict[str, str]:
    return {one.host: one.state for one in done.results}


def test_every_board_gets_the_release_and_bundles_are_made_once(fleet: Fleet) -> None:
    names = [f"board-{number}" for number in range(7)]
    done = rollout.deploy(fleet.hosts(*names), at_once=3)
    assert states(done) == dict.fromkeys(names, "deployed")
    assert (done.code, fleet.made) == (0, 1)
    (release,) = {one.release for one in done.results}
    assert {fleet.current(name) for name in names} == {release}
    again = rollout.deploy(fleet.hosts(*names), at_once=50)
    assert states(again) == dict.fromkeys(names, "unchanged")
    assert again.code == 0


def test_those_that_fail_leave_others_alone(fleet: Fleet, capsys) -> None:
    names = ["a", "bad", "gone", "bug", "z"]
    assert rollout.deploy(fleet.hosts("a", "z")).code == 0
    before = fleet.current("a")
    fleet.text = "B"
    done = rollout.deploy(fleet.hosts(*names), at_once=2)
    assert states(done) == {
        **{"a": "deployed", "z": "deployed"},
        **{"bad": "failed", "gone": "failed", "bug": "failed"},
    }
    assert done.code == 1
    assert fleet.current("a") == fleet.current("z") != before
    assert fleet.current("bad") is None
    text = rollout.summary(done).splitlines()
    assert text[0].split() == [
        *("board", "target", "state", "release", "pack", "Paddle-Lite", "sent", "took")
    ]
    assert text[-4:-1] == [
        "bad: verification failed, the release in use was kept: reads nothing",
        "gone: cannot be reached (no route); check its name",
        "bug: unexpected ZeroDivisionError (oops); try it alone with --debug, and report it",
    ]
    assert text[-1].startswith("2 of 5 boards have the release, 3 failed; the others keep")
    said = capsys.readouterr().err
    assert "bad: failed: verification failed" in said
    assert "Traceback" not in said
    assert [row["state"] for row in rollout.as_data(done.results)] == list(states(done).values())


def test_what_no_board_can_have_is_one_error(fleet: Fleet, capsys) -> None:
    fleet.pack_error = PackError("there is none")
    with pytest.raises(PackError, match="there is none"):
        rollout.deploy(fleet.hosts("a", "b"))
    assert capsys.readouterr().err == ""


def test_ctrl_c_stops_those_under_way_and_begins_no_more(fleet: Fleet, capsys) -> None:
    rollout.deploy(fleet.hosts("later"))
    before = fleet.current("later")
    fleet.text = "B"

    def press() -> None:
        assert fleet.put_started.wait(30)
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press, daemon=True)
    presser.start()
    done = rollout.deploy(fleet.hosts("slow", "later"), at_once=1)
    presser.join(60)
    assert states(done) == {"slow": "stopped", "later": "stopped"}
    assert (done.interrupted, done.code) == (True, 130)
    assert fleet.current("slow") is None
    assert fleet.current("later") == before
    assert "0 of 2 boards have the release, 2 stopped" in rollout.summary(done)
    said = capsys.readouterr().err.splitlines()
    assert "stopping; every board keeps the release it has in use" in said
    assert said[-1].startswith("slow: stopped"), "it was not waited for"


def test_previews_change_nothing(fleet: Fleet) -> None:
    text, code = rollout.preview(fleet.hosts("a", "gone"))
    assert code == 1
    assert text.startswith("a: local: a deploy would replace nothing by r")
    assert text.endswith("gone: cannot be reached (no route); check its name")
    assert not (fleet.home / "a").exists()


# What was put where


def known() -> dict[str, history.Record]:
    return {one.address: one for one in history.known()}


def test_deploys_are_noted(fleet: Fleet) -> None:
    rollout.deploy(fleet.hosts("a", "bad", "gone"))
    assert list(known()) == ["a"]
    one = known()["a"]
    assert (one.target, one.release, one.pack) == ("local", fleet.current("a"), "tiny")
    assert one.folder == str(fleet.home / "a")
    assert one.verified is not None and one.problem == ""
    # Nothing is verified where nothing changes.
    history.keep(history.Record(**{**one.__dict__, "verified": "2000-01-01T00:00:00Z"}))
    rollout.deploy(fleet.hosts("a"))
    assert known()["a"].verified == "2000-01-01T00:00:00Z"


def board(fleet: Fleet, name: str) -> Board:
    return Board(target("local"), Local(fleet.home / name), sys.executable, name)


def test_what_fails_goes_back_and_is_removed_is_noted(fleet: Fleet) -> None:
    rollout.deploy(fleet.hosts("a"))
    first = fleet.current("a")
    fleet.text = "B"
    rollout.deploy(fleet.hosts("a"))
    deploys.rollback(board(fleet, "a"))
    assert (known()["a"].release, known()["a"].pack) == (first, "tiny")
    ocr = "#!/bin/sh\necho 'ocr: reads nothing' >&2\nexit 1\n"
    folder = fleet.home / "broken"
    folder.mkdir()
    (folder / "ocr").write_text(ocr)
    (folder / "ocr").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        broken = Bundle("broken", manifest.items(folder), {})
        patch.setattr(bundles, "make", lambda *given: broken)
        assert rollout.deploy(fleet.hosts("a")).code == 1
    assert known()["a"].release == first
    # It reads as before: only the deploy was refused.
    assert known()["a"].problem == ""
    assert "verification failed" in known()["a"].refused
    table = listing.table(history.known())
    assert re.search(rf"^a .*{first} .* ok, last deploy refused$", table, re.MULTILINE)
    assert "\na: the last deploy was refused: local: verification failed" in table
    history.failed(board(fleet, "a"), UnreachableError("a: cannot be reached (no route)"))
    assert re.search(r"^a .* failed$", listing.table(history.known()), re.MULTILINE)
    assert rollout.deploy(fleet.hosts("a")).code == 0
    assert (known()["a"].problem, known()["a"].refused) == ("", "")
    deploys.undeploy(board(fleet, "a"))
    assert known() == {}
    assert "no board was deployed to" in listing.table(history.known())


def test_boards_are_asked_themselves(fleet: Fleet, monkeypatch) -> None:
    monkeypatch.setattr(
        listing, "_board", lambda one: fleet._connect(target("local"), one.address, "", False)
    )
    rollout.deploy(fleet.hosts("a", "b", "c", "d"))
    before = known()
    history.keep(history.Record(**{**before["a"].__dict__, "verified": None}))
    (fleet.home / "b" / "current" / "text").write_text("damaged")
    deploys.undeploy(board(fleet, "c"))
    history.keep(before["c"])
    history.keep(history.Record("gone", "local", "/x", "r1", "tiny", "v0", None))
    history.keep(history.Record("old", "no-such-target", "/x", "r1"))
    found, code = listing.check(history.known())
    assert code == 1
    said = {one.address: one.problem for one in found}
    assert said["a"] == said["d"] == ""
    assert said["b"] == "files of its release are gone or damaged; deploy to it"
    assert said["c"] == "has no release in use; deploy to it"
    assert said["gone"] == "cannot be reached (no route); check its name"
    assert "there is no target 'no-such-target' any more" in said["old"]
    assert known()["a"].verified is not None
    assert known()["gone"].release == "r1"
    assert [one["problem"] for one in listing.as_data(found)] == [one.problem for one in found]
    listing.forget("gone")
    assert "gone" not in known()


def test_nobody_is_asked_where_there_is_nobody(fleet: Fleet) -> None:
    assert listing.check([]) == ([], 0)


def test_a_board_that_does_not_read_any_more_is_told(fleet: Fleet, monkeypatch) -> None:
    monkeypatch.setattr(
        listing, "_board", lambda one: fleet._connect(target("local"), one.address, "", False)
    )
    rollout.deploy(fleet.hosts("a"))
    shutil.copytree(fleet.home / "a", fleet.home / "a-bad", symlinks=True)
    history.keep(history.Record("a-bad", "local", str(fleet.home / "a-bad"), fleet.current("a")))
    found, code = listing.check([one for one in history.known() if one.address == "a-bad"])
    assert (code, found[0].problem) == (1, "does not read: reads nothing; deploy to it")


def test_records_that_cannot_be_read_are_told(fleet: Fleet, capsys) -> None:
    rollout.deploy(fleet.hosts("a"))
    (history.folder() / "x.json").write_text("{")
    assert list(known()) == ["a"]
    assert "x.json: is no record of a board" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "null", '"a"', "[" * 100_000, '{"address": "a"}'),
        '{"address": 1, "target": "local", "folder": "x", "release": "r"}',
        '{"address": "a", "target": "local", "folder": "x", "release": "r", "pack": null}',
    ],
    ids=lambda text: text[:12],
)
def test_a_wrong_record_is_told_and_written_anew(fleet: Fleet, capsys, text: str) -> None:
    rollout.deploy(fleet.hosts("a"))
    before = known()
    (path,) = history.folder().iterdir()
    path.write_text(text)
    assert known() == {}
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith(f"{path}: is no record of a board (")
    assert "deploy to the board again" in told
    assert rollout.deploy(fleet.hosts("a")).code == 0
    assert known()["a"].release == before["a"].release


def test_a_full_or_closed_home_is_no_failure(fleet: Fleet, capsys) -> None:
    history.folder().parent.mkdir(parents=True)
    history.folder().write_text("in the way")
    assert rollout.deploy(fleet.hosts("a")).code == 0
    assert "'invoke boards' will not know of this" in capsys.readouterr().err


def test_each_number_is_given_out_once() -> None:
    seen: list[int] = []
    hosts = [Host(f"h{number}", target("local")) for number in range(40)]

    def work(number: int, progress: parallel.BoardProgress) -> int:
        progress.step("working")
        seen.append(number)
        return number

    ended, interrupted = parallel.each(hosts, work, lambda n: ("done", ""), parallel.LiveTable(), 7)
    assert sorted(seen) == [one.value for one in ended] == list(range(40))
    assert not interrupted
