"""Places: folders of the user's that are written whole, in place of an older one of their kind."""

from __future__ import annotations

import glob
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, TypeVar

from lite_runner.releases import durable
from opt_models.errors import CatalogError
from opt_models.store import cache
from opt_models.store.content_key import content_key

_T = TypeVar("_T")


@dataclass(frozen=True)
class OutputFolder:
    """A folder for something that is made.

    Attributes:
        folder: it may not exist yet.
        mark: the file every such folder has; what lacks it is not replaced.
        kind: what it holds, for errors: ``"a pack"``.
    """

    folder: Path
    mark: str
    kind: str

    def check(self) -> None:
        """Refuse a place where nothing can go; worth asking before anything is made.

        Raises:
            CatalogError: something of another kind lies there, which is left alone.
        """
        if self.folder == Path.cwd():
            raise CatalogError(
                f"--out {self.folder}: is where you are; give a folder that may be replaced"
            )
        there = self.folder.exists()
        free = not there or (self.folder.is_dir() and not any(self.folder.iterdir()))
        if not free and not (self.folder / self.mark).is_file():
            raise CatalogError(
                f"--out {self.folder}: is there and is not {self.kind}; choose another folder"
            )

    def write(self, fill: Callable[[Path], object], read: Callable[[Path], _T]) -> _T:
        """Put a new folder there; ``fill`` makes it at the path it is given.

        Returns:
            what ``read`` makes of the folder before another process may replace it.

        The older one is there, or the new one, whole. Where these cannot change places in one step,
        one may be killed between the two: the next call puts the older one back first.

        Raises:
            CatalogError: something of another kind lies there, or the place cannot be written.
        """
        folder = self.folder
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            held = f"writes/{content_key(str(folder))}"
            with cache.lock(held, f"another process is writing {folder}; waiting for it"):
                self.check()
                self._clean()
                self._replace(fill)
                return read(folder)
        except OSError as error:
            # copytree collects what went wrong: (from, to, why) for each file.
            many = error.args[0] if error.args and isinstance(error.args[0], list) else None
            why = many[0][2] if many else error.strerror or error
            raise CatalogError(
                f"--out {folder}: cannot be written ({why}); choose another"
            ) from error

    def _replace(self, fill: Callable[[Path], object]) -> None:
        fresh = Path(tempfile.mkdtemp(prefix=self._prefix, dir=self.folder.parent))
        try:
            fill(fresh / "new")
            durable.put(fresh / "new", self.folder, fresh / "old")
        finally:
            self._restore(fresh)
            shutil.rmtree(fresh, ignore_errors=True)

    def _clean(self) -> None:
        """Put right what a killed process left; under the lock nobody else is at work here."""
        for fresh in self.folder.parent.glob(f"{glob.escape(self._prefix)}*"):
            # Whatever else a user may keep under such a name is not ours to remove.
            if fresh.is_dir() and {entry.name for entry in fresh.iterdir()} <= {"new", "old"}:
                self._restore(fresh)
                shutil.rmtree(fresh, ignore_errors=True)

    @property
    def _prefix(self) -> str:
        """What the name of a folder begins with in which a new one is on its way."""
        return f".lite-ocr-{self.folder.name}-"

    def _restore(self, fresh: Path) -> None:
        if (fresh / "old").exists() and not self.folder.exists():
            (fresh / "old").rename(self.folder)
