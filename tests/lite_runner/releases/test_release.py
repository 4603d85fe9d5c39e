"""Releases on a board: staged, sealed, switched to and back, whatever interrupts them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lite_runner.releases import release

Files = Dict[str, str]
#: Says which release it is of.
OCR = '#!/bin/sh\nreadlink -f "$0"\n'
ONE: Files = {"ocr": OCR, "app/a.py": "a = 1\n", "pack/det.nb": "model"}
TWO: Files = {**ONE, "app/a.py": "a = 2\n", "site/b/__init__.py": ""}
PROOF = {"lines": ["你好"]}


def manifest(files: Files) -> dict[str, Any]:
    def entry(path: str, text: str) -> dict[str, Any]:
        data = text.encode()
        mode = 0o755 if path == "ocr" else 0o644
        return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "mode": mode}

    return {"pack": "tiny", "files": {path: entry(path, text) for path, text in files.items()}}


def send(root: Path, name: str, files: Files, missing: list[str]) -> None:
    for path in missing:
        target = root / "releases" / f"{name}.part" / path
        assert target.parent.is_dir()
        target.write_text(files[path], encoding="utf-8")


def deploy(root: Path, name: str, files: Files) -> list[str]:
    """All steps; returns what had to be sent."""
    sent = release.stage(root, name, manifest(files))["missing"]
    send(root, name, files, sent)
    assert release.seal(root, name, manifest(files)) == {"wrong": []}
    assert release.switch(root, name, PROOF)["current"] == name
    return list(sent)


def content(folder: Path) -> Files:
    own = {release.MANIFEST, release.PROOF, release.SIZES}
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file() and path.name not in own
    }


def start(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program."""
    return subprocess.run([root / "ocr", *arguments], capture_output=True, text=True, check=False)


def started(root: Path) -> str:
    """The release that the program starts."""
    run = start(root)
    assert (run.returncode, run.stderr) == (0, "")
    return Path(run.stdout.strip()).parent.name


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "board"


def test_a_board_with_nothing_on_it_says_so(root: Path) -> None:
    status = release.status(root)
    assert status.pop("free") > 0
    assert status == {"current": None, "previous": None, "intact": False, "verified": None}
    assert not root.exists()


def test_the_first_release_is_sent_whole(root: Path) -> None:
    assert deploy(root, "one", ONE) == sorted(ONE)
    assert content(root / "current") == ONE
    assert started(root) == "one"
    assert (root / "current" / "app" / "a.py").stat().st_mode & 0o777 == 0o644
    status = release.status(root)
    assert (status["current"], status["previous"], status["intact"]) == ("one", None, True)
    assert status["verified"] == PROOF


def test_only_what_changed_is_sent_the_next_time(root: Path) -> None:
    deploy(root, "one", ONE)
    assert deploy(root, "two", TWO) == ["app/a.py", "site/b/__init__.py"]
    assert content(root / "releases" / "two") == TWO
    assert content(root / "releases" / "one") == ONE
    status = release.status(root)
    assert (status["current"], status["previous"]) == ("two", "one")


def test_a_file_that_moved_is_not_sent_again(root: Path) -> None:
    deploy(root, "one", ONE)
    assert deploy(root, "two", {"ocr": "x", "deeper/still/a": "model"}) == ["ocr"]


def test_a_damaged_file_is_not_taken_from_an_earlier_release(root: Path) -> None:
    deploy(root, "one", ONE)
    (root / "releases" / "one" / "pack" / "det.nb").write_text("mudel")
    assert "pack/det.nb" in deploy(root, "two", TWO)
    assert content(root / "releases" / "two") == TWO


