"""Host keys: which hosts are let in by them, as ssh_config(5) has OpenSSH decide.

What counts are ``StrictHostKeyChecking``, ``UserKnownHostsFile``, ``GlobalKnownHostsFile`` and
``HashKnownHosts``; paramiko and Fabric read none of them.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Callable, Mapping, Sequence

import paramiko

from cross_build.boards.transports import known_hosts
from cross_build.boards.transports.known_hosts import KnownKey, fingerprint
from cross_build.errors import BoardError
from lite_runner.user_path import user_path

_SSH_PORT = 22
_OPTION = "StrictHostKeyChecking"
_FILES = "UserKnownHostsFile"
_USERS = "~/.ssh/known_hosts ~/.ssh/known_hosts2"
_SYSTEMS = "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2"
_TOKEN = re.compile(r"%([%dhnpru])|\$\{(\w+)\}")


class Checking(Enum):
    """``StrictHostKeyChecking``: what is done about a host whose key is unknown."""

    YES = "yes"
    ASK = "ask"
    ACCEPT_NEW = "accept-new"
    #: Hosts with another key than the known one are let in, too.
    NO = "no"


_BY_NAME = {
    **{checking.value: checking for checking in Checking},
    **{"true": Checking.YES, "off": Checking.NO, "false": Checking.NO},
}


@dataclass(frozen=True)
class Host:
    """A host on the way to a board, or the board.

    Attributes:
        alias: as the user calls it, without user and port.
        name: that is connected to.
        user: to log in as.
        port: of its server.
        ssh_arguments: by which the program ``ssh`` goes there.
    """

    alias: str
    name: str
    user: str
    port: int
    ssh_arguments: str

    @property
    def known_as(self) -> str:
        """Its name in ``known_hosts``."""
        return self.name if self.port == _SSH_PORT else f"[{self.name}]:{self.port}"


@dataclass(frozen=True)
class KeyRules:
    """Whether a host is let in by its key.

    Attributes:
        host: it.
        checking: what is done about an unknown key.
        files: the user's ``known_hosts``; the first takes new keys.
        known: what these and the system's have for the host.
        hashed: whether names of new keys are kept as hashes.
        ask: puts a question to the user and gives the answer; None where nobody is there.
    """

    host: Host
    checking: Checking
    files: Sequence[Path]
    known: Sequence[KnownKey] = field(default=())
    hashed: bool = False
    ask: Callable[[str], str] | None = None

    @property
    def usable(self) -> list[paramiko.PKey]:
        """Keys that let the host in; of a kind those that stand first come last."""
        revoked = {known.key.asbytes() for known in self.known if known.revoked}
        keys = [known.key for known in self.known if known.key.asbytes() not in revoked]
        return keys[::-1]

    def admit(self, key: paramiko.PKey) -> None:
        """Let the host in by a key that is not known, or not.

        Raises:
            BoardError: it is not let in; says how it could be.
        """
        self._refuse_revoked(key)
        unknown = f"{self.host.alias}: its key {key.get_name()} {fingerprint(key)} is not known"
        accepted = self.checking in (Checking.ACCEPT_NEW, Checking.NO)
        if not accepted and self.checking is Checking.ASK and self.ask is not None:
            answer = self.ask(f"{unknown}; is it the board's (yes/no)? ").strip()
            accepted = answer in ("yes", fingerprint(key))
        if not accepted:
            raise BoardError(f"{unknown}; {self._advice()}")
        self._keep(key)

    def admit_changed(self, key: paramiko.PKey, expected: paramiko.PKey) -> bool:
        """Let the host in by another key than the one that is expected of it, or not.

        Returns:
            Whether the key is known nevertheless: of several paramiko compares the first of a kind.

        Raises:
            BoardError: it is not let in; says what to do if it was set up anew.
        """
        self._refuse_revoked(key)
        if key.asbytes() in {known.asbytes() for known in self.usable}:
            return True
        about = f"its key is {fingerprint(key)}, expected {fingerprint(expected)}"
        if self.checking is not Checking.NO:
            raise BoardError(
                f"{self.host.alias}: {about}; if it was set up anew, run"
                f" '{self._removal(expected)}' and try again"
            )
        _say(f"{self.host.alias}: {about}; let in, for {_OPTION} is no")
        return False

    def _refuse_revoked(self, key: paramiko.PKey) -> None:
        for known in self.known:
            if known.revoked and known.key.asbytes() == key.asbytes():
                raise BoardError(
                    f"{self.host.alias}: its key {fingerprint(key)} is revoked in {known.file};"
                    " give the board another one"
                )

    @property
    def _keeps(self) -> bool:
        """Whether a new key goes where it is looked for next time."""
        return bool(self.files) and self.files[0] != Path(os.devnull)

    def _keep(self, key: paramiko.PKey) -> None:
        if not self._keeps:
            return
        file = self.files[0]
        try:
            known_hosts.add(file, self.host.known_as, key, self.hashed)
        except OSError as error:
            _say(f"{file}: cannot be written ({error.strerror}); {self.host.alias} stays unknown")
        else:
            _say(f"{self.host.alias}: its key {fingerprint(key)} is kept in {file}")

    def _advice(self) -> str:
        arguments = self.host.ssh_arguments
        if not self._keeps:
            return (
                f"no UserKnownHostsFile keeps it: name one for {self.host.alias} in your SSH"
                f" configuration, or set {_OPTION} to no"
            )
        ask = f"-o {_OPTION}=ask " if self.checking is Checking.YES else ""
        return f"if that is the board's, accept it with 'ssh {ask}{arguments} true'"

    def _removal(self, expected: paramiko.PKey) -> str:
        """The command that removes a key which is not the host's any more."""
        files = [known.file for known in self.known if known.key.asbytes() == expected.asbytes()]
        usual = user_path(_USERS.split()[0], _FILES)
        other = f" -f {shlex.quote(str(files[0]))}" if files and files[0] != usual else ""
        return f'ssh-keygen{other} -R "{self.host.known_as}"'


