"""Deploys to a phone that has nothing but a kernel and a shell, over a stand-in for adb."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

import cv2
import pytest

from cross_build.bench import benchmark, staging
from cross_build.deploys import deploy as deploys
from cross_build.deploys import remote_read
from cross_build.errors import BoardError, DeployError
from lite_runner.bench import pictures
from lite_runner.bench.run import Plan
from lite_runner.pictures.inputs import expand
from tests import double
from tests.commands import invoke
from tests.phone.conftest import FOLDER, Phone

ROOT = Path(__file__).parents[2]


def files(phone: Phone) -> set[str]:
    """All that lies on the phone."""
    return {str(path.relative_to(phone.root)) for path in phone.root.rglob("*")}


def test_a_first_deploy_brings_all_it_needs_and_a_second_does_nothing(
    fresh: Phone, plain: Path
) -> None:
    before = files(fresh)
    assert not [name for name in before if "python" in name or ".so" in name]
    told = deploys.preview(fresh.board, str(plain), str(fresh.runtime))
    assert "would replace nothing by" in told
    assert "to be sent once" in told
    assert files(fresh) == before
    done = fresh.deploy(plain)
    assert done.changed
    assert done.sent > 900
    assert done.proof["lines"] == list(double.LINES)
    assert done.proof["freedom"]["rec.nb"] == {"reshapes": True, "batches": True}
    again = fresh.deploy(plain)
    assert (again.changed, again.sent, again.release) == (False, 0, done.release)
    assert all(name.startswith((*before, FOLDER)) for name in files(fresh)), "nowhere else"
    run = fresh.program("verify")
    assert run.stdout.startswith("verified: read abab / baba in"), run.stderr
    assert "all is well" in fresh.program("doctor").stdout


def test_only_what_changed_is_sent_and_one_goes_back(
    phone: Phone, plain: Path, tmp_path: Path
) -> None:
    first = phone.current
    done = phone.deploy(double.pack(tmp_path / "p", {"rec": b"DOUBLE rec, another"}))
    assert (done.changed, done.sent) == (True, 2)
    system = json.loads((phone.home / "current/bundle.json").read_text())["system"]
    assert {path.name for path in (phone.home / "releases").iterdir()} == {
        *(first, done.release, system)
    }
    assert deploys.rollback(phone.board) == first == phone.current
    assert phone.program("verify").code == 0


def test_a_release_cut_short_is_not_started(phone: Phone, plain: Path, tmp_path: Path) -> None:
    first = phone.current
    second = phone.deploy(double.pack(tmp_path / "p", {"rec": b"DOUBLE rec, cut short"})).release
    file = phone.home / "current/pack/rec.nb"
    file.unlink()
    file.touch()
    run = phone.program("verify")
    assert (run.code, run.stdout[:9]) == (0, "verified:")
    assert f"release {second} is damaged, using the one before, {first}; deploy" in run.stderr
    assert f"{second} is damaged; this is the one before, {first}" in phone.program("doctor").stdout
    assert phone.deploy(tmp_path / "p").sent == 1
    assert phone.program("verify").stderr == ""


def test_nobody_else_writes_to_what_was_brought(deployed: Path) -> None:
    wide = [path for path in deployed.rglob("*") if path.lstat().st_mode & 0o022]
    assert [path for path in wide if not path.is_symlink()] == []


def test_undeploy_leaves_nothing(phone: Phone, fresh: Phone) -> None:
    assert deploys.undeploy(phone.board)
    assert not phone.home.exists()
    assert not deploys.undeploy(phone.board)


def test_a_connection_goes_on_after_its_python_is_removed(phone: Phone) -> None:
    board = phone.board
    assert board.status().current == phone.current
    assert deploys.undeploy(board)
    assert board.status().current is None
    assert not deploys.undeploy(board)


def test_a_phone_without_releases_says_so(fresh: Phone, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "p.png"), double.picture())
    with pytest.raises(BoardError, match="run 'invoke deploy --target android-arm64'"):
        remote_read.read(fresh.board, expand([str(tmp_path / "p.png")]))
    with pytest.raises(DeployError, match="there is no earlier release"):
        deploys.rollback(fresh.board)


def test_the_tasks_reach_the_phone(phone: Phone, tmp_path: Path) -> None:
    lines = {"ä b.png": ("ab", "aba"), "'quoted' $(x).png": ("ba",)}
    (tmp_path / "in").mkdir()
    for name, text in lines.items():
        ok, data = cv2.imencode(".png", double.picture(text))
        assert ok
        (tmp_path / "in" / name).write_bytes(data.tobytes())
    drawn = tmp_path / "drawn"
    run = invoke(
        *("read", str(tmp_path / "in"), "--target", "android-arm64"),
        *("--json", "-", "--draw", str(drawn)),
    )
    assert run.returncode == 0, run.stderr
    found = {Path(one["image"]).name: one["lines"] for one in json.loads(run.stdout)}
    assert {name: tuple(one["text"] for one in read) for name, read in found.items()} == lines
    assert len(list(drawn.iterdir())) == 2
    assert list((phone.home / "inbox").iterdir()) == []


def test_the_phone_is_measured(phone: Phone, plain: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "p.png"), double.picture())
    found = pictures.find([str(tmp_path / "p.png")])
    sweep = staging.Sweep(packs=[str(plain)], runtime=str(phone.runtime))
    record = benchmark.bench(
        phone.board, sweep, found, Plan(0, 1, 1, 1), emulated=True, count=False
    )
    assert record["complete"], record["stopped"]
    assert record["board"]["model"] == "Stand-in Phone of a test"
    assert record["board"]["system"].startswith("Android 14, Linux")
    assert record["host"] == "STANDIN01"
    (one,) = record["candidates"]
    assert one["texts"] == [list(double.LINES)]
    assert phone.program("verify").code == 0


def test_an_archive_runs_on_a_phone_without_anything_else(
    fresh: Phone, plain: Path, tmp_path: Path
) -> None:
    run = invoke(
        *("build", "--target", "android-arm64", "--pack", str(plain)),
        *("--runtime", str(fresh.runtime), "--out", str(tmp_path)),
    )
    assert run.returncode == 0, run.stderr
    archive = next(tmp_path.glob("*.tar.gz"))
    name = archive.name[: -len(".tar.gz")]
    listing = (tmp_path / f"{name}.md").read_text()
    assert "| libc6 | 2.36-9" in listing
    assert "see system/doc/libc6/copyright" in listing
    there = fresh.root / "data/local/tmp"
    with tarfile.open(archive) as opened:
        opened.extractall(there, filter="data")
    for path in (there / name).rglob("*"):
        os.chown(path, 2000, 2000)
    run_there = fresh.board.transport.run([f"/data/local/tmp/{name}/ocr", "verify"])
    assert run_there.stdout.startswith("verified: read abab / baba in"), run_there.stderr


def test_the_whole_standard_library_loads(phone: Phone, tmp_path: Path) -> None:
    script = phone.root / "data/local/tmp/modules.py"
    script.write_text(
        "import importlib, sys\n"
        "left = {'antigravity', 'this', 'idlelib', 'tkinter', 'turtle', 'turtledemo', 'nis',\n"
        "    'ensurepip', 'lib2to3', 'distutils', 'msilib', 'pydoc_data', 'venv', 'test'}\n"
        "other = ('_msi', '_overlapped', '_scproxy', '_tkinter', '_winapi', 'msvcrt', 'nt',\n"
        "    'winreg', 'winsound', '_gdbm')\n"
        "for name in sorted(sys.stdlib_module_names - left - set(other)):\n"
        "    try:\n"
        "        importlib.import_module(name)\n"
        "    except ImportError as error:\n"
        "        print(name, error)\n"
        "print('end')\n"
    )
    run = phone.program("python", "/data/local/tmp/modules.py")
    assert run.stdout == "end\n", run.stdout + run.stderr


@pytest.mark.parametrize("name", ["lib/python3.11/json/decoder.py", "lib/libc.so.6"])
def test_a_damaged_system_is_repaired(phone: Phone, plain: Path, name: str) -> None:
    system = json.loads((phone.home / "current/bundle.json").read_text())["system"]
    file = phone.home / "releases" / system / "system" / name
    good = file.read_bytes()
    file.unlink()
    file.write_bytes(b"(" * (len(good) - 1))
    file.chmod(0o755)
    assert phone.program("verify").code != 0
    done = phone.deploy(plain)
    assert done.sent >= 500
    assert (phone.home / "releases" / system / "system" / name).read_bytes() == good
    assert phone.program("verify").code == 0
