"""The board's own numpy and OpenCV, where there are no wheels: looked at before anything is sent.

Debian's OpenCV is not the package index's: built with other parts, and older. So the board is asked
for every name that the runner's own source takes of either package.
"""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Iterator, Mapping, Sequence, TypedDict

import lite_runner
from cross_build.errors import BoardError


@dataclass(frozen=True)
class Package:
    """A package the runner is written for.

    Attributes:
        module: as it is imported.
        debian: the package of Debian and Raspberry Pi OS.
        least: the oldest version the runner's tests pass with, that of Raspberry Pi OS 11.
    """

    module: str
    debian: str
    least: tuple[int, int]


class PackageState(TypedDict, total=False):
    """A package of a board's own: its version and the names it lacks, or why it is broken."""

    version: str
    lacking: Sequence[str]
    broken: str


PACKAGES = (
    Package("numpy", "python3-numpy", (1, 19)),
    Package("cv2", "python3-opencv", (4, 5)),
)

#: What a system gets them by.
DEBIAN = tuple(package.debian for package in PACKAGES)

#: Run by the board's own Python with JSON on its standard input: by module, the names to look for.
#: Prints by module its version and the names it lacks; nothing of a module that is not there, and
#: why, of one that cannot be imported.
PROBE = """
import importlib, json, sys
found = {}
for module, names in json.load(sys.stdin).items():
    try:
        package = importlib.import_module(module)
    except Exception as error:
        if getattr(error, "name", None) != module:
            found[module] = {"broken": "%s: %s" % (type(error).__name__, error)}
        continue
    if getattr(package, "__file__", None) is None:
        continue  # a folder of that name, with something else in it
    lacking = []
    for name in names:
        part = package
        for word in name.split("."):
            part = getattr(part, word, None)
        if part is None:
            lacking.append(name)
    version = str(getattr(package, "__version__", "0"))
    found[module] = {"version": version, "lacking": lacking}
print(json.dumps(found))
"""
_TYPE_CHECKING = ast.dump(ast.parse("TYPE_CHECKING", mode="eval").body)


def question() -> str:
    """What :data:`PROBE` reads: every name of each package that the runner's source takes."""
    return json.dumps({package.module: names(package.module) for package in PACKAGES})


@lru_cache(maxsize=None)
def names(module: str) -> Sequence[str]:
    """Names that the runner's source takes of a module, but for what it asks for itself."""
    taken: set[str] = set()
    asked: set[str] = set()
    for path in Path(lite_runner.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        called = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
            if alias.name == module
        }
        for node in _evaluated(tree):
            if isinstance(node, ast.Attribute):
                words = _dotted(node)
                if words[0] in called:
                    taken.add(".".join(words[1:]))
            elif isinstance(node, ast.Call) and _is_hasattr(node, called):
                asked.add(str(ast.literal_eval(node.args[1])))
    return sorted(taken - asked)


def check(board: str, answer: Mapping[str, PackageState]) -> tuple[str, ...]:
    """Refuse a board whose packages the runner cannot work with.

    Args:
        board: its name, for errors.
        answer: what :data:`PROBE` printed.

    Returns:
        the packages with their versions, as ``"numpy 1.24.2"``.

    Raises:
        BoardError: one is missing, broken, too old, or lacks something; names what to do.
    """
    missing = [package for package in PACKAGES if package.module not in answer]
    if missing:
        modules = " and ".join(package.module for package in missing)
        apt_names = " ".join(package.debian for package in missing)
        raise BoardError(
            f"{board}: there are no wheels of {modules} for 32-bit ARM, and the board has none of"
            f" its own; run there 'sudo apt-get install {apt_names}'"
        )
    for package in PACKAGES:
        state = answer[package.module]
        anew = f"run there 'sudo apt-get install --reinstall {package.debian}'"
        if "broken" in state:
            raise BoardError(
                f"{board}: its {package.module} cannot be imported ({state['broken']}); {anew}"
            )
        version = str(state["version"])
        if _number(version) < package.least:
            least = ".".join(map(str, package.least))
            raise BoardError(
                f"{board}: its {package.module} is {version}, the runner needs {least} or newer, as"
                " Raspberry Pi OS 11 has; use a newer system there"
            )
        if state["lacking"]:
            raise BoardError(
                f"{board}: its {package.module} {version} lacks {', '.join(state['lacking'])}; is"
                f" it {package.debian}? {anew}"
            )
    return tuple(f"{package.module} {answer[package.module]['version']}" for package in PACKAGES)


def _evaluated(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but what only a type checker looks at, and an attribute's own inner ones."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns"):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.If) and ast.dump(node.test) == _TYPE_CHECKING:
                for other in node.orelse:
                    yield other
                    yield from _evaluated(other)
            elif isinstance(node, ast.AST):
                yield node
                inner = node
                if isinstance(node, ast.Attribute):
                    while isinstance(inner, ast.Attribute):
                        inner = inner.value
                yield from _evaluated(inner)


def _dotted(node: ast.Attribute) -> list[str]:
    """``a.b.c`` as words; the first is empty where no name begins it."""
    words = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        words.append(inner.attr)
        inner = inner.value
    return [inner.id if isinstance(inner, ast.Name) else "", *reversed(words)]


def _is_hasattr(node: ast.Call, called: set[str]) -> bool:
    return (
        isinstance(node.func, ast.Name)
        and node.func.id == "hasattr"
        and isinstance(node.args[0], ast.Name)
        and node.args[0].id in called
    )


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
