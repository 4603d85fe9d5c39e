"""The way to a phone: the program ``adb`` of Android's platform tools.

The program, and not the package adbutils that speaks to the same server: it starts that server,
has the key that the user's phone knows, and passes standard input on to a command, which holding a
lock takes and adbutils does not do. Nothing is gained by a dependency that brings a second copy of
the program along. The phone needs Android 7: before, its shell did not tell how a command ended.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Callable, ContextManager, Iterator, Mapping, Sequence

from cross_build.boards.transports import Outcome, child
from cross_build.errors import BoardError, TargetError, UnreachableError
from lite_runner.program_output import last_line
from opt_models.store import cache, process

#: Where Android's shell may write, and programs may be run: storage for the user's files
#: (/sdcard) is mounted so that none can.
HOME = "/data/local/tmp"
_FOLDER = "lite-ocr"
#: Names the phone, as for adb itself.
VARIABLE = "ANDROID_SERIAL"
#: The SDK's folder, where adb need not be on the path.
_SDK = ("ANDROID_HOME", "ANDROID_SDK_ROOT")
#: Seconds for what adb answers by itself; it may have to start its server first.
_PATIENCE = 60
#: Bytes and files that are pushed by one adb, so that a long way shows how far it is.
_BATCH_BYTES, _BATCH_FILES = 16_000_000, 500
#: A command's own end, said behind its errors: an adb whose phone is gone ends with a code, too.
_SHELL = ("sh", "-c", '"$@"; code=$?; echo >&2; echo "lite-ocr: exit $code" >&2', "sh")
_ENDED = re.compile(r"\n?lite-ocr: exit (\d+)\n\Z")
_STATES = {
    "unauthorized": "it does not let this computer in yet; unlock it, accept 'Allow USB debugging'"
    " and try again",
    "authorizing": "it is just letting this computer in; try again",
    "offline": "it does not answer; unplug it and plug it in again, or run 'adb reconnect offline'",
    "no permissions": "this user may not open it; run 'sudo apt-get install"
    " android-sdk-platform-tools-common' and plug it in again",
}


class Adb:
    """A phone that adb reaches.

    Args:
        serial: of the phone, as ``adb devices`` lists it; the only one there is if empty.
        folder: on the phone, for our releases; relative ones start where programs can be run.
    """

    def __init__(self, serial: str = "", folder: str = "") -> None:
        self._root = posixpath.join(HOME, folder or _FOLDER)
        self._chosen = serial or os.environ.get(VARIABLE, "")
        self._serial: str | None = None

    @property
    def root(self) -> str:
        return self._root

    @property
    def host(self) -> str:
        """The phone's serial number."""
        if self._serial is None:
            self._serial = self._find()
        return self._serial

    def run(
        self,
        command: Sequence[str],
        stdin: str = "",
        on_line: Callable[[str], None] | None = None,
    ) -> Outcome:
        return self._outcome(process.attend(process.start(self._line(command)), stdin, on_line))

    def put(
        self,
        files: Mapping[str, Path],
        folder: str,
        on_bytes: Callable[[int], object] = lambda count: None,
    ) -> None:
        above, name = posixpath.split(folder)
        # adb puts a folder into one that is there, and makes one that is not: the one above is.
        # Its shell would let everybody write there.
        made = self.run(["sh", "-c", 'umask 022; mkdir -p "$1"', "sh", above])
        if made.code != 0:
            raise BoardError(f"{self.host}: cannot write to {above}: {last_line(made.stderr)}")
        for batch in _batches(files):
            with _laid_out(batch, name) as (staged, size):
                self._copy("push", str(staged), f"{above}/", f"cannot write to {folder}")
                on_bytes(size)

    def get(self, folder: str, into: Path) -> None:
        into.mkdir(parents=True, exist_ok=True)
        if self.run(["test", "-d", folder]).code != 0:
            return
        with tempfile.TemporaryDirectory() as temporary:
            self._copy("pull", folder, temporary, f"cannot read {folder}")
            for source in sorted((Path(temporary) / posixpath.basename(folder)).iterdir()):
                if source.is_file() and not source.is_symlink():
                    shutil.copyfile(source, into / source.name)

    def hold(self, command: Sequence[str]) -> ContextManager[str]:
        return child.hold(self._line(command), self._outcome)

    def close(self) -> None:
        pass

    def _line(self, command: Sequence[str]) -> list[str]:
        return [*self._adb(), "shell", "-T", shlex.join([*_SHELL, *command])]

    def _outcome(self, outcome: Outcome) -> Outcome:
        """A command's own end, out of what adb brought back of it."""
        ended = _ENDED.search(outcome.stderr)
        if ended is None:
            raise self._lost(outcome.stderr)
        code = int(ended.group(1))
        stderr = outcome.stderr[: ended.start()]
        return Outcome(128 - code if 128 < code < 192 else code, outcome.stdout, stderr)

    def _copy(self, verb: str, source: str, target: str, failed: str) -> None:
        outcome = process.run([*self._adb(), verb, source, target])
        if outcome.code == 0:
            return
        if self._state() != "device":
            raise self._lost(outcome.stderr)
        # "adb: error: failed to copy 'a' to 'b': remote couldn't create file: No space left ..."
        reason = outcome.reason.rpartition(": ")[2]
        advice = "; make room there and deploy again" if "No space left" in reason else ""
        raise BoardError(f"{self.host}: {failed}: {reason}{advice}")

    def _state(self) -> str:
        return _ask([*self._adb(), "get-state"]).stdout.strip()

    def _adb(self) -> list[str]:
        return [_program(), "-s", self.host]

    def _find(self) -> str:
        """The phone's serial number, of one that can be worked with.

        Raises:
            TargetError: there are several, or none of that number.
            BoardError: there is none, or it lets nobody in, or its Android is too old.
        """
        listed = _ask([_program(), "devices"])
        if listed.code != 0:
            raise BoardError(f"adb: its server does not start: {last_line(listed.stderr)}")
        states = dict(
            line.split("\t", 1)
            for line in listed.stdout.splitlines()
            if re.match(r"[^*\s]+\t", line)
        )
        if not states:
            raise UnreachableError(
                "adb: there is no phone; plug one in, and switch on 'USB debugging' in its"
                " developer options ('adb devices' must list it)"
            )
        serials = ", ".join(states)
        if not self._chosen and len(states) > 1:
            raise TargetError(
                f"adb: there are {len(states)} phones; choose one with --host: {serials}"
            )
        serial = self._chosen or serials
        if serial not in states:
            raise TargetError(
                f"adb: there is no phone {serial!r}; choose one with --host: {serials}"
            )
        state = states[serial]
        if state != "device":
            known = next((reason for word, reason in _STATES.items() if state.startswith(word)), "")
            raise UnreachableError(
                f"{serial}: {known or f'is in state {state!r}; start its Android'}"
            )
        features = _ask([_program(), "-s", serial, "features"]).stdout.split()
        if "shell_v2" not in features:
            raise BoardError(f"{serial}: its adb has no 'shell_v2'; expected Android 7 or newer")
        return serial

    def _lost(self, stderr: str) -> UnreachableError:
        reason = last_line(stderr).removeprefix("adb: ").removeprefix("error: ")
        detail = f" ({reason})" if reason else ""
        return UnreachableError(
            f"{self._serial}: the connection was lost{detail}; plug it in and run the same again,"
            " it goes on from where it was"
        )


