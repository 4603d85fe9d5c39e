"""Shared libraries: which machine they are for, what they need of it and what they compute with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Mapping

import numpy as np
from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
from elftools.elf.sections import SymbolTableSection

from cross_build.errors import BoardError
from lite_runner.errors import LiteError

#: ELF's names of machines, by what ``uname -m`` calls them.
_MACHINES = {"EM_X86_64": "x86_64", "EM_AARCH64": "aarch64", "EM_ARM": "armv7l"}
#: FMLA in fp16 on aarch64, by vector and by element: bits that are fixed, and their values (Arm
#: Architecture Reference Manual, C7.2, FEAT_FP16).
_HALF_PRODUCTS = ((0xBFE0FC00, 0x0E400C00), (0xBFC0F400, 0x0F001000))
_MAGIC = b"\x7fELF"
_EXECUTABLE = SH_FLAGS.SHF_EXECINSTR


@dataclass(frozen=True)
class Elf:
    """One shared library.

    Attributes:
        path: of the file.
        machine: as ``uname -m`` calls it.
        needed: libraries it is loaded with (``NEEDED``).
        versions: the highest version it needs of each set of symbols: ``{"GLIBC": (2, 34)}``.
        page: bytes that its segments are aligned to at least; no system with larger pages loads it.
    """

    path: Path
    machine: str
    needed: tuple[str, ...]
    versions: Mapping[str, tuple[int, ...]]
    page: int


def read(path: Path) -> Elf:
    """Look at a library.

    Raises:
        LiteError: it is none, or damaged.
    """
    try:
        with path.open("rb") as file:
            elf = ELFFile(file)
            sections = list(elf.iter_sections())
            machine = _MACHINES.get(elf["e_machine"], str(elf["e_machine"]))
            needed = [
                str(tag.needed)  # type: ignore[attr-defined]
                for section in sections
                if isinstance(section, DynamicSection)
                for tag in section.iter_tags("DT_NEEDED")
            ]
            names = [
                version.name
                for section in sections
                if isinstance(section, GNUVerNeedSection)
                for _, versions in section.iter_versions()
                for version in versions
            ]
            loads = [segment["p_align"] for segment in elf.iter_segments("PT_LOAD")]
    except (ELFError, OSError, ValueError, KeyError) as error:
        raise LiteError(f"{path}: is not a whole shared library ({error})") from error
    return Elf(path, machine, tuple(needed), _highest(names), min(loads, default=1))


def exports(path: Path) -> list[tuple[str, str]]:
    """(name, ``function`` or ``object``) of each symbol a library offers to others.

    Raises:
        LiteError: it is none, or damaged.
    """
    # STT_LOOS is GNU's indirect function, chosen when it is loaded: to others it is a function.
    kinds = {"STT_FUNC": "function", "STT_LOOS": "function", "STT_OBJECT": "object"}
    try:
        with path.open("rb") as file:
            return sorted(
                {
                    (symbol.name, kinds[symbol["st_info"]["type"]])
                    for section in ELFFile(file).iter_sections("SHT_DYNSYM")
                    if isinstance(section, SymbolTableSection)
                    for symbol in section.iter_symbols()
                    if symbol["st_shndx"] != "SHN_UNDEF"
                    and symbol["st_info"]["bind"] in ("STB_GLOBAL", "STB_WEAK")
                    and symbol["st_info"]["type"] in kinds
                }
            )
    except (ELFError, OSError, ValueError, KeyError) as error:
        raise LiteError(f"{path}: is not a whole shared library ({error})") from error


def below(folder: Path) -> list[Elf]:
    """Every library and program in a folder and those below it.

    Raises:
        LiteError: one is damaged.
    """
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [read(path) for path in files if _begins(path) == _MAGIC]


def half_products(path: Path) -> int:
    """How often a library for aarch64 multiplies and adds in fp16, in its code.

    Its names may have been stripped, its instructions cannot. Constants among the code may look
    like one.

    Raises:
        LiteError: it is no library, or damaged.
    """
    try:
        with path.open("rb") as file:
            parts = [
                section.data()
                for section in ELFFile(file).iter_sections()
                if section["sh_type"] == "SHT_PROGBITS" and section["sh_flags"] & _EXECUTABLE
            ]
    except (ELFError, OSError, ValueError, KeyError) as error:
        raise LiteError(f"{path}: is not a whole shared library ({error})") from error
    count = 0
    for data in parts:
        words = np.frombuffer(data, "<u4", len(data) // 4)
        count += sum(int((words & mask == value).sum()) for mask, value in _HALF_PRODUCTS)
    return count


def check(
    libraries: Iterable[Elf],
    machine: str,
    has: Mapping[str, tuple[int, ...]],
    board: str,
    hint: str = "use a newer system there",
) -> None:
    """Refuse libraries that a board could not load.

    Args:
        libraries: that go onto it.
        machine: what ``uname -m`` says there.
        has: the highest version of each set of symbols it has, as far as it is known.
        board: its name, for the error.
        hint: what to do about a system that is too old.

    Raises:
        BoardError: names the library, what it needs and what the board has.
    """
    for library in libraries:
        name = library.path.name
        if library.machine != machine:
            raise BoardError(
                f"{board}: {name} is for {library.machine}, the board is {machine}; choose another"
                " --runtime or --target"
            )
        for symbols, version in library.versions.items():
            if symbols in has and version > has[symbols]:
                raise BoardError(
                    f"{board}: {name} needs {symbols}_{_dotted(version)}, the board has"
                    f" {symbols}_{_dotted(has[symbols])}; {hint}"
                )


def _begins(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_MAGIC))


def _highest(names: Iterable[str]) -> dict[str, tuple[int, ...]]:
    highest: dict[str, tuple[int, ...]] = {}
    for name in names:
        symbols, _, number = name.rpartition("_")
        if symbols and all(part.isdecimal() for part in number.split(".")):
            version = tuple(int(part) for part in number.split("."))
            highest[symbols] = max(highest.get(symbols, ()), version)
    return highest


def _dotted(version: Iterable[int]) -> str:
    return ".".join(map(str, version))
