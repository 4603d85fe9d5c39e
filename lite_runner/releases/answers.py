"""Input and answers of a board's release manager and probe, as JSON.

Both are sent to boards as text and import nothing of ours there; these types are for whoever calls
them, on either side. Keys stay as they are: the manifests lie on boards.
"""

# ruff: noqa: UP045 - hosts resolve these hints, also with Python 3.9, which has no "X | None"
from __future__ import annotations

from typing import Optional, TypedDict

from lite_runner.releases.proof import Proof


class FileEntry(TypedDict):
    """A file of a release: its content, bytes, and mode as of ``chmod``."""

    sha256: str
    size: int
    mode: int


class _MayHaveSystem(TypedDict, total=False):
    #: Name of the release that brings the C library and the Python this one runs on.
    system: str
    #: When each file was last changed, in nanoseconds, once its hash was checked on the board.
    stamps: dict[str, int]


class Manifest(_MayHaveSystem):
    """``bundle.json``: the files of a release by their paths, besides what is for people."""

    files: dict[str, FileEntry]


class _MayNeed(TypedDict, total=False):
    python: str
    glibc: list[int]
    glibcxx: Optional[int]
    libraries: list[str]


class Needs(_MayNeed):
    """What a release needs of a board.

    Attributes:
        machine: ``uname -m``.
        python: version of Python, where its packages are built for one.
        glibc: oldest C library, major and minor version.
        glibcxx: oldest C++ library, N of ``GLIBCXX_3.4.N``.
        libraries: names of shared libraries the board must have itself.
    """

    machine: str


class ArchiveManifest(Manifest):
    """``bundle.json`` of an unpacked archive, with its release's name and needs."""

    release: str
    needs: Needs


class Facts(TypedDict):
    """What a board reports about itself.

    Attributes:
        machine: ``uname -m``; ``armv7l`` for a 32-bit system on a 64-bit kernel.
        system: the platform's name for itself.
        libc: the C library and its version; None where it has no name.
        python: major and minor version of the interpreter.
        executable: path of the interpreter.
        missing: libraries that were asked about and do not load.
        glibcxx: newest N of the C++ library's ``GLIBCXX_3.4.N``; None where there is none.
        cores: how many.
        features: of the processor; None where they are not known.
        model: what the device tree says; empty where there is none.
        noexec: where the file system of the folder of releases is mounted if it runs no programs;
            empty if it does.
    """

    machine: str
    system: str
    libc: Optional[str]
    python: str
    executable: str
    missing: list[str]
    glibcxx: Optional[int]
    cores: int
    features: Optional[list[str]]
    model: str
    noexec: str


class ReleaseState(TypedDict):
    """One release on a board.

    Attributes:
        intact: whether all its files are there as they were checked.
        verified: what its verification proved; None if there was none that can be read.
    """

    intact: bool
    verified: Optional[Proof]


class Status(ReleaseState):
    """What is in use on a board.

    Attributes:
        current: name of the release in use, whose state this is; None where there is none.
        previous: name of the release kept for rollback; None where there is none.
        free: bytes left on the file system.
    """

    current: Optional[str]
    previous: Optional[str]
    free: int


class MissingFiles(TypedDict):
    """Paths of a release's files that must be sent."""

    missing: list[str]


class Comparison(MissingFiles):
    """The same with the bytes left on the file system, without anything being staged."""

    free: int


class SealedFiles(TypedDict):
    """Paths of staged files that are not what the manifest says; sealed if there are none."""

    wrong: list[str]


class ReleasesInUse(TypedDict):
    """Names of the releases in use and kept for rollback after a switch."""

    current: str
    previous: Optional[str]


class Removal(TypedDict):
    """Whether there was anything to remove."""

    removed: bool


class Refusal(TypedDict):
    """Why a command did nothing."""

    error: str


class Nothing(TypedDict):
    """The empty answer of a command."""


class Installation(TypedDict):
    """Result of an archive's installer.

    Attributes:
        release: name of the release that is in use now.
        changed: False if it was in use already.
        proof: of its verification.
    """

    release: str
    changed: bool
    proof: Proof