def test_files_are_copied_where_there_are_no_hard_links(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    deploy(root, "one", ONE)
    assert "ocr" not in deploy(root, "two", TWO)
    assert content(root / "current") == TWO


def test_an_interrupted_transfer_goes_on_where_it_stopped(root: Path) -> None:
    first = release.stage(root, "one", manifest(ONE))["missing"]
    send(root, "one", ONE, first[:1])
    (root / "releases" / "one.part" / first[1]).write_text("#!")
    assert release.stage(root, "one", manifest(ONE))["missing"] == first[1:]
    assert deploy(root, "one", ONE) == first[1:]
    assert content(root / "current") == ONE


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.unlink(),
        lambda file: file.write_text("mudel"),
        lambda file: file.write_text(""),
    ],
    ids=["lost", "altered", "emptied"],
)
def test_a_wrong_file_is_named_and_the_release_not_sealed(
    spoil: Callable[[Path], object], root: Path
) -> None:
    missing = release.stage(root, "one", manifest(ONE))["missing"]
    send(root, "one", ONE, missing)
    spoil(root / "releases" / "one.part" / "pack" / "det.nb")
    assert release.seal(root, "one", manifest(ONE)) == {"wrong": ["pack/det.nb"]}
    assert not (root / "releases" / "one").exists()
    assert release.status(root)["current"] is None
    assert deploy(root, "one", ONE) == ["pack/det.nb"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "app" / "a.py").unlink(),
        lambda folder: (folder / "app" / "a.py").write_text("much longer\n"),
    ],
    ids=["lost", "changed"],
)
def test_a_damaged_release_is_seen_and_sent_again(
    spoil: Callable[[Path], object], root: Path
) -> None:
    deploy(root, "one", ONE)
    spoil(root / "releases" / "one")
    assert release.status(root)["intact"] is False
    assert deploy(root, "one", ONE) == ["app/a.py"]
    status = release.status(root)
    assert (status["current"], status["previous"], status["intact"]) == ("one", None, True)


def test_only_the_current_release_and_the_one_before_are_kept(root: Path) -> None:
    for name in ("one", "two", "three"):
        deploy(root, name, {**ONE, "name": name})
    release.stage(root, "four", manifest(TWO))
    deploy(root, "five", TWO)
    assert sorted(path.name for path in (root / "releases").iterdir()) == ["five", "three"]
    assert content(root / "previous")["name"] == "three"


def test_a_stray_file_among_the_releases_does_no_harm(root: Path) -> None:
    deploy(root, "one", ONE)
    (root / "releases" / ".DS_Store").touch()
    deploy(root, "two", TWO)
    assert release.status(root)["current"] == "two"


def test_switching_to_the_same_release_keeps_the_one_before(root: Path) -> None:
    deploy(root, "one", ONE)
    deploy(root, "two", TWO)
    assert release.switch(root, "two", {}) == {"current": "two", "previous": "one"}
    assert release.status(root)["verified"] == {}


def test_rollback_goes_back_and_forth(root: Path) -> None:
    deploy(root, "one", ONE)
    deploy(root, "two", TWO)
    assert release.rollback(root) == {"current": "one", "previous": "two"}
    assert content(root / "current") == ONE
    assert started(root) == "one"
    assert release.rollback(root) == {"current": "two", "previous": "one"}
    assert content(root / "current") == TWO


def on_system(files: Files, system: str) -> dict[str, Any]:
    return {**manifest(files), "system": system}


def bring(root: Path, name: str, files: Files, system: str) -> None:
    """A release that runs on a system that is brought, too."""
    made = on_system(files, system)
    send(root, name, files, release.stage(root, name, made)["missing"])
    assert release.seal(root, name, made) == {"wrong": []}
    release.switch(root, name, PROOF)


def bring_system(root: Path, name: str) -> Path:
    files = {"system/bin/python3": name}
    send(root, name, files, release.stage(root, name, manifest(files))["missing"])
    assert release.seal(root, name, manifest(files)) == {"wrong": []}
    return root / "releases" / name / "system/bin/python3"


def test_systems_are_kept_as_long_as_a_release_runs_on_them(root: Path) -> None:
    bring_system(root, "old")
    bring(root, "one", ONE, "old")
    bring_system(root, "new")
    bring(root, "two", TWO, "new")

    def kept() -> set[str]:
        return {path.name for path in (root / "releases").iterdir()}

    assert kept() == {"one", "old", "two", "new"}
    bring(root, "three", {**TWO, "app/a.py": "a = 3\n"}, "new")
    assert kept() == {"two", "three", "new"}


def test_a_release_is_whole_only_with_its_system(root: Path) -> None:
    python = bring_system(root, "old")
    bring(root, "one", ONE, "old")
    bring_system(root, "new")
    bring(root, "two", TWO, "new")
    assert release.status(root)["intact"]
    python.write_text("damaged")
    assert release.status(root)["intact"], "the one before runs on that"
    assert "error" in release.rollback(root)
    (root / "releases/new/system/bin/python3").unlink()
    assert not release.status(root)["intact"]


def damage(root: Path) -> None:
    (root / "releases" / "one" / "ocr").unlink()


def lose(root: Path) -> None:
    (root / "releases" / "one" / release.MANIFEST).unlink()


