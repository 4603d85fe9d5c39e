"""What deploys to boards need on this computer, and whether the addresses answer it is from."""

from __future__ import annotations

import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Callable

from cross_build.boards.board import Board
from cross_build.boards.transports import adb
from cross_build.bundles import compile as compiler
from cross_build.bundles import paddlelite
from cross_build.targets.targets import Target, targets
from lite_runner.cli.doctor import Check, attempt
from lite_runner.errors import LiteError
from lite_runner.program_output import last_line
from opt_models.catalog import catalog
from opt_models.runtime import Runtime
from opt_models.store import config, download, http, process

#: What boards of a processor are called.
_ABOUT = {"armv8": "64-bit ARM boards", "armv7hf": "32-bit ARM boards"}
#: A package that every board but 32-bit ARM's gets.
_PACKAGE = "numpy"
#: Libraries of the system that upstream's builds of Paddle-Lite are loaded with.
_LIBRARIES = ("libgomp.so.1", "libstdc++.so.6")
#: Seconds for the package index.
_PATIENCE = 10


def checks(target: Target | None = None) -> list[Check]:
    """Look at what deploys to boards need.

    Args:
        target: the kind of board that is meant, which all of its own is needed for; any if None.
    """
    meant = [target] if target else list(targets().values())
    runtimes = {each.runtime: each for each in meant if each.runtime.arch == "arm"}
    needed = target is not None
    asked: list[Callable[[], Check]] = []
    for runtime in runtimes:
        asked += [partial(_compiler, runtime.processor, needed), partial(_library, runtime, needed)]
    if any(each.transport == "adb" for each in meant):
        asked += [partial(_tool, *row, needed=needed) for row in _phone_tools()]
    asked.append(partial(_package_index, needed and bool(target and target.wheels)))
    asked.append(_model_host)
    with ThreadPoolExecutor(len(asked)) as pool:  # what does not answer is waited for once
        return list(pool.map(lambda check: check(), asked))


def board_check(board: Board) -> Check:
    """Look at a board itself: what it is, and whether a deploy can go there."""

    def ask() -> str:
        facts = board.probe(_LIBRARIES if board.target.runtime.arch == "arm" else ())
        free = board.with_interpreter().status().free
        model = f"{facts.model}, " if facts.model else ""
        return (
            f"{model}{facts.system}, Python {facts.python}, {facts.cores} cores;"
            f" {free / 1e9:.1f} GB free at {board.transport.root}"
        )

    return attempt(f"board {board.address}", ask, "do what is said there, then run this again")


def _compiler(processor: str, needed: bool) -> Check:
    tool, command = next((tool, how) for name, tool, how in compiler.tools() if name == processor)
    return _tool(f"compiler {processor}", tool, _ABOUT[processor], command, needed=needed)


def _phone_tools() -> list[tuple[str, str, str, str]]:
    packages = {"adb": "adb", "mmdebstrap": "mmdebstrap", "dpkg-deb": "dpkg"}
    return [
        (name, name, "phones", f"sudo apt-get install {package}")
        for name, package in packages.items()
    ]


def _tool(name: str, tool: str, about: str, command: str, *, needed: bool) -> Check:
    """A program that boards of some kind take."""
    path = adb.program() if tool == "adb" else shutil.which(tool)
    return Check(name, path is not None, path or f"no {tool}", f"for {about}: {command}", needed)


def _library(runtime: Runtime, needed: bool) -> Check:
    """Paddle-Lite's library, of the user's own or of upstream's archive."""
    name = f"Paddle-Lite {runtime.processor}"
    variable = paddlelite.VARIABLES[runtime.processor]
    if os.environ.get(variable):
        check = attempt(name, lambda: paddlelite.find(runtime).origin, f"correct {variable}")
        return Check(name, check.ok, check.detail, check.hint, needed)
    archive = paddlelite.published(runtime)
    hint = (
        f"for {_ABOUT[runtime.processor]}: put {archive.host}{archive.path} into a folder that"
        f" {config.MODELS} names, or set {variable} to a build of your own"
    )
    try:
        source = download.look_up(archive.path, archive.host, archive.sha256)
    except LiteError as error:
        return Check(name, False, f"{runtime.release}, {archive.host}: {error}", hint, needed)
    here = str(source) if isinstance(source, Path) else f"not here yet, {archive.host} has it"
    return Check(name, True, f"{runtime.release}, {here}", hint, needed)


def _package_index(needed: bool) -> Check:
    """The package index, by pip's own settings."""
    name, hint = "package index", "check the network and pip's settings ('pip config list')"
    if config.current().offline:
        return Check(name, True, "not asked, being offline")
    command = [sys.executable, "-m", "pip", "index", "versions", _PACKAGE]
    options = ["--disable-pip-version-check", "--retries", "0", "--timeout", str(_PATIENCE)]
    outcome = process.run([*command, *options])
    if outcome.code != 0:
        return Check(name, False, last_line(outcome.stderr, "ERROR"), hint, needed)
    return Check(name, True, f"answers, has {outcome.stdout.split('Available')[0].strip()}")


def _model_host() -> Check:
    """The host of published models; default packs come from the package index."""
    host = catalog.host()
    if config.current().offline:
        return Check("model host", True, "not asked, being offline")
    try:
        http.head(host)  # whatever it says to an address without a file
    except LiteError as error:
        hint = f"for packs that are not on the package index: set {config.MIRRORS} to a mirror"
        return Check("model host", False, f"{host}: {error}", hint, needed=False)
    return Check("model host", True, f"{host} answers")
