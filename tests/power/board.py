"""A board that is a folder: releases with a program that knows whether it is whole, and what is
done to them by the installer and the release manager themselves, each as a process of its own.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence, Union

from lite_runner.releases import install, release, release_name

#: Of a release, all by which one can be told from another.
Files = Mapping[str, str]
Command = Sequence[Union[str, Path]]
#: Ends the name of a step on a board without what newer systems have.
OLD = ", old system"
_PYTHON = (sys.executable, "-I", "-S")
_PROGRAM = """\
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec {python} -I -S "$here/app/main.py" "$@"
"""
#: As launch.py does it: only a verification leaves what Python compiles.
_MAIN = """\
import hashlib, json, sys
from pathlib import Path
sys.dont_write_bytecode = sys.argv[1:] != ["verify"]
home = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(home / "app"))
import engine
model = (home / "pack" / "det.nb").read_bytes()
if hashlib.sha256(model).hexdigest() != engine.MODEL:
    sys.exit("the model is damaged")
seconds = {"detect": 0.1, "classify": 0.1, "recognise": 0.1, "total": 0.3}
proof = {"pack": "tiny", "lite_version": "v0", "lines": ["hello"], "seconds": seconds}
print(json.dumps({**proof, "release": engine.RELEASE}))
"""


def files(name: str) -> Files:
    """The files of a release."""
    model = f"model of {name} " * 700
    digest = hashlib.sha256(model.encode()).hexdigest()
    # So many that they are not synced one by one.
    count = 25 if name == "many" else 1
    return {
        **{f"site/many/{number}.py": f"{number}\n" for number in range(count)},
        "ocr": _PROGRAM.format(python=sys.executable),
        "app/main.py": _MAIN,
        "app/engine.py": f"RELEASE, MODEL = {name!r}, {digest!r}\n",
        "pack/det.nb": model,
        "pack/dictionary.txt": "a\nb\n",
        "site/many/__init__.py": "",
    }


@dataclass(frozen=True)
class Step:
    """Something that is done to a board, and that is cut off.

    Attributes:
        name: of it.
        before: brings a board to where it begins.
        command: does it.
        runs: names of releases of which one must run, wherever it is cut off; None for a board
            that may have none.
        ends: the release that must run when it has come to its end.
        repair: what is done afterwards, and must end as if nothing had been cut off.
        after: the release that must run then; None if nothing must be left.
        old: whether the board's system is an old one.
    """

    name: str
    before: Callable[[Path], object]
    command: Callable[[Path], Command]
    runs: frozenset[str | None]
    ends: str | None
    repair: Callable[[Path], object]
    after: str | None
    old: bool = False


class Archives:
    """Unpacked archives of releases, and the steps that are taken with them.

    Args:
        folder: for them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("zero", "one", "two", "many"):
            self._write(name)

    def install(self, name: str, root: Path) -> None:
        """Bring a release into use, uncut."""
        install.install(self._folder / name, root)

    def folder(self, name: str) -> Path:
        """One of them."""
        return self._folder / name

    def step(self, name: str) -> Step:
        """One of those that are cut off; on an old system, if its name ends with that."""
        plain = name.removesuffix(OLD)
        found = next(one for one in self._steps() if one.name == plain)
        return replace(found, name=name, old=plain != name)

    def _steps(self) -> list[Step]:
        one_or_two = frozenset({"one", "two"})
        all_or_none = frozenset({None, "one", "two"})
        return [
            Step(
                "first deploy",
                before=lambda root: None,
                command=self._installer("one"),
                runs=frozenset({None, "one"}),
                ends="one",
                repair=self._installed("one"),
                after="one",
            ),
            Step(
                "deploy",
                before=self._installed("zero", "one"),
                command=self._installer("two"),
                runs=one_or_two,
                ends="two",
                repair=self._installed("two"),
                after="two",
            ),
            Step(
                "deploy of many files",
                before=self._installed("one"),
                command=self._installer("many"),
                runs=frozenset({"one", "many"}),
                ends="many",
                repair=self._installed("many"),
                after="many",
            ),
            Step(
                "deploy over damage",
                before=self._damaged,
                command=self._installer("two"),
                runs=one_or_two,
                ends="two",
                repair=self._installed("two"),
                after="two",
            ),
            Step(
                "rollback",
                before=self._installed("one", "two"),
                command=lambda root: [*_PYTHON, release.__file__, "rollback", root],
                runs=one_or_two,
                ends="one",
                repair=self._installed("two"),
                after="two",
            ),
            Step(
                "undeploy",
                before=self._installed("one", "two"),
                command=lambda root: [*_PYTHON, release.__file__, "remove", root],
                runs=all_or_none,
                ends=None,
                repair=self._installed("one"),
                after="one",
            ),
            Step(
                "undeploy for good",
                before=self._installed("one", "two"),
                command=lambda root: [*_PYTHON, release.__file__, "remove", root],
                runs=all_or_none,
                ends=None,
                repair=release.remove,
                after=None,
            ),
        ]

    def _installer(self, name: str) -> Callable[[Path], Command]:
        return lambda root: [
            *(*_PYTHON, install.__file__, self._folder / name),
            *("--folder", root),
        ]

    def _installed(self, *names: str) -> Callable[[Path], object]:
        """Brings releases into use, uncut."""
        return lambda root: [install.install(self._folder / name, root) for name in names]

    def _damaged(self, root: Path) -> None:
        """The release in use has two empty files, and one before it is whole."""
        self._installed("one", "two")(root)
        for name in ("app/engine.py", "pack/det.nb"):
            file = root / "current" / name
            file.unlink()  # others may share it
            file.touch()

    def _write(self, name: str) -> None:
        for path, text in files(name).items():
            file = self._folder / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            file.chmod(_mode(path))
        needs = {"machine": platform.machine(), "libraries": []}
        manifest = {"release": folder_name(name), "needs": needs, "files": entries(name)}
        (self._folder / name / release.MANIFEST).write_text(json.dumps(manifest))