def program() -> str | None:
    """Path of adb, on the path or in the SDK; None if there is none."""
    places = [os.environ.get("PATH", os.defpath)]
    places += [f"{os.environ[name]}/platform-tools" for name in _SDK if name in os.environ]
    return shutil.which("adb", path=os.pathsep.join(places))


def _program() -> str:
    path = program()
    if path is None:
        raise BoardError("adb is missing, which reaches phones; run 'sudo apt-get install adb'")
    return path


def _ask(command: Sequence[str]) -> Outcome:
    try:
        return process.run(command, timeout=_PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise BoardError(
            f"adb: '{' '.join(command[1:])}' took over {_PATIENCE} s; run 'adb kill-server' and try"
            " again"
        ) from error


def _batches(files: Mapping[str, Path]) -> Iterator[dict[str, Path]]:
    batch: dict[str, Path] = {}
    size = 0
    for name, source in files.items():
        batch[name] = source
        size += source.stat().st_size
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_FILES:
            yield batch
            batch, size = {}, 0
    if batch:
        yield batch


@contextlib.contextmanager
def _laid_out(files: Mapping[str, Path], name: str) -> Iterator[tuple[Path, int]]:
    """Files as they shall lie in a folder called ``name``, and how many bytes they have.

    adb would push a link as a link. In the cache most files are links of another kind, for nothing.
    """
    cache.root().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".push.", dir=cache.root()) as temporary:
        top, size = Path(temporary) / name, 0
        for path, source in files.items():
            target = top / path
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(source.resolve(), target)
            except OSError:
                shutil.copy(source, target)
            size += source.stat().st_size
        yield top, size