@pytest.mark.parametrize("spoil", [damage, lose])
def test_rollback_to_a_damaged_release_is_refused(
    spoil: Callable[[Path], None], root: Path
) -> None:
    deploy(root, "one", ONE)
    deploy(root, "two", TWO)
    spoil(root)
    assert "no earlier release" in release.rollback(root)["error"]
    assert release.status(root)["current"] == "two"


def test_rollback_without_an_earlier_release_is_refused(root: Path) -> None:
    assert "error" in release.rollback(root)
    deploy(root, "one", ONE)
    assert "error" in release.rollback(root)
    assert release.status(root)["current"] == "one"


def test_discard_removes_what_is_not_current(root: Path) -> None:
    deploy(root, "one", ONE)
    missing = release.stage(root, "two", manifest(TWO))["missing"]
    send(root, "two", TWO, missing)
    release.seal(root, "two", manifest(TWO))
    release.stage(root, "two", manifest(TWO))
    release.discard(root, "two")
    release.discard(root, "never")
    release.discard(root, "one")
    assert [path.name for path in (root / "releases").iterdir()] == ["one"]
    assert content(root / "current") == ONE


@pytest.mark.parametrize("names", [("one", "two"), ("two", "one")])
def test_a_file_damaged_in_one_release_is_taken_from_another(root: Path, names: Any) -> None:
    for name, files in zip(names, (ONE, TWO)):
        deploy(root, name, files)
    file = root / "releases" / names[0] / "pack" / "det.nb"
    file.unlink()  # it is shared
    file.write_text("mod3l")
    missing = release.stage(root, "three", manifest({**TWO, "new": "new"}))["missing"]
    assert missing == ["new"]


def test_remove_takes_what_a_killed_switch_left(root: Path) -> None:
    deploy(root, "one", ONE)
    (root / ".current.4711").symlink_to("releases/one")
    assert release.remove(root) == {"removed": True}
    assert not root.exists()


def test_clear_removes_one_inbox(root: Path) -> None:
    for name in ("mine", "yours"):
        (root / "inbox" / name / "deep").mkdir(parents=True)
    release.clear(root, "mine")
    release.clear(root, "mine")
    assert [path.name for path in (root / "inbox").iterdir()] == ["yours"]


@pytest.mark.parametrize("path", ["../evil", "/evil", "app/../../evil", "app/.."])
@pytest.mark.parametrize("step", [release.stage, release.seal])
def test_a_path_that_leaves_the_bundle_is_refused(step: Any, path: str, root: Path) -> None:
    with pytest.raises(ValueError, match="leaves the bundle"):
        step(root, "one", manifest({path: "evil"}))
    assert not list(root.rglob("evil"))


STEPS: dict[str, Callable[[Path, str], object]] = {
    "stage": lambda root, name: release.stage(root, name, manifest(ONE)),
    "seal": lambda root, name: release.seal(root, name, manifest(ONE)),
    "switch": lambda root, name: release.switch(root, name, PROOF),
    "discard": release.discard,
    "clear": release.clear,
}


@pytest.mark.parametrize("name", ["../own", "../../own", "one/../../own", "", ".", ".."])
@pytest.mark.parametrize("step", STEPS)
def test_a_name_that_leaves_the_releases_is_refused(step: str, name: str, root: Path) -> None:
    deploy(root, "one", ONE)
    (root / "inbox").mkdir()
    for folder in (root / "own", root.parent / "own"):
        folder.mkdir()
        (folder / "letter").touch()
    before = sorted(root.parent.rglob("*"))
    with contextlib.suppress(ValueError):
        STEPS[step](root, name)
    assert sorted(root.parent.rglob("*")) == before
    assert release.status(root)["current"] == "one"


@pytest.mark.parametrize("moment", range(3))
def test_there_is_always_a_current_release_while_switching(
    moment: int, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(root, "one", ONE)
    deploy(root, "two", TWO)
    release.stage(root, "three", manifest(ONE))
    release.seal(root, "three", manifest(ONE))
    moves: list[Path] = []
    replace = Path.replace

    def pull_the_plug(self: Path, target: Path) -> Path:
        moves.append(target)
        if len(moves) > moment:
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", pull_the_plug)
        release.switch(root, "three", PROOF)
    status = release.status(root)
    assert (status["current"], status["intact"]) == ("two", True)
    assert started(root) == "two"
    deploy(root, "three", ONE)
    assert started(root) == "three"


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["one", "two", "three", "back", "stage", "discard"]), max_size=8))
def test_any_order_of_steps_leaves_a_whole_release(steps: list[str]) -> None:
    bundles = {name: {**ONE, "name": name, "big": name * 3} for name in ("one", "two", "three")}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        expected: str | None = None
        for step in steps:
            before = release.status(root)
            if step in bundles:
                deploy(root, step, bundles[step])
                expected = step
            elif step == "back":
                answer = release.rollback(root)
                assert ("error" in answer) == (before["previous"] is None)
                expected = answer.get("current", expected)
            elif step == "stage":
                release.stage(root, "three", manifest(bundles["three"]))
            else:
                release.discard(root, "one")
            status = release.status(root)
            assert status["current"] == expected
            if expected is not None:
                assert status["intact"]
                assert content(root / "current") == bundles[expected]
                assert status["previous"] != expected


