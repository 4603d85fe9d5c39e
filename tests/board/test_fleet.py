"""Ten boards at once: one system behind ten SSH servers, each with a home of its own."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

from cross_build.boards import emulator
from tests import double
from tests.board.conftest import MACHINE, NAMES, Rack


def hosts_file(folder: Path) -> Path:
    path = folder / "boards.txt"
    lines = [f"{name} rpi4" if number % 2 else name for number, name in enumerate(NAMES)]
    path.write_text("# the rack\n\n" + "\n".join(lines) + "   # the last one\n")
    return path


def by_host(file: Path) -> dict[str, dict[str, Any]]:
    return {row["host"]: row for row in json.loads(file.read_text())}


def test_ten_boards_at_once_one_of_them_killed_midway(rack: Rack, tmp_path: Path) -> None:
    pack = double.pack(tmp_path / "pack", {"rec": b"DOUBLE rec, for ten"})
    file = tmp_path / "results.json"
    victim = NAMES[3]
    others = [name for name in NAMES if name != victim]
    before = rack.current(victim)
    assert before is not None
    child = rack.start(
        *rack.deploy(pack), "--hosts", str(hosts_file(tmp_path)), "--json", str(file)
    )
    said: list[str] = []
    assert child.stderr is not None and child.stdout is not None
    for line in child.stderr:
        said.append(line)
        if line.startswith(f"{victim}: verifying"):
            assert emulator.down(MACHINE, victim)
    out = child.stdout.read()
    assert child.wait(60) == 1, said

    rows = by_host(file)
    assert list(rows) == NAMES
    assert {rows[name]["state"] for name in others} == {"deployed"}, rows
    (release,) = {rows[name]["release"] for name in others}
    assert {rack.current(name) for name in others} == {release} != {before}
    assert (rows[victim]["state"], rows[victim]["release"]) == ("failed", None)
    failures = [line for line in out.splitlines() if line.startswith(f"{victim}: ")]
    assert len(failures) == 1, out
    assert "the connection was lost" in failures[0] and "run the same again" in failures[0]
    assert "9 of 10 boards have the release, 1 failed; the others keep" in out
    assert "Traceback" not in "".join(said)
    assert not [line for line in said if line.startswith("Socket exception")]

    # Started again it has what it had; the other boards are as they were told to be.
    emulator.up(MACHINE, victim)
    rack.configure()
    assert rack.current(victim) == before
    assert rack.program(victim, "verify").stdout.startswith("verified: read abab / baba")
    two = ["--host", victim, "--host", others[0]]
    again = rack.invoke(*rack.deploy(pack), *two, "--json", str(file))
    assert again.returncode == 0, again.stderr
    assert [row["state"] for row in by_host(file).values()] == ["deployed", "unchanged"]
    assert rack.current(victim) == release

    # All of them are on the list, and answer for themselves.
    listed = rack.invoke("boards")
    for name in NAMES:
        assert re.search(
            rf"^{name} +rpi4 +{release} +double +v0-double .* ok$", listed.stdout, re.M
        )
    for name in others[1:]:
        assert rack.invoke("boards", "--forget", name).returncode == 0
    emulator.down(MACHINE, others[0])
    checked = rack.invoke("boards", "--check", "--json", str(tmp_path / "list.json"))
    emulator.up(MACHINE, others[0])
    rack.configure()
    assert checked.returncode == 1
    found = {row["address"]: row for row in json.loads((tmp_path / "list.json").read_text())}
    assert found[victim]["problem"] == ""
    assert found[victim]["verified"] > found[others[0]]["verified"]
    assert "cannot be reached (Connection refused)" in found[others[0]]["problem"]
    assert f"{others[0]}: cannot be reached (Connection refused)" in checked.stdout


def test_after_ctrl_c_every_board_keeps_what_it_has(rack: Rack, tmp_path: Path) -> None:
    pack = double.pack(tmp_path / "pack", {"rec": b"DOUBLE rec, never used"})
    names = NAMES[4:7]
    before = [rack.current(name) for name in names]
    hosts = [word for name in names for word in ("--host", name)]
    child = rack.start(*rack.deploy(pack), *hosts, "--parallel", "2")
    said: list[str] = []
    assert child.stderr is not None and child.stdout is not None
    for line in child.stderr:
        said.append(line)
        if ": verifying" in line:
            os.kill(child.pid, signal.SIGINT)
            break
    said += child.stderr.readlines()
    out = child.stdout.read()
    assert child.wait(60) == 130, said
    assert "stopping; every board keeps the release it has in use\n" in said
    assert not [line for line in said if line.startswith(f"{names[2]}: ")], "the third one began"
    assert "0 of 3 boards have the release, 3 stopped" in out
    assert "Traceback" not in "".join(said)
    assert [rack.current(name) for name in names] == before


def test_boards_that_cannot_be_reached_leave_others_alone(rack: Rack, tmp_path: Path) -> None:
    good, refused = NAMES[7], "nobody@" + NAMES[8]
    preview = rack.invoke(
        *rack.deploy(double.pack(tmp_path / "pack", {"rec": b"DOUBLE rec, previewed"})),
        *("--host", good, "--host", refused, "--host", "no.such.invalid", "--dry-run"),
    )
    assert preview.returncode == 1
    assert re.search(rf"^{good}: rpi4: a deploy would replace \w+ by \w+$", preview.stdout, re.M)
    assert f"{refused}: refuses user nobody; run 'ssh-copy-id" in preview.stdout
    assert "no.such.invalid: cannot be reached" in preview.stdout
