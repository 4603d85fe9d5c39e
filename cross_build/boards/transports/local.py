"""The way to the board ``local``: this computer."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Callable, ContextManager, Mapping, Sequence

from platformdirs import user_data_path

from cross_build.boards.transports import Outcome, child
from cross_build.errors import BoardError
from lite_runner.user_path import user_path
from opt_models.store import process

#: Environment variable that puts local releases elsewhere.
VARIABLE = "LITE_OCR_HOME"


def default_root() -> Path:
    """Where local releases live."""
    chosen = os.environ.get(VARIABLE)
    base = user_path(chosen, VARIABLE).absolute() if chosen else user_data_path("lite-ocr")
    return base / "local"


class Local:
    """This computer, treated like any board."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = default_root() if root is None else root

    @property
    def root(self) -> str:
        return str(self._root)

    def run(
        self,
        command: Sequence[str],
        stdin: str = "",
        on_line: Callable[[str], None] | None = None,
    ) -> Outcome:
        try:
            begun = process.start(command)
        except OSError as error:
            raise BoardError(f"local: cannot run {command[0]}: {error.strerror}") from error
        return process.attend(begun, stdin, on_line)

    def put(
        self,
        files: Mapping[str, Path],
        folder: str,
        on_bytes: Callable[[int], object] = lambda count: None,
    ) -> None:
        base = Path(folder)
        for name, source in files.items():
            target = base / name
            fresh = target.with_name(f".{target.name}.part")
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, fresh)
                fresh.replace(target)
                on_bytes(source.stat().st_size)
            except OSError as error:
                fresh.unlink(missing_ok=True)
                raise BoardError(f"local: cannot write {target}: {error.strerror}") from error

    def get(self, folder: str, into: Path) -> None:
        into.mkdir(parents=True, exist_ok=True)
        for source in sorted(Path(folder).glob("*")):
            if source.is_file():
                shutil.copyfile(source, into / source.name)

    def hold(self, command: Sequence[str]) -> ContextManager[str]:
        return child.hold(command)

    def close(self) -> None:
        pass