def run(monkeypatch: pytest.MonkeyPatch, given: object, *arguments: object) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(given)))
    return release.main([str(argument) for argument in arguments])


def test_commands_answer_in_json(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(given: object, *arguments: object) -> Any:
        assert run(monkeypatch, given, *arguments) == 0
        return json.loads(capsys.readouterr().out)

    assert answer(manifest(ONE), "stage", root, "one") == {"missing": sorted(ONE)}
    send(root, "one", ONE, sorted(ONE))
    assert answer(manifest(ONE), "seal", root, "one") == {"wrong": []}
    assert answer(PROOF, "switch", root, "one") == {"current": "one", "previous": None}
    assert answer(None, "status", root)["verified"] == PROOF
    assert "error" in answer(None, "rollback", root)
    assert answer(None, "discard", root, "two") == {}
    assert answer(None, "clear", root, "x") == {}


def test_an_unknown_command_is_wrong_usage(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, None, "explode", root) == 2
    assert capsys.readouterr().err == "release: unknown command 'explode'\n"


def test_pictures_forgotten_for_a_day_are_removed_and_others_stay(tmp_path: Path) -> None:
    now = time.time()
    for name, age in (("mine", 0), ("fresh", 3600), ("forgotten", 25 * 3600)):
        folder = tmp_path / "inbox" / name
        folder.mkdir(parents=True)
        os.utime(folder, (now - age, now - age))
    release.clear(tmp_path, "mine")
    assert [path.name for path in (tmp_path / "inbox").iterdir()] == ["fresh"]


def test_a_damaged_release_in_use_can_be_left(tmp_path: Path) -> None:
    """Its manifest is gone: rolling back is what one wants then."""
    deploy(tmp_path, "one", ONE)
    deploy(tmp_path, "two", TWO)
    (tmp_path / "current" / release.MANIFEST).unlink()
    assert release.rollback(tmp_path)["current"] == "one"
    assert (tmp_path / "current").resolve().name == "one"


# What benchmarks keep and bring


def test_a_release_is_known_whether_in_use_or_not(root: Path) -> None:
    deploy(root, "r1", ONE)
    release.stage(root, "r2", manifest(TWO))
    assert release.known(root, "r2") == {"intact": False, "verified": None}
    deploy(root, "r2", TWO)
    for name in ("r1", "r2"):
        assert release.known(root, name) == {"intact": True, "verified": PROOF}
    (root / "releases/r1/pack/det.nb").write_text("other")
    assert not release.known(root, "r1")["intact"]


def test_discard_keeps_what_a_rollback_needs(root: Path) -> None:
    deploy(root, "r1", ONE)
    deploy(root, "r2", TWO)
    for name in ("r1", "r2", "none"):
        release.discard(root, name)
    assert release.rollback(root)["current"] == "r1"


def test_tuned_settings_are_kept_by_pack(root: Path) -> None:
    assert release.tuned(root) == {}
    release.tune(root, "one", {"threads": 2})
    release.tune(root, "two", {"threads": 4, "bucket": 64})
    release.tune(root, "one", {"threads": 3})
    assert release.tuned(root) == {"one": {"threads": 3}, "two": {"threads": 4, "bucket": 64}}
    release.tune(root, "one", None)
    assert release.tuned(root) == {"two": {"threads": 4, "bucket": 64}}
    assert [path.name for path in root.iterdir()] == [release.TUNED], "nothing is left beside it"
    release.remove(root)
    assert not root.exists()


@pytest.mark.parametrize("text", ["", "{", "[1]", "null"])
def test_damaged_tuned_settings_count_as_none(root: Path, text: str) -> None:
    root.mkdir(parents=True, exist_ok=True)
    (root / release.TUNED).write_text(text)
    assert release.tuned(root) == {}
    release.tune(root, "one", {"threads": 2})
    assert release.tuned(root) == {"one": {"threads": 2}}


# What is damaged, and how it is repaired


def empty(file: Path) -> None:
    """As files are after a power cut that had not reached the disk; others may have shared it."""
    file.unlink()
    file.touch()


@pytest.mark.parametrize("name", ["ocr", "app/a.py", release.SIZES])
def test_a_release_that_is_not_whole_is_not_started(root: Path, name: str) -> None:
    deploy(root, "one", ONE)
    deploy(root, "two", TWO)
    empty(root / "current" / name)
    run = start(root)
    assert run.stdout == f"{root / 'releases/one/ocr'}\n"
    assert run.stderr == (
        "ocr: release two is damaged, using the one before, one; deploy to this board again to"
        " repair it\n"
    )
    assert not release.status(root)["intact"]
    deploy(root, "two", TWO)
    assert started(root) == "two"


def test_damage_is_told_where_no_release_is_whole(root: Path) -> None:
    deploy(root, "one", ONE)
    empty(root / "current" / "pack" / "det.nb")
    run = start(root)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "ocr: release one is damaged; deploy to this board again\n"
    assert release.status(root)["intact"] is False
    assert deploy(root, "one", ONE) == ["pack/det.nb"]
    assert started(root) == "one"


def test_a_system_that_is_not_whole_keeps_its_releases_from_starting(root: Path) -> None:
    bring_system(root, "old")
    bring(root, "one", ONE, "old")
    python = bring_system(root, "new")
    bring(root, "two", TWO, "new")
    assert started(root) == "two"
    empty(python)
    assert start(root).stdout == f"{root / 'releases/one/ocr'}\n"


def test_the_program_takes_arguments_as_they_are_and_may_be_linked_to(tmp_path: Path) -> None:
    root = tmp_path / "a folder's" / "$(board)"
    deploy(root, "one", {**ONE, "ocr": '#!/bin/sh\nprintf "%s|" "$@"\nexit 7\n', "a b/ü*": "x"})
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ocr").symlink_to(root / "ocr")
    words = ["read", "a b", "*", "$HOME", "", "-n"]
    run = subprocess.run([tmp_path / "bin/ocr", *words], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (7, "".join(f"{word}|" for word in words))


def test_a_board_of_an_earlier_version_is_taken_over(root: Path) -> None:
    """There the program was a link, and releases had no list of sizes."""
    for name, files in (("one", ONE), ("two", TWO)):
        deploy(root, name, files)
        (root / "releases" / name / release.SIZES).unlink()
        (root / "ocr").unlink()
        (root / "ocr").symlink_to("current/ocr")
    assert release.status(root)["intact"]
    assert started(root) == "two"
    release.rollback(root)
    assert not (root / "ocr").is_symlink()
    assert started(root) == "one"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.unlink(),
        lambda file: file.write_text(""),
        lambda file: file.chmod(0o644),
    ],
    ids=["lost", "emptied", "no program"],
)
def test_a_program_that_is_not_there_is_not_taken_for_unchanged(
    spoil: Callable[[Path], object], root: Path
) -> None:
    deploy(root, "one", ONE)
    spoil(root / "ocr")
    assert not release.status(root)["intact"]
    assert release.known(root, "one")["intact"], "nothing has to be sent for that"
    release.switch(root, "one", PROOF)
    assert started(root) == "one"
    assert release.status(root)["intact"]


