"""Kinds of input: from which seeds, how they are changed, and what reads them.

The seeds were written by the writers of the other tests, apart from the code that reads them.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from cross_build.boards.answers import probed, releases, results
from cross_build.boards.answers.answer import parse
from cross_build.deploys import history
from lite_runner import pack
from lite_runner.errors import ImageError
from lite_runner.pictures.document import Document
from lite_runner.releases import install, release
from opt_models.formats import nb, pir
from opt_models.importing import inference_yml, onnx_file, onnx_import
from opt_models.packs import dictionary
from opt_models.store import archive, config, wheels
from tests.fuzz import mutation

SEEDS = Path(__file__).parent / "seeds"


@dataclass(frozen=True)
class Kind:
    """One kind of input.

    Attributes:
        seeds: names of files in ``seeds/``.
        mutate: makes another input of a seed's bytes.
        read: reads the file that the input was written to; its folder is empty but for
            what ``beside`` put there.
        beside: the folder of ``seeds/`` whose files lie beside the input.
        weight: how many inputs, as a share of those of other kinds; less for slow ones.
    """

    seeds: tuple[str, ...]
    mutate: Callable[[bytes, random.Random], bytes]
    read: Callable[[Path], object]
    beside: str = ""
    weight: float = 1.0


def _answer(read: Callable[..., object]) -> Callable[[Path], object]:
    return lambda path: read(parse(path.read_text("utf-8", "replace"), "board: answer"))


def _unpacked(unpack: Callable[[Path, Path], object]) -> Callable[[Path], object]:
    def read(path: Path) -> None:
        folder = path.parent / "inner" / "unpacked"
        folder.mkdir(parents=True)
        try:
            unpack(path, folder)
        finally:
            outside = [one.name for one in path.parent.iterdir()]
            inside = [one.name for one in folder.parent.iterdir()]
            shutil.rmtree(folder.parent)
            if sorted(outside) != sorted([path.name, "inner"]) or inside != ["unpacked"]:
                raise AssertionError(f"{outside}, {inside}: something was written outside")

    return read


def _onnx(path: Path) -> None:
    onnx_import.characters(path)
    onnx_file.load(path)


def _release(path: Path) -> None:
    """As the manifest of the release in use: whatever it is, a board tells its status."""
    root = path.parent / "board"
    folder = root / "releases" / "a1"
    folder.mkdir(parents=True)
    (folder / release.MANIFEST).write_bytes(path.read_bytes())
    (root / "current").symlink_to("releases/a1")
    try:
        release.status(root)
        release.known(root, "a1")
        release.compare(root, {"files": {}})
    finally:
        shutil.rmtree(root)


def _pages(path: Path) -> None:
    """Each page is read or refused, whatever became of those before it."""
    document = Document(path.read_bytes())
    problems: list[ImageError] = []
    for number in range(1, min(document.count, 4) + 1):
        try:
            document.page(number)
        except ImageError as error:
            problems.append(error)
    if problems:
        raise problems[0]


def _archive(path: Path) -> None:
    path.rename(path.with_name(release.MANIFEST))
    install._manifest(path.parent, None)


KINDS = {
    "result line": Kind(
        ("result.json",),
        mutation.json_of,
        lambda path: results.picture(path.read_text("utf-8", "replace"), "board"),
    ),
    "status": Kind(("status.json",), mutation.json_of, _answer(releases.status)),
    "proof": Kind(
        ("status.json",),
        mutation.json_of,
        _answer(lambda answer: releases.proof(answer["verified"])),
    ),
    "probe": Kind(("probe.json",), mutation.json_of, _answer(probed.facts)),
    "packages": Kind(("packages.json",), mutation.json_of, _answer(probed.packages)),
    "bundle.json": Kind(("bundle.json",), mutation.json_of, _release),
    "archive's manifest": Kind(("archive.json",), mutation.json_of, _archive),
    "record": Kind(("record.json",), mutation.json_of, lambda path: history.known()),
    "pack.json": Kind(
        ("pack/pack.json",), mutation.json_of, lambda path: pack.load(path.parent), "pack", 0.5
    ),
    ".nb": Kind(("layout0.nb", "layout1.nb", "layout2.nb"), mutation.bytes_of, nb.read),
    "ONNX": Kind(("conv.onnx",), mutation.bytes_of, _onnx),
    "PIR": Kind(("inference.json",), mutation.json_of, pir.read),
    "inference.yml": Kind(("inference.yml",), mutation.bytes_of, inference_yml.read, weight=0.3),
    "wheel": Kind(
        ("stored.whl", "deflated.whl", "bzip2.whl", "lzma.whl"),
        mutation.bytes_of,
        _unpacked(wheels.unpack),
    ),
    "tar": Kind(("plain.tar", "packed.tar.gz"), mutation.bytes_of, _unpacked(archive.unpack)),
    "pages": Kind(("frames.gif", "pages.tif"), mutation.bytes_of, _pages),
    "dictionary": Kind(("dictionary.txt",), mutation.bytes_of, dictionary.read),
    "config.toml": Kind(("config.toml",), mutation.bytes_of, lambda path: config.current()),
}