def entries(name: str) -> dict[str, dict[str, Any]]:
    """The files of a release as its manifest has them."""
    return {
        path: {
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "size": len(text),
            "mode": _mode(path),
        }
        for path, text in files(name).items()
    }


def folder_name(name: str) -> str:
    """What a release is called on a board."""
    return release_name.of_content({}, entries(name))


def _mode(path: str) -> int:
    return 0o755 if path == "ocr" else 0o644


def running(root: Path) -> str | None:
    """The release that the program starts, if that is whole; None if it starts none."""
    try:
        run = subprocess.run([root / "ocr", "read"], capture_output=True, text=True, check=False)
        name = str(json.loads(run.stdout)["release"])
    except (OSError, ValueError):
        return None
    folder = root / "releases" / folder_name(name)
    whole = all(
        (folder / path).is_file() and (folder / path).read_text() == text
        for path, text in files(name).items()
    )
    return name if whole and run.returncode == 0 else None


def remains(root: Path) -> list[str]:
    """What no deploy should leave."""
    found = [*root.glob(".*"), *root.glob("releases/*.*"), *root.glob("releases/*/.*")]
    return sorted(str(path.relative_to(root)) for path in found if path.name != ".lock")


def verdict(step: Step, root: Path, ended: bool) -> str:
    """What is wrong with a board after a cut; empty if nothing is.

    It is repaired: what it is like afterwards is told, too.

    Args:
        step: that was cut off.
        root: of the board.
        ended: whether it had come to its end before.
    """
    found = running(root)
    if found not in (frozenset({step.ends}) if ended else step.runs):
        return f"{step.name}: runs {found}"
    step.repair(root)
    if step.after is None:
        return f"{step.name}: is left" if root.exists() else ""
    found = running(root)
    if found != step.after:
        return f"{step.name}: runs {found} after the next deploy"
    left = remains(root)
    return f"{step.name}: {left} stay" if left else ""
