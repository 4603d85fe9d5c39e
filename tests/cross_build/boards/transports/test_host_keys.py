"""Hosts are let in or refused by their keys as OpenSSH does with the same configuration."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from cross_build.boards.transports import known_hosts, ssh_connection
from cross_build.boards.transports.ssh import Ssh
from cross_build.errors import BoardError
from tests.cross_build.boards.transports.conftest import Server


@pytest.fixture
def known(server: Server, tmp_path: Path) -> Path:
    """A file of the user's with keys of hosts, empty."""
    file = tmp_path / "known hosts"
    file.touch()
    return file


@pytest.fixture(scope="module")
def other_key(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("other") / "key"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)]
    subprocess.run(command, check=True)
    return " ".join(file.with_suffix(".pub").read_text().split()[:2])


def goes_in(server: Server, *options: str) -> bool:
    """Whether OpenSSH and we go in; either by a configuration that is as it was before."""
    config = server.configured(*options)
    files = {path: path.read_bytes() for path in known_files(config)}
    command = ["ssh", "-F", str(config), "-o", "BatchMode=yes", "testboard", "true"]
    openssh = subprocess.run(command, capture_output=True, check=False).returncode == 0
    for path, data in files.items():
        path.write_bytes(data)
    transport = Ssh("testboard", config=config)
    try:
        ours = transport.run(["true"]).code == 0
    except BoardError:
        ours = False
    finally:
        transport.close()
    assert ours == openssh
    return ours


def known_files(config: Path) -> list[Path]:
    """Files of the user's that a configuration names in quotes."""
    return [Path(name) for name in re.findall(r'UserKnownHostsFile "(.*?)"', config.read_text())]


def refusal(config: Path, host: str = "testboard") -> str:
    with pytest.raises(BoardError) as caught:
        Ssh(host, config=config).run(["true"])
    return str(caught.value)


@pytest.mark.parametrize("checking", ["yes", "accept-new", "no"])
def test_an_unknown_host(checking: str, server: Server, known: Path) -> None:
    options = (f'UserKnownHostsFile "{known}"', f"StrictHostKeyChecking {checking}")
    assert goes_in(server, *options) == (checking != "yes")
    kept = known.read_text()
    assert server.public_key in kept if checking != "yes" else not kept
    if kept:
        assert goes_in(server, options[0], "StrictHostKeyChecking yes")


@pytest.mark.parametrize("checking", ["ask", "accept-new", "no"])
def test_a_host_with_another_key(
    checking: str, server: Server, known: Path, other_key: str
) -> None:
    known.write_text(f"[127.0.0.1]:{server.port} {other_key}\n")
    options = (f'UserKnownHostsFile "{known}"', f"StrictHostKeyChecking {checking}")
    assert goes_in(server, *options) == (checking == "no")
    if checking == "ask":
        removed = f"ssh-keygen -f '{known}' -R \"[127.0.0.1]:{server.port}\""
        assert f"if it was set up anew, run '{removed}' and" in refusal(server.folder / "config")


def test_files_that_keep_nothing(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    assert goes_in(server, "UserKnownHostsFile /dev/null", "StrictHostKeyChecking no")
    # By the manual; OpenSSH 9.2 itself ends without a word.
    config = server.configured("UserKnownHostsFile none", "StrictHostKeyChecking no")
    transport = Ssh("testboard", config=config)
    assert transport.run(["true"]).code == 0
    transport.close()
    assert capfd.readouterr().err == ""
    for file in ("/dev/null", "none"):
        assert refusal(server.configured(f"UserKnownHostsFile {file}")).endswith(
            "no UserKnownHostsFile keeps it: name one for testboard in your SSH configuration, or"
            " set StrictHostKeyChecking to no"
        )


def test_any_file_and_any_line_may_have_the_key(
    server: Server, known: Path, other_key: str
) -> None:
    second = known.with_name("second")
    name = f"[127.0.0.1]:{server.port}"
    known.write_text(f"# ours\n{name} {other_key}\n\n{name} {other_key} x\n")
    second.write_text(f"*.local,[127.0.*.1]:{server.port} {server.public_key}\n")
    assert goes_in(server, f'UserKnownHostsFile "{known}" {second}', "StrictHostKeyChecking yes")
    second.write_text(f"[127.0.*.1]:{server.port},!{name} {server.public_key}\n")
    assert not goes_in(server, f"UserKnownHostsFile {second}", "StrictHostKeyChecking yes")


def test_a_revoked_key_lets_nobody_in(server: Server, known: Path) -> None:
    known.write_text(f"@revoked * {server.public_key}\n@cert-authority * {server.public_key}\n")
    options = (f'UserKnownHostsFile "{known}"', "StrictHostKeyChecking no")
    # OpenSSH itself goes in nevertheless, without a password.
    assert "is revoked in" in refusal(server.configured(*options))


def test_the_advice_names_the_host_as_the_user_does(server: Server, known: Path) -> None:
    option = f'UserKnownHostsFile "{known}"'
    config = server.configured(option)
    assert "accept it with 'ssh testboard true'" in refusal(config)
    assert "accept it with 'ssh x@testboard true'" in refusal(config, "x@testboard")
    config = server.configured(option, "StrictHostKeyChecking yes")
    assert "accept it with 'ssh -o StrictHostKeyChecking=ask testboard true'" in refusal(config)
    config = server.configured(option, alias="*")
    assert f"'ssh -p {server.port} ::1 true'" in refusal(Path("/dev/null"), f"[::1]:{server.port}")
    known.write_text(f"[127.0.0.1]:{server.port} {server.public_key}\n")
    config = server.configured(option)
    assert "refuses user nobody; run 'ssh-copy-id nobody@testboard'" in refusal(
        config, "nobody@testboard"
    )


def test_the_user_is_asked(server: Server, known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = server.configured(f'UserKnownHostsFile "{known}"', "HashKnownHosts yes")
    answers = ["no\n", "yes\n"]
    monkeypatch.setattr(ssh_connection.Access, "interactive", True)
    monkeypatch.setattr("sys.stdin.readline", lambda: answers.pop(0))
    assert "is not known" in refusal(config)
    transport = Ssh("testboard", config=config)
    assert transport.run(["true"]).code == 0
    transport.close()
    assert not answers
    assert known.read_text().startswith("|1|")
    (key,) = known_hosts.find([known], f"[127.0.0.1]:{server.port}")
    assert f"{key.key.get_name()} {key.key.get_base64()}" == server.public_key


def test_an_address_of_ipv6_has_a_port(server: Server, known: Path) -> None:
    name = f"[::1]:{server.port}"
    known.write_text(f"{name} {server.public_key}\n")
    transport = Ssh(name, "x", known, server.folder / "key")
    assert transport.run(["sh", "-c", 'echo "${SSH_CLIENT%% *}"']).stdout == "::1\n"
    transport.close()


def test_a_word_that_openssh_does_not_know_is_told(server: Server) -> None:
    words = refusal(server.configured("StrictHostKeyChecking perhaps"))
    assert "StrictHostKeyChecking perhaps in your SSH configuration is not yes, ask," in words