ENTRY = {"sha256": "0" * 64, "size": 1, "mode": 0o644}
OTHER_FORMS = [
    *("", "{", "null", "[]", '"text"', "7", "{}", "[" * 100_000),
    *(
        json.dumps({"files": one})
        for one in ([], None, {"ocr": 1}, {"ocr": {**ENTRY, "size": "1"}})
    ),
    *(json.dumps({"files": {path: ENTRY}}) for path in ("/etc/passwd", "../../ocr")),
    *(json.dumps({"files": {}, "system": one}) for one in (1, "../x", None)),
    json.dumps({"files": {}, "stamps": []}),
]


@pytest.mark.parametrize("text", OTHER_FORMS, ids=lambda text: text[:20])
@pytest.mark.parametrize("name", ["one", "two"])
def test_a_manifest_of_another_form_is_damage(root: Path, name: str, text: str) -> None:
    deploy(root, "one", ONE)
    deploy(root, "two", TWO)
    (root / "releases" / name / release.MANIFEST).write_text(text)
    assert release.status(root)["intact"] == (name == "one")
    assert not release.known(root, name)["intact"]
    assert "error" in release.rollback(root) or name == "two"
    missing = release.compare(root, manifest(TWO))["missing"]
    assert set(missing) <= {"app/a.py", "site/b/__init__.py"}
    deploy(root, "two", TWO)
    status = release.status(root)
    assert (status["current"], status["intact"]) == ("two", True)
    assert started(root) == "two"