def rules(
    config: Mapping[str, str], host: Host, ask: Callable[[str], str] | None = None
) -> KeyRules:
    """What the SSH configuration has done about a host's key.

    Args:
        config: options of the host, by their names in small letters.
        host: it.
        ask: as of :class:`KeyRules`.

    Raises:
        BoardError: an option has a value that OpenSSH does not know.
    """
    word = config.get(_OPTION.lower(), Checking.ASK.value)
    checking = _BY_NAME.get(word.lower())
    if checking is None:
        raise BoardError(
            f"{host.alias}: {_OPTION} {word} in your SSH configuration is not yes, ask, accept-new"
            " or no"
        )
    files = _files(config.get("userknownhostsfile", _USERS), host)
    system = _files(config.get("globalknownhostsfile", _SYSTEMS), host)
    known = known_hosts.find([*files, *system], host.known_as)
    hashed = config.get("hashknownhosts", "no").lower() == "yes"
    return KeyRules(host, checking, files, known, hashed, ask)


def _files(value: str, host: Host) -> list[Path]:
    """Files that an option names; ``none`` stands for none."""
    if value.lower() == "none":
        return []
    return [user_path(_expanded(name, host), _FILES) for name in _names(value)]


def _names(value: str) -> list[str]:
    # Paramiko takes the quotes off a value that is a single name, which may have blanks.
    if user_path(value, _FILES).is_file():
        return [value]
    try:
        return shlex.split(value)
    except ValueError:
        return shlex.split(f'"{value}"')


def _expanded(name: str, host: Host) -> str:
    """A file's name with the tokens and variables of ssh_config replaced."""
    tokens = {
        **{"%": "%", "d": str(Path.home()), "u": os.environ.get("USER", host.user)},
        **{"n": host.alias, "h": host.name, "p": str(host.port), "r": host.user},
    }
    return _TOKEN.sub(
        lambda match: tokens[match[1]] if match[1] else os.environ.get(match[2], ""), name
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
