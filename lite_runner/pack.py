"""Packs: folders with the models, dictionary and settings of one reader, listed in pack.json."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence, Tuple

from lite_runner.errors import PackError
from lite_runner.pack_file import FileRef, GoldenEntry, NetworkEntry, PackFile, RecogniserEntry
from lite_runner.releases import settings
from lite_runner.releases.release import sha256

#: Version of the pack.json layout; raised when an older runner could no longer read it.
SCHEMA = 1
#: Lists what a pack's folder holds.
FILE = "pack.json"

Triple = Tuple[float, float, float]


@dataclass(frozen=True)
class Network:
    """One ``.nb`` model and how its input is made.

    Attributes:
        path: the ``.nb`` file.
        source: the published model it was made from.
        precision: ``fp32``, ``fp16``, ``int8`` or ``int16``.
        opt: the Paddle-Lite release whose opt wrote it; empty where the pack does not say.
        folded: what was folded before opt, by pass of ``opt_models.folding``: how many changes.
        shape: input (height, width); a detector's are upper limits, a recogniser's width is the
            one it was trained at.
        mean, std: normalisation in channel order, for pixels scaled to 0..1.
        order: channel order, ``BGR`` or ``RGB``.
        fixed_width: of a recogniser: it takes lines of the width in ``shape`` only, as exported
            with reshapes to so many steps. Lines are padded to it, longer ones read in segments.
        fixed_size: of a detector: it takes pictures of exactly ``shape`` only. They are scaled to
            fit and padded.
        fixed_batch: it takes one input at a time.
    """

    path: Path
    source: str
    precision: str
    opt: str
    folded: Mapping[str, int]
    shape: tuple[int, int]
    mean: Triple
    std: Triple
    order: str
    fixed_width: bool = False
    fixed_size: bool = False
    fixed_batch: bool = False


@dataclass(frozen=True)
class Detector:
    """Text detector with the settings of its post-processing (DB, https://arxiv.org/abs/1911.08947).

    Attributes:
        threshold: a pixel is text where its probability is above this.
        box_threshold: a region is kept where its mean probability is at least this.
        unclip_ratio: how far regions, which the network shrinks, are grown again.
        min_side: pictures with a shorter side below this are scaled up to it.
        max_side: pictures with a longer side above this are scaled down to it, and looked at closer
            where that has made text too small.
        dilate: grow the thresholded map by one pixel, to join broken strokes.
    """

    network: Network
    threshold: float
    box_threshold: float
    unclip_ratio: float
    min_side: int
    max_side: int
    dilate: bool


@dataclass(frozen=True)
class Classifier:
    """Text direction classifier; lines it finds upside down with this probability are turned."""

    network: Network
    threshold: float


@dataclass(frozen=True)
class Recogniser:
    """Text recogniser and its decoding.

    Attributes:
        outputs: ``softmax`` (one output, NxTxC) or ``ids+softmax`` (two with LoD: already decoded
            int64 ids, and TxC probabilities), as PP-OCR published them from V2.0 on and before.
        blank: class index of the CTC blank; negative counts from the end.
        offset: class index of the dictionary's first line.
        charset: the dictionary's lines, with the space last where the network knows one.
        direction: ``ltr``, or ``rtl`` for scripts from right to left: the network gives characters
            as they stand, and they are put into the order of reading
            (:mod:`lite_runner.ocr.recogniser.bidi`).
    """

    network: Network
    outputs: str
    blank: int
    offset: int
    charset: tuple[str, ...]
    direction: str = "ltr"


@dataclass(frozen=True)
class Golden:
    """A picture that every working deployment of the pack reads as exactly these lines."""

    image: Path
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Pack:
    """All a reader needs.

    Attributes:
        folder: where it lies.
        name: of the pack.
        lite_version: the Paddle-Lite release it was made for.
        runtimes: the releases it may run on: that one, unless it consists of published models that
            were verified on others too.
        arch: the processor it was made for, ``x86`` or ``arm``.
        processor: the only kind of that processor it is known to run on, such as ``armv8``; empty
            where it runs on all.
        detector, classifier, recogniser: the networks; the classifier may be missing.
        golden: what it must read.
        files: all that belongs to it; whatever else lies in its folder does not.
    """

    folder: Path
    name: str
    lite_version: str
    runtimes: tuple[str, ...]
    arch: str
    processor: str
    detector: Detector
    classifier: Classifier | None
    recogniser: Recogniser
    golden: Golden
    files: tuple[Path, ...]

    @property
    def networks(self) -> dict[str, Network]:
        """By stage: ``det``, ``cls`` (may be missing) and ``rec``."""
        networks = {"det": self.detector.network}
        if self.classifier is not None:
            networks["cls"] = self.classifier.network
        networks["rec"] = self.recogniser.network
        return networks


def of_this_release() -> Path | None:
    """The pack of the bundle this runner lies in, if it lies in one."""
    folder = settings.home() / "pack"
    return folder if folder.is_dir() else None


def load(folder: str | Path) -> Pack:
    """Read and check the pack in ``folder``: every file present, with the recorded sha256.

    Files are regular ones: a link in a stranger's pack may lead to anything of the user's.

    Raises:
        PackError: what is missing or differs, and how to get a good pack again.
    """
    root = Path(folder)
    try:
        _check_regular(root, FILE)
        text = (root / FILE).read_bytes()
    except OSError as error:
        raise PackError(
            f"pack {root}: cannot read pack.json ({error.strerror}); give a folder made by"
            " 'lite-ocr deploy' or 'lite-ocr pack'"
        ) from error
    try:
        data: PackFile = json.loads(text)
        schema = data["schema"]
        if schema != SCHEMA:
            raise PackError(
                f"pack {root}: layout {schema}, this runner reads {SCHEMA}; make or deploy it again"
            )
        return _parse(root, data)
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise PackError(
            f"pack {root}: pack.json is damaged ({type(error).__name__}: {error}); make or deploy"
            " it again"
        ) from error


def _parse(root: Path, data: PackFile) -> Pack:
    det, cls, rec = data["det"], data.get("cls"), data["rec"]
    return Pack(
        folder=root,
        name=str(data["name"]),
        lite_version=str(data["lite_version"]),
        runtimes=tuple(map(str, data.get("runtimes", [data["lite_version"]]))),
        arch=str(data["arch"]),
        processor=str(data.get("processor", "")),
        detector=Detector(
            network=_network(root, det),
            threshold=float(det["threshold"]),
            box_threshold=float(det["box_threshold"]),
            unclip_ratio=float(det["unclip_ratio"]),
            min_side=int(det["min_side"]),
            max_side=int(det["max_side"]),
            dilate=bool(det["dilate"]),
        ),
        classifier=None
        if cls is None
        else Classifier(_network(root, cls), float(cls["threshold"])),
        recogniser=_recogniser(root, rec, data["dictionary"]),
        golden=_golden(root, data["golden"]),
        files=_files(root, data),
    )


def _golden(root: Path, data: GoldenEntry) -> Golden:
    picture = _file(root, {"file": data["image"], "sha256": data["sha256"]})
    return Golden(picture, tuple(map(str, data["lines"])))


def _network(root: Path, data: NetworkEntry) -> Network:
    height, width = data["shape"]
    if data["order"] not in ("BGR", "RGB"):
        raise ValueError(f"channel order {data['order']!r}")
    return Network(
        path=_file(root, data),
        source=str(data["source"]),
        precision=str(data["precision"]),
        opt=str(data.get("opt", "")),
        folded={str(key): int(count) for key, count in data.get("folded", {}).items()},
        shape=(int(height), int(width)),
        mean=_triple(data["mean"]),
        std=_triple(data["std"]),
        order=str(data["order"]),
        fixed_width=_flag("fixed_width", data.get("fixed_width", False)),
        fixed_size=_flag("fixed_size", data.get("fixed_size", False)),
        fixed_batch=_flag("fixed_batch", data.get("fixed_batch", False)),
    )


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} {value!r}")
    return value


def _recogniser(root: Path, data: RecogniserEntry, dictionary: FileRef) -> Recogniser:
    path = _file(root, dictionary)
    charset = read_dictionary(path)
    if data["space"]:
        charset += (" ",)
    classes = int(data["classes"])
    if len(charset) + 1 != classes:
        raise PackError(
            f"pack {root}: dictionary {path.name} gives {len(charset)} characters and a blank, the"
            f" recogniser has {classes} classes; use the dictionary it was trained with"
        )
    if data["outputs"] not in ("softmax", "ids+softmax"):
        raise ValueError(f"outputs {data['outputs']!r}")
    direction = data.get("direction", "ltr")
    if direction not in ("ltr", "rtl"):
        raise ValueError(f"direction {direction!r}")
    return Recogniser(
        network=_network(root, data),
        outputs=str(data["outputs"]),
        blank=int(data["blank"]),
        offset=int(data["offset"]),
        charset=charset,
        direction=direction,
    )


def read_dictionary(path: Path) -> tuple[str, ...]:
    """A dictionary's characters, one a line. Only line ends are cut: some lines are odd spaces."""
    lines = path.read_bytes().decode("utf-8-sig").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return tuple(line[:-1] if line.endswith("\r") else line for line in lines)


def _files(root: Path, data: PackFile) -> tuple[Path, ...]:
    """Every file that pack.json names, and itself."""
    cls = data.get("cls")
    names = [
        data["det"]["file"],
        *([] if cls is None else [cls["file"]]),
        data["rec"]["file"],
        data["dictionary"]["file"],
        data["golden"]["image"],
    ]
    others = [_file(root, entry) for entry in data.get("others", ())]
    return tuple(dict.fromkeys((root / FILE, *(_path(root, name) for name in names), *others)))


def _path(root: Path, file_name: str) -> Path:
    name = str(file_name)
    if name == ".." or Path(name).name != name or not name.isprintable():
        raise ValueError(f"file name {name!r} leaves the pack")
    return root / name


def _file(root: Path, data: FileRef) -> Path:
    """The named file of the pack, checked against its hash."""
    path = _path(root, data["file"])
    name = path.name
    try:
        _check_regular(root, name)
        actual = sha256(path)
    except OSError as error:
        raise PackError(
            f"pack {root}: {name} cannot be read ({error.strerror}); make or deploy it again"
        ) from error
    if actual != data["sha256"]:
        raise PackError(
            f"pack {root}: {name} has sha256 {actual[:12]}..., pack.json says"
            f" {str(data['sha256'])[:12]}...; it was changed or damaged: make or deploy it again"
        )
    return path


def _check_regular(root: Path, name: str) -> None:
    if not stat.S_ISREG((root / name).lstat().st_mode):
        raise PackError(
            f"pack {root}: {name} is a link or no file at all, packs hold regular files only; if"
            " you trust it, put a copy of what it leads to in its place"
        )


def _triple(values: Sequence[float]) -> Triple:
    first, second, third = values
    return float(first), float(second), float(third)
