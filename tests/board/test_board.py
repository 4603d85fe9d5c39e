"""Deploys to an emulated board over a real SSH server, with a double of Paddle-Lite."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tarfile
from pathlib import Path

import cv2
import pytest

from cross_build.boards import board as boards
from cross_build.boards import emulator
from cross_build.boards.transports.ssh import Ssh
from cross_build.deploys import deploy as deploys
from cross_build.deploys import remote_read
from cross_build.errors import BoardError, DeployError
from lite_runner.errors import PackError
from lite_runner.pictures.inputs import expand
from lite_runner.releases import signature
from tests import double
from tests.board.conftest import Site
from tests.commands import begun, invoke

ROOT = Path(__file__).parents[2]


def edited(plain: Path, folder: Path, name: str, old: str, new: str) -> Path:
    """A copy of a pack with something changed in one file."""
    shutil.copytree(plain, folder)
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))
    return folder


def test_the_board_is_what_it_says(site: Site) -> None:
    facts = site.board.probe(["libgomp.so.1", "libnothing.so.1"][:1])
    assert (facts.machine, facts.python, facts.glibc) == ("aarch64", "3.11", (2, 36))
    assert facts.glibcxx == 30
    for program in ("gcc", "cc", "pip", "pip3", "rsync", "curl"):
        found = site.board.transport.run(["sh", "-c", f"command -v {program}"])
        assert found.code != 0, program
    assert site.board.transport.run(["id", "-u"]).stdout.strip() != "0"
    # More than an SSH window holds, both ways, and answered before anything is read.
    much = 4_000_000
    script = f"head -c {much} /dev/zero | tr '\\0' x; echo; wc -c"
    answer = site.board.transport.run(["sh", "-c", script], "y" * much).stdout
    assert answer.split() == ["x" * much, str(much)]


def test_a_deploy_reads_and_a_second_one_does_nothing(site: Site, plain: Path) -> None:
    before = site.current
    done = site.deploy(plain, site.anew())
    assert (done.changed, done.sent) == (False, 0)
    assert done.proof["lines"] == list(double.LINES)
    assert done.proof["lite_version"] == double.RELEASE
    assert done.proof["freedom"]["rec.nb"] == {"reshapes": True, "batches": True}
    assert site.current == before
    run = site.program("verify")
    assert run.stdout.startswith("verified: read abab / baba in"), run.stderr
    assert "all is well" in site.program("doctor").stdout


def test_only_what_changed_is_sent(site: Site, plain: Path, tmp_path: Path) -> None:
    pack = edited(
        plain, tmp_path / "threshold", "pack.json", '"threshold": 0.3', '"threshold": 0.4'
    )
    done = site.deploy(pack)
    assert (done.changed, done.sent) == (True, 1)
    assert done.sent_bytes == (pack / "pack.json").stat().st_size
    # A model's hash stands in pack.json, so these two go together.
    done = site.deploy(double.pack(tmp_path / "model", {"rec": b"DOUBLE rec, another"}))
    assert (done.changed, done.sent) == (True, 2)


def test_dry_runs_change_nothing_and_tell_what_would(
    site: Site, plain: Path, tmp_path: Path
) -> None:
    runtime = str(site.runtime)
    assert "is in use already" in deploys.preview(site.board, str(plain), runtime)
    before = sorted(site.home.rglob("*"))
    pack = double.pack(tmp_path / "model", {"rec": b"DOUBLE rec, once more"})
    told = deploys.preview(site.board, str(pack), runtime)
    assert "sending   2 of" in told
    assert sorted(site.home.rglob("*")) == before


def test_rollback_goes_back_and_forth(site: Site, plain: Path, tmp_path: Path) -> None:
    first = site.current
    second = site.deploy(double.pack(tmp_path / "p", {"cls": b"DOUBLE cls, two"})).release
    assert deploys.rollback(site.board) == first == site.current
    assert site.program("verify").code == 0
    assert deploys.rollback(site.board) == second == site.current


def test_undeploy_leaves_what_is_not_ours(site: Site, emulated: Path, plain: Path) -> None:
    other = Site("tests-undeploy", emulated, site.runtime)
    # The packages come from the other folder, as links: nothing has to be sent for this.
    shutil.copytree(site.home, other.home, symlinks=True, copy_function=os.link)
    _own(other.home)
    (other.home / "mine.txt").write_text("keep")
    assert deploys.undeploy(other.board)
    assert [path.name for path in other.home.iterdir()] == ["mine.txt"]
    assert not deploys.undeploy(other.board)
    shutil.rmtree(other.home)
    assert site.program("verify").code == 0


def _own(folder: Path) -> None:
    owner = folder.parent.stat()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def test_pictures_are_read_in_one_process_and_come_back_drawn(site: Site, tmp_path: Path) -> None:
    pictures = tmp_path / "pic tures; $(touch x) 'quoted'"
    pictures.mkdir()
    lines = {"ä b.png": ("ab", "aba"), 'say "hi" & go.png': ("ba",), "-dash.png": ("abab",)}
    for name, text in lines.items():
        ok, data = cv2.imencode(".png", double.picture(text))
        assert ok
        (pictures / name).write_bytes(data.tobytes())
    (pictures / "broken.png").write_bytes(b"no picture")
    results = remote_read.read(site.board, expand([str(pictures)]), [], tmp_path / "drawn")
    found = {Path(one["image"]).name: one for one in results}
    for name, text in lines.items():
        assert [line["text"] for line in found[name]["lines"]] == list(text)
    assert "error" in found["broken.png"]
    assert len(list((tmp_path / "drawn").glob("*.png"))) == 3
    assert list((site.home / "inbox").iterdir()) == []
    assert not (site.home / "x").exists()


def test_the_tasks_reach_the_board(site: Site, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "p.png"), double.picture(("abab",)))
    where = ["--target", "rpi4", "--emulate", "--folder", site.name]
    run = invoke("read", str(tmp_path / "p.png"), *where, "--json", "-")
    assert run.returncode == 0, run.stderr
    assert [line["text"] for line in json.loads(run.stdout)[0]["lines"]] == ["abab"]
    run = invoke("board", "status")
    assert run.stdout.startswith("up at 127.0.0.1:")


def test_two_deploys_from_different_hosts_do_not_meet(
    site: Site, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "WAIT_SECONDS", 1)
    with site.anew().lock(), pytest.raises(DeployError, match=r"another deploy is under way there"):
        site.deploy(plain)
    assert not site.deploy(plain).changed


# Archives


def test_an_archive_is_reproducible_and_runs_on_the_board(
    site: Site, plain: Path, tmp_path: Path
) -> None:
    made, key = [], tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    for out in ("one", "two"):
        run = invoke(
            *("build", "--target", "rpi4", "--pack", str(plain), "--runtime", str(site.runtime)),
            *("--out", str(tmp_path / out), "--sign", str(key)),
        )
        assert run.returncode == 0, run.stderr
        assert f"library   your own, --runtime {site.runtime}" in run.stdout
        made.append(next((tmp_path / out).glob("*.tar.gz")))
    assert made[0].read_bytes() == made[1].read_bytes()
    beside = made[0].with_name(f"{made[0].name}.sig")
    signature.check(made[0].read_bytes(), beside, key.with_suffix(".pub"))
    listing = made[0].with_name(made[0].name[: -len(".tar.gz")] + ".md").read_text()
    for words in ("| numpy | ", "BSD", "| Paddle-Lite | v0-double | Apache-2.0 |", "pack/rec.nb"):
        assert words in listing
    name = made[0].name[: -len(".tar.gz")]
    there = site.root / "home" / emulator.USER / name
    try:
        with tarfile.open(made[0]) as archive:
            archive.extractall(there.parent, filter="data")
        manifest = (there / "bundle.json").read_bytes()
        signature.check(manifest, there / "bundle.json.sig", key.with_suffix(".pub"))
        run = site.board.transport.run([f"/home/{emulator.USER}/{name}/ocr", "verify"])
        assert run.stdout.startswith("verified: read abab / baba"), run.stderr
    finally:
        shutil.rmtree(there)


def test_archives_tell_what_cannot_be_built(plain: Path) -> None:
    run = invoke("build", "--target", "rpi4", "--system", "rpios12x")
    assert run.returncode == 2
    assert "there is no system 'rpios12x'; similar: rpios12," in run.stderr
    assert invoke("build", "--target", "local").returncode == 2
    run = invoke("build", "--target", "rpi4", "--sign", str(plain / "key"))
    assert run.returncode == 2
    assert "key: is no key; make one with 'ssh-keygen -t ed25519" in run.stderr


# The way there


def stranger(tmp_path: Path, known: str = "") -> Ssh:
    file = tmp_path / "known_hosts"
    file.write_text(known)
    port = emulator.up().port
    return Ssh(f"pi@127.0.0.1:{port}", "x", file, emulator.folder() / "key")


def test_an_unknown_host_is_refused_with_its_fingerprint(emulated: Path, tmp_path: Path) -> None:
    port = emulator.up().port
    public = emulated / "etc/ssh/board_key.pub"
    run = subprocess.run(
        ["ssh-keygen", "-lf", str(public)], capture_output=True, text=True, check=True
    )
    fingerprint = run.stdout.split()[1]
    config = tmp_path / "config"
    config.write_text(
        f"Host testboard\n  HostName 127.0.0.1\n  Port {port}\n  User pi\n"
        f"  IdentityFile {emulator.folder() / 'key'}\n"
        f"  UserKnownHostsFile {tmp_path / 'known_hosts'}\n"
    )
    way = Ssh("testboard", config=config)
    with pytest.raises(BoardError) as caught:
        way.run(["true"])
    assert fingerprint in str(caught.value)
    assert "accept it with 'ssh testboard true'" in str(caught.value)
    # What the user's own files say counts: name, port, user, key and known hosts.
    shutil.copyfile(emulator.folder() / "known_hosts", tmp_path / "known_hosts")
    assert Ssh("testboard", config=config).run(["id", "-un"]).stdout == "pi\n"


def test_a_jump_host_is_gone_through_and_checked_too(emulated: Path, tmp_path: Path) -> None:
    port = emulator.up().port
    known = tmp_path / "known_hosts"
    own = f"  Port {port}\n  User pi\n  IdentityFile {emulator.folder() / 'key'}\n"
    config = tmp_path / "config"
    config.write_text(
        f"Host jump\n  HostName 127.0.0.1\n{own}"
        f"Host behind\n  HostName 127.0.0.1\n{own}  ProxyJump jump\n"
        f"Host *\n  UserKnownHostsFile {known}\n"
    )
    known.write_text("")
    with pytest.raises(BoardError, match="is not known"):
        Ssh("behind", config=config).run(["true"])
    shutil.copyfile(emulator.folder() / "known_hosts", known)
    assert (
        "127.0.0.1" in Ssh("behind", config=config).run(["sh", "-c", "echo $SSH_CONNECTION"]).stdout
    )


def test_a_changed_host_key_is_told(emulated: Path, tmp_path: Path) -> None:
    port = emulator.up().port
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "k")], check=True
    )
    key = (tmp_path / "k.pub").read_text().split()
    known = f"[127.0.0.1]:{port} {key[0]} {key[1]}\n"
    words = r"its key is SHA256:.*, expected SHA256:.*ssh-keygen -f .* -R"
    with pytest.raises(BoardError, match=words):
        stranger(tmp_path, known).run(["true"])


def test_a_refused_user_is_told(emulated: Path) -> None:
    port = emulator.up().port
    way = Ssh(
        f"nobody@127.0.0.1:{port}", "", emulator.folder() / "known_hosts", emulator.folder() / "key"
    )
    with pytest.raises(BoardError, match=r"refuses user nobody; run 'ssh-copy-id -p \d+ nobody@"):
        way.run(["true"])


def test_a_host_that_is_not_there_is_told() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        with pytest.raises(BoardError, match=r"cannot be reached \(Connection refused\)"):
            Ssh(f"pi@127.0.0.1:{port}").run(["true"])
    with pytest.raises(BoardError, match=r"no\.such\.invalid: cannot be reached"):
        Ssh("pi@no.such.invalid").run(["true"])


def test_arguments_arrive_as_they_are(site: Site) -> None:
    words = ["a b", "$HOME", "'", '"', "`id`", "\\", "*", "-n", "", "ü\n2"]
    run = site.board.transport.run(["printf", "%s|", *words])
    assert run.stdout == "|".join([*words, ""])
    assert site.board.transport.run(["sh", "-c", "exit 7"]).code == 7
    assert site.board.transport.run(["sh", "-c", "kill -ABRT $$"]).code == -6
    assert site.board.transport.run(["cat"], "in\n").stdout == "in\n"


def test_kinds_of_boards_that_are_not_emulated_are_told() -> None:
    run = invoke("board", "up", "--machine", "riscv64")
    assert run.returncode == 2
    assert "an emulated board is aarch64 or armv7l, not riscv64" in run.stderr


def test_a_pack_for_another_runtime_is_refused(site: Site, tmp_path: Path) -> None:
    pack = double.pack(tmp_path / "pack", lite_version="v2.13-rc", runtimes=["v2.13-rc"])
    before = site.current
    with pytest.raises(PackError, match=r"made for Paddle-Lite v2\.13-rc .*has v0-double on armv8"):
        site.deploy(pack)
    assert site.current == before


def test_an_interrupted_read_keeps_results_and_removes_the_pictures_from_the_board(
    site: Site, tmp_path: Path
) -> None:
    for number in range(40):
        cv2.imwrite(str(tmp_path / f"{number:02d}.png"), double.picture())
    words = ("read", tmp_path, "--json", tmp_path / "out.json", "--target", "rpi4")
    child = begun(*words, "--emulate", "--folder", site.name)
    assert len(list((site.home / "inbox").iterdir())) == 1
    child.send_signal(signal.SIGTERM)
    _, errors = child.communicate(timeout=120)
    assert (child.returncode, errors) == (143, "invoke: interrupted\n")
    assert list((site.home / "inbox").iterdir()) == []
    results = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert 0 < len(results) < 40
    assert all(result["lines"] for result in results)
