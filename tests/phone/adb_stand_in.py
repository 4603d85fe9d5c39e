"""A stand-in for adb and for the phone behind it: a folder that is the root of all programs there.

In it are the shell that Android has, mksh, and those tools of Android that are used, as a busybox
for ARM; and what is pushed there. Programs run under qemu, as the user that adb's shell is, with a
``/proc``, four devices and nothing else. What phones and their cables do to one is done to it by
its settings:

    phones      state by serial number, as ``adb devices`` lists it
    features    of its adb
    cpu         of its processor, by qemu's name
    push_bytes  after so many the cable is pulled
    shells      after so many commands the cable is pulled, in the middle of the next one's output
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator

#: Names a folder with ``root`` and ``settings.json``.
VARIABLE = "ADB_STAND_IN"
SERIAL = "STANDIN01"
SETTINGS = {
    "phones": {SERIAL: "device"},
    "features": "shell_v2,cmd,stat_v2",
    "cpu": "cortex-a72",
}
#: AID_SHELL.
USER = 2000
#: Of toybox, what Android 7 has and we use.
_TOOLS = (
    *("cat", "chmod", "cut", "df", "dirname", "mkdir", "readlink", "rm", "rmdir", "stat", "tr"),
    *("uname", "xargs"),
)
_PROPERTIES = {
    "product.cpu.abi": "arm64-v8a",
    "product.cpu.abilist": "arm64-v8a,armeabi-v7a,armeabi",
    "product.manufacturer": "Stand-in",
    "product.model": "Phone of a test",
    "build.version.release": "14",
    "build.version.sdk": "34",
}
#: Mounts and processes are the command's own and go with it. The first process is the one that no
#: signal ends which it does not catch: it must not be the command.
_ENTER = """
mount -t proc proc "$0/proc" || exit 1
mount --rbind "$0/data" "$0/data" || exit 1
for device in null zero random urandom; do mount --bind "/dev/$device" "$0/dev/$device"; done
PATH=/sbin:/system/bin chroot --userspec={user}:{user} "$0" /system/bin/sh -c "$1"
exit $?
"""


def make(place: Path, shell: Path, busybox: Path, **properties: str) -> Path:
    """A phone fresh from the factory in a folder of its own; gives its root."""
    root = place / "root"
    for name in ("system/bin", "proc", "dev", "data/local/tmp", "sdcard"):
        (root / name).mkdir(parents=True)
    for name in ("null", "zero", "random", "urandom"):
        (root / "dev" / name).touch()
    shutil.copy(busybox, root / "system/bin/busybox")
    shutil.copy(shell, root / "system/bin/sh")
    for name in _TOOLS:
        (root / "system/bin" / name).symlink_to("busybox")
    cases = "".join(
        f"ro.{key}) echo '{value}' ;;\n" for key, value in {**_PROPERTIES, **properties}.items()
    )
    asked = f"#!/system/bin/sh\ncase $1 in\n{cases}*) echo ;;\nesac\n"
    _program(root / "system/bin/getprop", asked)
    os.chown(root / "data/local/tmp", USER, USER)
    _program(place / "bin/adb", f'#!/bin/sh\nexec {sys.executable} {__file__} "$@"\n')
    settle(place, **SETTINGS)
    return root


def settle(place: Path, **settings: Any) -> None:
    """Change the settings."""
    file = place / "settings.json"
    old = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**old, **settings}))


def _program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


class Adb:
    """One call of the program."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._root = place / "root"
        self._settings = json.loads((place / "settings.json").read_text())

    def main(self, words: list[str]) -> int:
        """Do what adb would do; its exit code."""
        if words == ["devices"]:
            print("List of devices attached")
            for serial, state in self._settings["phones"].items():
                print(f"{serial}\t{state}")
            print()
            return 0
        if words[0] != "-s":
            return _fail(f"adb: the stand-in does not know {words}")
        serial, command, *rest = words[1:]
        state = self._settings["phones"].get(serial)
        if state is None:
            return _fail(f"adb: device '{serial}' not found")
        if command == "get-state" and state == "device":
            print(state)
            return 0
        if state != "device":
            return _fail(f"adb: device {state}")
        if command == "features":
            print("\n".join(self._settings["features"].split(",")))
            return 0
        if command == "shell" and rest[0] == "-T" and len(rest) == 2:
            return self._shell(rest[1])
        if command == "push" and len(rest) == 2:
            return self._push(Path(rest[0]), rest[1])
        if command == "pull" and len(rest) == 2:
            return self._pull(rest[0], Path(rest[1]))
        return _fail(f"adb: the stand-in does not know {words}")

    def _shell(self, line: str) -> int:
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c"]
        command += [_ENTER.format(user=USER), str(self._root), line]
        # What adbd gives; neither HOME nor TMPDIR, which not every phone has.
        around = {
            "PATH": os.environ["PATH"],
            "QEMU_CPU": self._settings["cpu"],
            "ANDROID_ROOT": "/system",
        }
        left = self._settings.get("shells")
        if left is not None:
            settle(self._place, shells=left - 1)
        if left is None or left > 0:
            os.execvpe(command[0], command, around)
        with subprocess.Popen(command, env=around, stdout=subprocess.PIPE) as child:
            os.write(1, os.read(child.stdout.fileno(), 20) if child.stdout else b"")
            child.kill()
        self._pull_the_cable()
        return 1

    def _push(self, source: Path, target: str) -> int:
        source, inside = source.resolve(), self._inside(target)
        if inside.is_dir():
            inside /= source.name
        files = [source] if source.is_file() else sorted(source.rglob("*"))
        budget = self._settings.get("push_bytes")
        for file in files:
            place = inside / file.relative_to(source) if file != source else inside
            if file.is_symlink():
                return _fail(f"adb: the stand-in pushes no links: {file}")
            mode = file.stat().st_mode
            data = None if file.is_dir() else file.read_bytes()
            cut = budget is not None and data is not None and len(data) > budget
            try:
                with _as_the_shell():
                    if data is None:
                        place.mkdir(parents=True, exist_ok=True)
                        continue
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.unlink(missing_ok=True)
                    place.write_bytes(data[:budget] if cut else data)
                    place.chmod(mode & 0o777)
            except OSError as error:
                what = f"failed to copy '{file}' to '{target}'"
                return _fail(f"adb: error: {what}: remote couldn't create file: {error.strerror}")
            if cut:
                self._pull_the_cable()
                return _fail(f"adb: error: failed to read copy response: {file.name}")
            budget = None if budget is None else budget - len(data)
        if budget is not None:
            settle(self._place, push_bytes=budget)
        print(f"{source}/: {len(files)} files pushed.")
        return 0

    def _pull(self, source: str, target: Path) -> int:
        target, inside = target.resolve(), self._inside(source)
        if not inside.exists():
            return _fail(f"adb: error: failed to stat remote object '{source}': No such file")
        shutil.copytree(inside, target / inside.name, symlinks=True)
        return 0

    def _inside(self, path: str) -> Path:
        """A path on the phone, from its root: what is above that its user may not even pass."""
        os.chdir(self._root)
        return Path(path.strip("/"))

    def _pull_the_cable(self) -> None:
        settle(self._place, phones={}, shells=None, push_bytes=None)


@contextlib.contextmanager
def _as_the_shell() -> Iterator[None]:
    """As the user of adb's shell: what it may not write, adb cannot either."""
    os.setegid(USER)
    os.seteuid(USER)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def _fail(told: str) -> int:
    print(told, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(Adb(Path(os.environ[VARIABLE])).main(sys.argv[1:]))
