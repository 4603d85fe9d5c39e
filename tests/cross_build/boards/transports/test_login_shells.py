"""Commands over SSH, whatever shell the user has there and whatever it prints."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from cross_build.boards.transports.ssh import Ssh
from cross_build.errors import BoardError
from lite_runner.releases import release
from tests.cross_build.boards.transports.conftest import Server

#: By shell the file it reads for a command over SSH, and text in it that prints a greeting; bash
#: prints something at its end, too, tcsh the command.
_GREETING = "echo 'Welcome!'; echo 'no mail' >&2; printf 'without an end'\n"
GREETINGS = {
    "bash": (".bashrc", f"{_GREETING}trap 'echo Good bye; echo see you >&2' EXIT\n"),
    "fish": (".config/fish/config.fish", _GREETING),
    "tcsh": (".tcshrc", "echo 'Welcome'; echo -n 'without an end'; set verbose\n"),
}
WORDS = [
    "a b",
    "$HOME",
    "'",
    '"',
    "`id`",
    "\\",
    "\\\\'",
    "*",
    "-n",
    "",
    "ü\n2",
    "!!",
    "a!b",
    "%s~",
    "^",
]


@pytest.fixture(scope="module")
def transport(shared_server: Server) -> Iterator[Ssh]:
    transport = shared_server.transport()
    yield transport
    transport.close()


@pytest.mark.parametrize("shell", ["csh", "dash", "zsh", *GREETINGS])
def test_words_arrive_as_they_are(shell: str, server: Server, transport: Ssh) -> None:
    server.login_shell(shell)
    # With the text of the release manager, which is some 30 kB.
    words = [*WORDS, Path(release.__file__).read_text(encoding="utf-8")]
    outcome = transport.run(["printf", "%s|", *words])
    assert (outcome.stdout, outcome.stderr) == ("|".join([*words, ""]), "")


@pytest.mark.parametrize("shell", GREETINGS)
def test_what_a_shell_prints_itself_is_no_answer(
    shell: str, server: Server, transport: Ssh, tmp_path: Path
) -> None:
    server.login_shell(shell)
    name, text = GREETINGS[shell]
    (server.home / name).parent.mkdir(parents=True, exist_ok=True)
    (server.home / name).write_text(text)
    lines: list[str] = []
    script = "cat; echo two; echo bad >&2; printf three; kill -TERM $$"
    outcome = transport.run(["sh", "-c", script], "1\n", lines.append)
    assert (outcome.code, outcome.stdout) == (-15, "1\ntwo\nthree")
    assert outcome.stderr.startswith("bad\n")
    assert "mail" not in outcome.stderr
    assert lines == ["1", "two", "three"]
    assert transport.root == f"{server.home}/releases"
    folder = f"{transport.root}/fi les"
    data = bytes(range(256)) * 500
    (tmp_path / "data").write_bytes(data)
    transport.put({"data": tmp_path / "data"}, folder)
    transport.get(folder, tmp_path / "back")
    assert (tmp_path / "back" / "data").read_bytes() == data
    with transport.hold(["sh", "-c", "echo held; cat >/dev/null"]) as first:
        assert first == "held\n"
    refused = transport.hold(["sh", "-c", "echo not free >&2; exit 3"])
    with pytest.raises(BoardError, match=r"^not free$"), refused:
        pass
    (server.home / "file").touch()
    with pytest.raises(BoardError, match=r"cannot write to .*/file/x: mkdir: .*[Nn]ot a directory"):
        transport.put({"data": tmp_path / "data"}, f"{server.home}/file/x")


def test_a_shell_that_runs_no_command_is_told(
    server: Server, transport: Ssh, tmp_path: Path
) -> None:
    server.login_shell("bash")
    (server.home / ".bashrc").write_text("echo 'This account is closed.'\nexit 0\n")
    with pytest.raises(BoardError, match=r"runs no command \(This account is closed\.\); look at"):
        transport.run(["true"])
    with pytest.raises(BoardError, match="runs no command"):
        transport.put({"log": server.folder / "log"}, "folder")
    with pytest.raises(BoardError, match="runs no command"):
        transport.get("folder", tmp_path)
    with pytest.raises(BoardError, match="runs no command"), transport.hold(["cat"]):
        pass
