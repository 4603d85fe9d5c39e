"""Archives, installed by their own installer: a bundle of a few small files, on this computer."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from lite_runner.releases import install, release, release_name, signature

PROOF = {"pack": "tiny", "lines": ["hello"]}
GOOD = f"#!/bin/sh\necho '{json.dumps(PROOF)}'\n"
BAD = "#!/bin/sh\necho 'ocr: this board read nothing' >&2\nexit 1\n"

Unpacked = Callable[..., Path]


@pytest.fixture
def unpacked(tmp_path: Path) -> Unpacked:
    """Makes what an archive becomes when it is unpacked."""

    def make(name: str, ocr: str = GOOD, system: Any = None, **files: str) -> Path:
        folder = tmp_path / f"archive-{name}"
        entries = {}
        for path, text in {"ocr": ocr, **files}.items():
            file = folder / path.replace("__", "/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            mode = 0o755 if path == "ocr" else 0o644
            file.chmod(mode)
            digest = hashlib.sha256(text.encode()).hexdigest()
            entries[path.replace("__", "/")] = {"sha256": digest, "size": len(text), "mode": mode}
        about = {"pack": name}
        manifest = {
            **about,
            "release": release_name.of_content(about, entries),
            "needs": system or {"machine": platform.machine(), "libraries": ["libc.so.6"]},
            "files": entries,
        }
        (folder / release.MANIFEST).write_text(json.dumps(manifest))
        return folder

    return make


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "board"


def named(source: Path) -> str:
    """The release in an unpacked archive."""
    return str(json.loads((source / release.MANIFEST).read_text())["release"])


def pack_of(root: Path, name: str = "") -> str:
    """What the fixture called the release in use, or another one."""
    folder = root / "releases" / name if name else root / "current"
    return str(json.loads((folder / release.MANIFEST).read_text())["pack"])


def releases(root: Path) -> list[str]:
    return sorted(pack_of(root, path.name) for path in (root / "releases").iterdir())


def test_an_archive_comes_into_use_and_stays_where_it_was_unpacked(unpacked, root) -> None:
    source = unpacked("one", app__a="A")
    done = install.install(source, root)
    assert done == {"release": named(source), "changed": True, "proof": PROOF}
    assert (root / "current/app/a").read_text() == "A"
    assert json.loads(subprocess.run([root / "ocr"], capture_output=True).stdout) == PROOF
    assert release.status(root)["verified"] == PROOF
    assert (source / "app/a").read_text() == "A"


def test_a_second_time_nothing_is_done(unpacked, root) -> None:
    source = unpacked("one", a="A")
    install.install(source, root)
    (source / "a").unlink()
    assert install.install(source, root)["changed"] is False


def test_a_folder_that_runs_no_programs_is_told_first(unpacked, disk) -> None:
    mounted = disk("1m,noexec")
    with pytest.raises(install.InstallError, match=rf"{mounted} is mounted 'noexec'; give another"):
        install.install(unpacked("one"), mounted / "releases")
    assert not list(mounted.iterdir())


def test_deploys_and_archives_share_releases(unpacked, root) -> None:
    one, two = unpacked("one", a="A"), unpacked("two", a="B")
    install.install(one, root)
    install.install(two, root)
    assert release.rollback(root) == {"current": named(one), "previous": named(two)}
    # It is there already, and verified: nothing is needed of the archive.
    again = unpacked("two", a="B")
    (again / "a").unlink()
    assert install.install(again, root)["changed"]
    assert (root / "current/a").read_text() == "B"


@pytest.mark.parametrize(
    ("keep", "left"), [(2, ["d", "c"]), (3, ["b", "c", "d"]), (9, list("abcd"))]
)
def test_as_many_releases_stay_as_are_wanted(unpacked, root, keep, left) -> None:
    for number, name in enumerate("abcd"):
        source = unpacked(name, text=name)
        install.install(source, root, keep)
        os.utime(root / "releases" / named(source) / release.PROOF, (number, number + 1))
    assert releases(root) == sorted(left)


def test_a_release_that_does_not_read_is_not_used(unpacked, root) -> None:
    install.install(unpacked("one", a="A"), root)
    with pytest.raises(
        install.InstallError, match=r"verification failed, .* kept: this board read"
    ):
        install.install(unpacked("two", BAD), root)
    assert pack_of(root) == "one"
    assert releases(root) == ["one"]


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("X")])
def test_damaged_files_are_told(unpacked, root, damage) -> None:
    source = unpacked("one", a="A")
    damage(source / "a")
    with pytest.raises(install.InstallError, match="1 files of the archive are damaged, first a;"):
        install.install(source, root)
    assert releases(root) == []


def test_a_board_that_does_not_fit_is_left_alone(unpacked, root) -> None:
    source = unpacked("one", system={"machine": "vax"})
    with pytest.raises(install.InstallError, match="expected a vax board, this is"):
        install.install(source, root)
    assert not root.exists()


def test_another_deploy_is_told(unpacked, root) -> None:
    words = r"is under way here, me@there since .*; try"
    with release.locked(root, "me@there"), pytest.raises(install.InstallError, match=words):
        install.install(unpacked("one"), root)


def test_what_is_no_archive_is_told(tmp_path, root) -> None:
    with pytest.raises(install.InstallError, match="is no unpacked archive of 'lite-ocr build'"):
        install.install(tmp_path, root)


def program(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", install.__file__, *map(str, arguments)],
        capture_output=True,
        text=True,
    )


def test_it_is_a_program(unpacked, root) -> None:
    source = unpacked("one")
    run = program(source, "--folder", root)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == f"release {named(source)} is in use: {root}/ocr read IMAGES\n"
    run = program(unpacked("one"), "--folder", root, "--json")
    assert json.loads(run.stdout) == {"release": named(source), "changed": False, "proof": PROOF}
    run = program(unpacked("two", BAD), "--folder", root, "--json")
    assert run.returncode == 1
    assert run.stderr == f"install: {json.loads(run.stdout)['error']}\n"
    run = program(unpacked("one"), "--keep", "1")
    assert run.returncode == 2
    assert "'1' is not a whole number of at least 2" in run.stderr


def test_rollbacks_wait_for_nobody(unpacked, root) -> None:
    for name in ("one", "two"):
        install.install(unpacked(name), root)
    command = [sys.executable, "-I", release.__file__, "alone", "me", "rollback", str(root)]
    with release.locked(root, "me@there"):
        run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1
    assert "another deploy is under way there, me@there since" in json.loads(run.stdout)["error"]
    assert pack_of(root) == "two"
    subprocess.run(command, capture_output=True, text=True, check=True)
    assert pack_of(root) == "one"


def change(source: Path, **values: Any) -> None:
    file = source / release.MANIFEST
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


def test_an_archive_whose_name_is_not_of_its_content_is_refused(unpacked, root) -> None:
    source = unpacked("one", a="A")
    name = named(source)
    # Another file, with its right hash: only the name tells.
    (source / "a").write_text("B")
    files = json.loads((source / release.MANIFEST).read_text())["files"]
    files["a"]["sha256"] = hashlib.sha256(b"B").hexdigest()
    change(source, files=files)
    with pytest.raises(
        install.InstallError, match=rf"called release {name}, expected \w{{12}} for"
    ):
        install.install(source, root)
    change(source, files={"a": []})
    with pytest.raises(install.InstallError, match="is no unpacked archive"):
        install.install(source, root)
    assert not root.exists()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return new_key(tmp_path / "key")


def new_key(path: Path) -> Path:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "a drawn key", "-f", str(path)]
    subprocess.run(command, check=True)
    return path


def sign(source: Path, key: Path) -> None:
    manifest = source / release.MANIFEST
    made = signature.make(manifest.read_bytes(), key)
    manifest.with_name(f"{manifest.name}.sig").write_bytes(made)


def test_a_signed_archive_is_installed(unpacked, root, key, tmp_path) -> None:
    source = unpacked("one")
    sign(source, key)
    # One of several keys, as an authorized_keys file has them.
    keys = tmp_path / "keys"
    other = new_key(tmp_path / "other")
    public = [Path(f"{one}.pub").read_text() for one in (other, key)]
    keys.write_text("".join(["# ours\n", *public]))
    run = program(source, "--folder", root, "--verify", keys)
    assert (run.returncode, run.stderr) == (0, "")


def test_what_was_not_signed_by_a_key_is_refused(unpacked, root, key, tmp_path) -> None:
    source = unpacked("one")
    public = Path(f"{key}.pub")

    def refused(keys: Path, words: str) -> None:
        with pytest.raises(install.InstallError, match=words):
            install.install(source, root, keys=keys)
        assert not root.exists()

    refused(public, r"bundle\.json\.sig: is not there, so this is not signed; build it with --sign")
    sign(source, new_key(tmp_path / "other"))
    refused(public, r"bundle\.json\.sig: is no signature of this by a key in .*key\.pub")
    sign(source, key)
    refused(tmp_path / "none", r"none: cannot be read")
    refused(key, r"key: has no public key of SSH; give a file id_")
    # What the name does not cover, the signature does.
    change(source, needs={"machine": platform.machine(), "libraries": []})
    refused(public, "is no signature of this")


def test_a_signature_for_something_else_is_refused(unpacked, root, key) -> None:
    source = unpacked("one")
    manifest = source / release.MANIFEST
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", str(key), str(manifest)]
    subprocess.run(command, check=True)
    with pytest.raises(install.InstallError, match="is no signature of this"):
        install.install(source, root, keys=Path(f"{key}.pub"))


def test_a_board_without_openssh_is_told(unpacked, root, key, monkeypatch, tmp_path) -> None:
    source = unpacked("one")
    sign(source, key)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(install.InstallError, match=r"ssh-keygen of OpenSSH 8\.1 or newer: sudo"):
        install.install(source, root, keys=Path(f"{key}.pub"))
    (tmp_path / "ssh-keygen").write_text("#!/bin/sh\necho 'unknown option -- Y' >&2\nexit 1\n")
    (tmp_path / "ssh-keygen").chmod(0o755)
    with pytest.raises(install.InstallError, match=r"ssh-keygen of OpenSSH 8\.1 or newer: sudo"):
        install.install(source, root, keys=Path(f"{key}.pub"))


@pytest.mark.parametrize(
    "path", ["../../outside", "/outside", "app/../../outside", "app//a", "./a", "", "a\0b"]
)
def test_an_archive_that_leads_out_is_refused(unpacked, root, path) -> None:
    source = unpacked("one", app__a="A")
    manifest = json.loads((source / release.MANIFEST).read_text())
    manifest["files"][path] = manifest["files"].pop("app/a")
    rewrite(source, manifest)
    with pytest.raises(install.InstallError, match=r"leads out of the archive.*unpack it again"):
        install.install(source, root)
    assert not root.exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [("sha256", "ff"), ("sha256", None), ("size", "9"), ("mode", -1), ("size", True)],
)
def test_an_archive_with_a_manifest_of_another_form_is_refused(unpacked, root, key, value) -> None:
    source = unpacked("one", app__a="A")
    manifest = json.loads((source / release.MANIFEST).read_text())
    manifest["files"]["app/a"][key] = value
    rewrite(source, manifest)
    with pytest.raises(install.InstallError, match=f"{key} of app/a is "):
        install.install(source, root)
    assert not root.exists()


def rewrite(source: Path, manifest: dict[str, Any]) -> None:
    """Write a manifest whose release has the right name."""
    about = {key: manifest[key] for key in manifest if key not in ("release", "needs", "files")}
    manifest["release"] = release_name.of_content(about, manifest["files"])
    (source / release.MANIFEST).write_text(json.dumps(manifest))


def test_a_folder_of_nobody_is_one_line(unpacked, tmp_path) -> None:
    source = unpacked("one")
    command = [sys.executable, "-I", install.__file__, source, "--folder", "~nouser-at-all/x"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("install: --folder: ~nouser-at-all/x begins with the home")
    assert done.stderr.count("\n") == 1
