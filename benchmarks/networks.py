"""The networks that are measured: as packs have them, and as ONNX for ONNX Runtime."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Collection, Sequence, Tuple

from cross_build.bench.peers import weights
from opt_models.catalog import catalog, fetch
from opt_models.folding.fold import fold
from opt_models.formats.inference_model import ModelFiles
from opt_models.packs import convert
from opt_models.paddlelite import opt

#: NCHW.
Shape = Tuple[int, int, int, int]
#: What every network is measured as.
SIDES = NOT_FOLDED, FOLDED = "not folded", "folded"


@dataclass(frozen=True)
class Measured:
    """One network and the inputs it is measured with.

    Attributes:
        name: of the model in the catalog.
        stage: ``det``, ``cls`` or ``rec``.
        x86: shape of the input on this computer.
        arm: shape of the input on an emulated core, which takes a hundred times as long.
    """

    name: str
    stage: str
    x86: Shape
    arm: Shape

    def shape(self, arch: str) -> Shape:
        """Of the input, for ``x86`` or ``arm``."""
        return self.x86 if arch == "x86" else self.arm


def _detector(name: str) -> Measured:
    return Measured(name, "det", (1, 3, 640, 640), (1, 3, 320, 320))


def _of_line(name: str, stage: str, height: int, width: int) -> Measured:
    return Measured(name, stage, (1, 3, height, width), (1, 3, height, width))


NETWORKS = (
    _detector("ch_PP-OCRv4_det"),
    _of_line("ch_PP-OCRv4_rec", "rec", 48, 320),
    _of_line("ch_ppocr_mobile_v2.0_cls", "cls", 48, 192),
    _detector("PP-OCRv5_mobile_det"),
    _of_line("PP-OCRv5_mobile_rec", "rec", 48, 320),
    _of_line("PP-LCNet_x1_0_textline_ori", "cls", 80, 160),
    _detector("PP-OCRv6_tiny_det"),
    _of_line("PP-OCRv6_tiny_rec", "rec", 48, 320),
    _detector("PP-OCRv6_small_det"),
    _of_line("PP-OCRv6_small_rec", "rec", 48, 320),
)


def add_option(parser: argparse.ArgumentParser) -> None:
    """Let the user choose networks, for :func:`chosen`."""
    names = [network.name for network in NETWORKS]
    parser.add_argument("--network", action="append", choices=names, help="instead of all")


def chosen(names: Sequence[str] | None) -> list[Measured]:
    """The networks of some names, in their own order; all if no name is given."""
    return [network for network in NETWORKS if not names or network.name in names]


def named(name: str) -> Measured:
    """The network of a name in the catalog."""
    return next(network for network in NETWORKS if network.name == name)


def onnx(network: Measured) -> Path:
    """The network's ONNX file; fetched on first use.

    Raises:
        FetchError: it cannot be had.
    """
    return weights.network(network.name)


@dataclass(frozen=True)
class Builder:
    """Makes ``.nb`` files for one kind of processor.

    Attributes:
        arch: ``x86`` or ``arm``.
        folder: for the files.
    """

    arch: str
    folder: Path

    def sides(self, network: Measured, left_out: Collection[str] = ()) -> dict[str, Path]:
        """The ``.nb`` files to compare, by what they are.

        Args:
            network: to build.
            left_out: passes of folding that one more side each does without.

        Raises:
            OptError: the network cannot be imported or converted.
            FetchError: it cannot be had.
        """
        folder = self.folder / network.name
        folder.mkdir()
        files = convert.read(fetch.exported(catalog.model(network.name)), folder).files
        sides = dict(zip(SIDES, (files, self._folded(network, files, ()))))
        for name in left_out:
            sides[f"{FOLDED} without {name}"] = self._folded(network, files, (name,))
        return {side: self._optimised(given, folder, side) for side, given in sides.items()}

    def _folded(self, network: Measured, files: ModelFiles, without: Collection[str]) -> ModelFiles:
        stem = _file_name("-".join([FOLDED, *without]))
        folder = self.folder / network.name
        target = ModelFiles(folder / f"{stem}.pdmodel", folder / f"{stem}.pdiparams")
        # Lines of text are all brought to one height, pictures are not.
        height = 0 if network.stage == "det" else network.shape(self.arch)[2]
        return target if fold(files, target, height, self.arch, without) else files

    def _optimised(self, files: ModelFiles, folder: Path, side: str) -> Path:
        target = folder / f"{_file_name(side)}.nb"
        opt.optimise(files.program, files.params, target, self.arch)
        return target


def _file_name(text: str) -> str:
    return text.replace(" ", "-")
