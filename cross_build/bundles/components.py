"""Components of a bundle: what is in it, of whom, under which licence, and how large it is."""

from __future__ import annotations

from dataclasses import dataclass
from email.parser import HeaderParser
from typing import Iterator

from cross_build.bundles.bundle import Bundle
from cross_build.bundles.paddlelite import Library
from cross_build.bundles.portable_python import PortablePython
from cross_build.markdown import code, escape
from lite_runner.releases.release import SYSTEM


@dataclass(frozen=True)
class Part:
    """One component.

    Attributes:
        name: of the component.
        version: empty where it has none.
        licence: as its own metadata says.
        files: how many.
        size: in bytes.
    """

    name: str
    version: str
    licence: str
    files: int
    size: int


def parts(bundle: Bundle, library: Library, system: PortablePython | None = None) -> list[Part]:
    """The components of a bundle for ARM; each of its files belongs to one."""
    sizes = {path: item.size for path, item in bundle.items.items()}
    version = str(bundle.about["lite_ocr"])
    groups = {
        "lite-ocr (runner)": (version, "Apache-2.0", ("app/", "ocr", "settings.json")),
        "lite-ocr (C ABI)": (version, "Apache-2.0", ("lib/liblite_capi.so",)),
        "Paddle-Lite": (library.runtime.release, "Apache-2.0", ("lib/libpaddle",)),
        f"models and dictionary: {bundle.about['pack']}": (
            "",
            "Apache-2.0 (PaddleOCR)",
            ("pack/",),
        ),
    }
    components = [
        _part(name, label, licence, [path for path in sizes if path.startswith(starts)], sizes)
        for name, (label, licence, starts) in groups.items()
    ]
    return [*components, *_packages(bundle, sizes), *_portable_python(system, sizes)]


def listing(
    bundle: Bundle, library: Library, about: str, system: PortablePython | None = None
) -> str:
    """The contents as Markdown.

    Args:
        bundle: with all the files.
        library: the runtime in it.
        about: what runs on the board.
        system: the one in it, if there is one.
    """
    rows = [("component", "version", "licence", "files", "bytes")]
    rows.append(("---", "---", "---", "---:", "---:"))
    components = parts(bundle, library, system)
    rows += [
        (
            component.name,
            component.version,
            component.licence,
            str(component.files),
            f"{component.size:,}",
        )
        for component in components
    ]
    total = (
        sum(component.files for component in components),
        sum(component.size for component in components),
    )
    rows.append(("all", "", "", str(total[0]), f"{total[1]:,}"))
    lines = [f"| {' | '.join(map(escape, row))} |" for row in rows]
    files = [
        f"- {code(path)} {item.size:,} {item.sha256}" for path, item in sorted(bundle.items.items())
    ]
    return "\n".join(
        [
            f"# Contents of release {bundle.name}",
            "",
            f"For {escape(str(bundle.about['target']))}, {escape(about)}, Python"
            f" {bundle.about['python']}. Packages"
            " carry their own licence texts in `site/*.dist-info/`.",
            "",
            *lines,
            "",
            "## Files: path, bytes, sha256",
            "",
            *files,
            "",
        ]
    )


def _packages(bundle: Bundle, sizes: dict[str, int]) -> Iterator[Part]:
    """Python packages, by their metadata and the files it lists."""
    left = {path for path in sizes if path.startswith("site/")}
    for path in sorted(left):
        if not path.endswith(".dist-info/METADATA"):
            continue
        folder = path.rpartition("/")[0]
        about = HeaderParser().parsestr(bundle.items[path].source.read_text(encoding="utf-8"))
        record = bundle.items[f"{folder}/RECORD"].source.read_text(encoding="utf-8")
        listed = {f"site/{line.split(',')[0]}" for line in record.splitlines()}
        own = sorted(left & listed)
        left -= listed
        licence = about["License-Expression"] or _classified(about.get_all("Classifier", []))
        licence = licence or (about["License"] or "see its dist-info").strip().splitlines()[0]
        yield _part(about["Name"], about["Version"], licence, own, sizes)
    if left:
        yield _part("other files of packages", "", "see dist-info", sorted(left), sizes)


def _portable_python(system: PortablePython | None, sizes: dict[str, int]) -> Iterator[Part]:
    """Debian's packages, and what starts them."""
    if system is None:
        return
    left = set(system.bundle.items)
    for package, paths in system.packages.items():
        left -= set(paths)
        text = f"see {SYSTEM}doc/{package.name}/copyright"
        yield _part(package.name, package.version, text, list(paths), sizes)
    yield _part("lite-ocr (start of Python)", "", "Apache-2.0", sorted(left), sizes)


def _classified(classifiers: list[str]) -> str:
    start = "License :: OSI Approved :: "
    return ", ".join(
        classifier[len(start) :] for classifier in classifiers if classifier.startswith(start)
    )


def _part(name: str, version: str, licence: str, paths: list[str], sizes: dict[str, int]) -> Part:
    return Part(name, version, licence, len(paths), sum(sizes[path] for path in paths))
