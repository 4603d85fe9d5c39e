"""The Ansible role, run by Ansible itself against emulated boards."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from cross_build.bundles import archive
from cross_build.targets.targets import target
from tests import double
from tests.board.conftest import NAMES, Rack

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "cross_build" / "ansible"
BOARDS = NAMES[:2]


class Control:
    """Somebody who runs the example playbook."""

    def __init__(self, rack: Rack, folder: Path) -> None:
        self.environment = {
            **rack.environment,
            "ANSIBLE_HOME": str(folder / "ansible"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PIPELINING": "1",
        }
        self.inventory = folder / "inventory.json"
        common = f"-F {rack.user / '.ssh' / 'config'}"
        python = "/usr/bin/python3"
        variables = {"ansible_ssh_common_args": common, "ansible_python_interpreter": python}
        hosts = dict.fromkeys(BOARDS, variables)
        self.inventory.write_text(json.dumps({"boards": {"hosts": hosts}}))

    def play(self, *arguments: object, limit: str = BOARDS[0], **variables: object) -> str:
        """Run it; gives what it said, ended by exit code."""
        run = subprocess.run(
            [
                str(Path(sys.executable).with_name("ansible-playbook")),
                *("-i", str(self.inventory), "--limit", limit, str(PLACE / "playbook.yml")),
                *("-e", json.dumps({f"lite_ocr_{name}": one for name, one in variables.items()})),
                *map(str, arguments),
            ],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return f"{run.stdout}\nexit code {run.returncode}"


@pytest.fixture
def control(rack: Rack, tmp_path: Path) -> Control:
    return Control(rack, tmp_path)


def built(pack: Path, rack: Rack, folder: Path) -> tuple[Path, str]:
    """An archive and its release."""
    archive.build(target("rpi4"), "", str(pack), str(rack.runtime), folder)
    (made,) = folder.glob("*.tar.gz")
    return made, made.name[-len("123456789012.tar.gz") :][:12]


def counts(said: str, name: str = BOARDS[0]) -> dict[str, int]:
    """What Ansible counted for a board."""
    (line,) = re.findall(rf"^{name} +: (.*)$", said, re.M)
    return {word: int(number) for word, number in re.findall(r"(\w+)=(\d+)", line)}


def test_the_role_installs_verifies_keeps_and_goes_back(
    control: Control, rack: Rack, tmp_path: Path
) -> None:
    before = rack.current(BOARDS[0])
    good, release = built(double.pack(tmp_path / "good"), rack, tmp_path / "one")

    said = control.play("--check", archive=str(good), limit=",".join(BOARDS))
    assert f"would replace {before} by {release}" in said
    for name in BOARDS:
        assert (counts(said, name)["changed"], counts(said, name)["failed"]) == (1, 0), said
        assert rack.current(name) == before

    said = control.play(archive=str(good), keep=3)
    assert (counts(said)["failed"], rack.current(BOARDS[0])) == (0, release), said
    assert f"release {release} reads abab / baba" in said
    assert not list((rack.home(BOARDS[0]) / "inbox").iterdir())
    again = control.play(archive=str(good))
    assert (counts(again)["changed"], counts(again)["failed"]) == (0, 0), again

    # A release that does not read is not used, and nothing of it stays.
    wrong = double.pack(tmp_path / "wrong", {"rec": b"DOUBLE rec, wrong"})
    text = (wrong / "pack.json").read_text()
    (wrong / "pack.json").write_text(text.replace('"baba"]', '"abba"]'))
    bad, other = built(wrong, rack, tmp_path / "two")
    said = control.play(archive=str(bad))
    assert counts(said)["failed"] == 1
    assert "verification failed, the release in use was kept: pack double: golden picture" in said
    assert rack.current(BOARDS[0]) == release
    assert not list(rack.home(BOARDS[0]).rglob(f"{other}*"))

    # Back to the release before, once.
    state = {"archive": str(good), "state": "rolled_back"}
    checked = control.play("--check", **state)
    assert (counts(checked)["changed"], rack.current(BOARDS[0])) == (1, release), checked
    said = control.play(**state)
    assert (counts(said)["changed"], rack.current(BOARDS[0])) == (1, before), said
    said = control.play(**state)
    assert (counts(said)["changed"], rack.current(BOARDS[0])) == (0, before), said


def test_the_role_refuses_what_does_not_fit(control: Control, rack: Rack, tmp_path: Path) -> None:
    before = rack.current(BOARDS[0])
    name = "lite-ocr-armv7hf-rpios12-000000000000"
    manifest = {"release": "0" * 12, "needs": {"machine": "armv7l", "libraries": []}, "files": {}}
    with tarfile.open(tmp_path / f"{name}.tar.gz", "w:gz") as packed:
        entry = tarfile.TarInfo(f"{name}/bundle.json")
        data = json.dumps(manifest).encode()
        entry.size = len(data)
        packed.addfile(entry, io.BytesIO(data))
    said = control.play(archive=str(tmp_path / f"{name}.tar.gz"))
    assert "expected a armv7l board, this is aarch64; choose another --target" in said
    assert (counts(said)["failed"], rack.current(BOARDS[0])) == (1, before)
    said = control.play(archive="dist/renamed.tar.gz")
    assert "an archive of 'lite-ocr build' on the controller under its own name" in said
    assert said.endswith("exit code 2")


def test_the_role_is_as_it_has_to_be() -> None:
    """What is sent along is the runner's own code, and every default is documented."""
    role = PLACE / "roles" / "lite_ocr"
    for name in ("probe.py", "release.py"):
        assert (role / "files" / name).resolve() == (ROOT / "lite_runner/releases" / name).resolve()
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())
    options = specs["argument_specs"]["main"]["options"]
    assert {name: one["default"] for name, one in options.items()} == defaults


def test_the_role_removes_everything_of_ours(control: Control, rack: Rack) -> None:
    there = rack.furnish(BOARDS[0], "elsewhere")
    state = {"state": "absent", "folder": "~/elsewhere"}
    said = control.play(**state)
    assert (counts(said)["changed"], counts(said)["failed"], there.exists()) == (1, 0, False), said
    said = control.play(**state)
    assert (counts(said)["changed"], counts(said)["failed"]) == (0, 0), said
