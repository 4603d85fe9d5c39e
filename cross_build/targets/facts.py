"""Facts: what a board is, by its own word or by what is known of its system."""

from __future__ import annotations

from dataclasses import dataclass

from cross_build.targets.targets import System, Target


@dataclass(frozen=True)
class Facts:
    """What a board says of itself, or what is known of a system in its stead.

    Attributes:
        machine: as ``uname -m``, of its programs.
        system: kernel and C library, for people.
        glibc: version of the C library.
        python: version of its interpreter, ``"3.10"``.
        executable: the interpreter's path or name.
        glibcxx: newest version of the C++ library's symbols, N of ``GLIBCXX_3.4.N``, if known.
        cores: how many.
        features: of the processor, as ``/proc/cpuinfo`` calls them; None where they are not known.
        model: what its device tree calls the board; empty where there is none.
        missing: libraries that were asked for and are not there.
        noexec: where the file system of the folder of releases is mounted if it runs no programs;
            empty if it does.
        packages: the system's own that are used, with their versions, as ``"numpy 1.24.2"``.
    """

    machine: str
    system: str
    glibc: tuple[int, int]
    python: str
    executable: str
    glibcxx: int | None = None
    cores: int = 1
    features: frozenset[str] | None = None
    model: str = ""
    missing: tuple[str, ...] = ()
    noexec: str = ""
    packages: tuple[str, ...] = ()

    @property
    def symbols(self) -> dict[str, tuple[int, ...]]:
        """The highest versions of symbols that libraries find, by their names."""
        versions: dict[str, tuple[int, ...]] = {"GLIBC": self.glibc}
        if self.glibcxx is not None:
            versions["GLIBCXX"] = (3, 4, self.glibcxx)
        return versions


def usual(target: Target, system: System) -> Facts:
    """What a board of a target says that runs a certain system, to build without one."""
    return Facts(
        machine=target.machine,
        system=system.about,
        glibc=system.glibc,
        python=system.python,
        executable=f"python{system.python}",
        glibcxx=system.glibcxx,
        cores=sum(cores.count for cores in target.cores) or target.threads,
        # Of "any board" nothing is known.
        features=frozenset(target.features) if target.cores else None,
    )