@pytest.mark.parametrize("text", ["", "[", "[]", "null", '"read"', "[" * 100_000])
def test_a_proof_of_another_form_is_none(root: Path, text: str) -> None:
    deploy(root, "one", ONE)
    (root / "current" / release.PROOF).write_text(text)
    assert release.status(root)["verified"] is None
    assert release.known(root, "one") == {"intact": True, "verified": None}


def test_a_damaged_release_does_not_become_the_one_before(root: Path) -> None:
    deploy(root, "one", ONE)
    deploy(root, "two", TWO)
    empty(root / "current" / "app" / "a.py")
    deploy(root, "three", {**ONE, "name": "three"})
    assert release.status(root)["previous"] == "one"


def test_what_others_left_half_done_is_removed_by_the_next_deploy(root: Path) -> None:
    deploy(root, "one", ONE)
    for name in ("two", "three"):
        send(root, name, TWO, release.stage(root, name, manifest(TWO))["missing"][:1])
    (root / ".current.4711").symlink_to("releases/one")
    (root / ".lite-ocr-abc").symlink_to("releases/one")
    (root / "current" / ".lite-ocr-abc").touch()
    (root / "releases" / "four.old").mkdir()
    send(root, "one", ONE, release.stage(root, "one", manifest(ONE))["missing"])
    with release.locked(root, "me", "two"):
        assert [path.name for path in sorted((root / "releases").iterdir())] == ["one", "two.part"]
    assert not list(root.rglob(".lite-ocr-*"))
    assert not list(root.glob(".current*"))
    send(root, "one", ONE, release.stage(root, "one", manifest(ONE))["missing"])
    with release.locked(root, "me", "one"):
        assert [path.name for path in (root / "releases").iterdir()] == ["one"]


def test_only_the_owner_writes_whatever_manifest_and_mask_say(root: Path) -> None:
    entries = manifest(ONE)["files"]
    modes = {"ocr": 0o6777, "app/a.py": 0o666, "pack/det.nb": 0o002}
    wide = {"files": {path: {**entry, "mode": modes[path]} for path, entry in entries.items()}}
    before = os.umask(0)
    try:
        send(root, "one", ONE, release.stage(root, "one", wide)["missing"])
        release.seal(root, "one", wide)
        release.switch(root, "one", PROOF)
    finally:
        os.umask(before)
    folder = root / "releases" / "one"
    found = {
        str(path.relative_to(folder)): path.stat().st_mode & 0o7777 for path in folder.rglob("*")
    }
    programs = {name for name, mode in found.items() if mode == 0o755}
    assert programs == {"ocr", "app", "pack"}
    assert {mode for name, mode in found.items() if name not in programs} == {0o644}


@pytest.mark.parametrize("name", ["app/a.py", "letter"])
def test_a_link_among_what_came_is_not_taken(root: Path, tmp_path: Path, name: str) -> None:
    secret = tmp_path / "id_ed25519"
    secret.write_text(ONE["app/a.py"])
    send(root, "one", ONE, release.stage(root, "one", manifest(ONE))["missing"])
    link = root / "releases" / "one.part" / name
    link.unlink(missing_ok=True)
    link.symlink_to(secret)
    expected = ["app/a.py"] if name == "app/a.py" else []
    assert release.seal(root, "one", manifest(ONE)) == {"wrong": expected}
    assert not (root / "releases" / "one" / name).exists()
    assert secret.exists()


def test_what_comes_is_not_written_into_a_file_that_others_share(root: Path) -> None:
    deploy(root, "one", ONE)
    part = root / "releases" / "two.part" / "app"
    part.mkdir(parents=True)
    os.link(root / "current" / "app" / "a.py", part / "a.py")
    missing = release.stage(root, "two", manifest(TWO))["missing"]
    for path in missing:
        with (part.parent / path).open("w") as file:  # as adb does it
            file.write(TWO[path])
    assert content(root / "current") == ONE


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(KeyError), release.replacing(path) as file:
        file.write(b"half")
        raise KeyError
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("file", "old")]
    with release.replacing(path, 0o755) as file:
        file.write(b"new")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("file", "new")]
    assert path.stat().st_mode & 0o777 == 0o755
