"""``inference.yml``: what PaddleOCR 3 writes beside an exported network.

Written by its tools/export_model.py and read by PaddleX (paddlex/inference/models), whose names of
steps these are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

import yaml

from opt_models.errors import OptError
from opt_models.importing import config_values as values
from opt_models.importing.config_values import Triple

#: The largest published one, with 18,708 characters, has 169 kB.
_MAX_BYTES = 8 << 20
#: Exported files are six deep: PreProcess, transform_ops, a step, its operator, a list of numbers.
_DEEPEST = 50
#: All values stay the texts they are in the file, such as the characters "1", "y" and "~", which
#: YAML takes for a number, a truth value and nothing. The loader in C is six times as fast.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
#: Steps that bring a line of text to a size, given as channels, height and width.
_LINES = ("RecResizeImg", "SVTRRecResizeImg", "ClsResizeImg")


@dataclass(frozen=True)
class InferenceConfig:
    """How a network is fed and read; None for what the file does not say.

    Attributes:
        model_name: as PaddleOCR calls it.
        mean, std: of the pixels scaled to 0..1, in channel order.
        channel_order: ``BGR`` or ``RGB``.
        image_shape: channels, height and width of the input.
        characters: of a recogniser, in the order of its classes.
        labels: of a classifier, in the order of its classes: ``0_degree`` and ``180_degree``.
        threshold, box_threshold, unclip_ratio: of a detector.
    """

    model_name: str = ""
    mean: Triple | None = None
    std: Triple | None = None
    channel_order: str | None = None
    image_shape: tuple[int, int, int] | None = None
    characters: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    threshold: float | None = None
    box_threshold: float | None = None
    unclip_ratio: float | None = None


def read(path: Path) -> InferenceConfig:
    """Read the file.

    Raises:
        OptError: it is damaged, or none of these.
    """
    if path.stat().st_size > _MAX_BYTES:
        raise OptError(f"{path}: is too large for PaddleOCR's inference.yml; give the exported one")
    try:
        text = path.read_bytes()
        _check_depth(text)
        return _parse(yaml.load(text, Loader=_LOADER))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise OptError(f"{path}: is no YAML ({reason}); copy or export it again") from error
    except ValueError as error:
        raise OptError(
            f"{path}: is damaged: {error}; copy or export it again, or remove it and give what it"
            " says by options"
        ) from error


def _check_depth(text: bytes) -> None:
    """Refuse deep nesting: under Python 3.9 libyaml's loader, which recurses, ends the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise yaml.YAMLError(f"nested more than {_DEEPEST} deep")


def _parse(data: object) -> InferenceConfig:
    file = values.mapping(data, "the file")
    steps = _steps(values.mapping(file.get("PreProcess"), "PreProcess"))
    after = values.mapping(file.get("PostProcess"), "PostProcess")
    classes = values.mapping(after.get("Topk"), "Topk")
    mean, std = _normalisation(steps.get("NormalizeImage", {}))
    return InferenceConfig(
        model_name=_name(values.mapping(file.get("Global"), "Global")),
        mean=mean,
        std=std,
        channel_order=_order(steps.get("DecodeImage", {}), bool(classes)),
        image_shape=_shape(steps),
        characters=values.optional(values.texts, after, "character_dict"),
        labels=values.optional(values.texts, classes, "label_list"),
        threshold=values.optional(values.fraction, after, "thresh"),
        box_threshold=values.optional(values.fraction, after, "box_thresh"),
        unclip_ratio=values.optional(values.positive, after, "unclip_ratio"),
    )


def _name(settings: Mapping[str, object]) -> str:
    return values.optional(values.text, settings, "model_name") or ""


def _steps(before: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    """Steps before the network by name; each is a mapping with one key, or a bare name."""
    rows = before.get("transform_ops", [])
    if not isinstance(rows, list):
        raise ValueError("transform_ops is no list")
    steps: dict[str, Mapping[str, object]] = {}
    for row in rows:
        for name, value in (row if isinstance(row, dict) else {str(row): None}).items():
            steps[name] = values.mapping(value, name)
    return steps


def _order(decode: Mapping[str, object], classifies: bool) -> str | None:
    """The channels' order: named, but for classifiers, which PaddleX gives RGB always."""
    mode = values.optional(values.text, decode, "img_mode")
    if mode not in ("BGR", "RGB", None):
        raise ValueError(f"img_mode is {mode!r}, expected BGR or RGB")
    return "RGB" if mode is None and classifies else mode


def _normalisation(step: Mapping[str, object]) -> tuple[Triple | None, Triple | None]:
    """Mean and deviation of pixels in 0..1: ``(scale x - mean) / std`` of pixels in 0..255."""
    mean, std = (values.optional(values.triple, step, name) for name in ("mean", "std"))
    if std is not None and min(std) <= 0:
        raise ValueError(f"std is {list(std)}, expected numbers above 0")
    unit = 255 * (values.optional(values.quotient, step, "scale") or 1 / 255)
    # A scale written with few digits means the whole range, too.
    unit = 1.0 if abs(unit - 1) < 1e-3 else unit
    return _divided(mean, unit), _divided(std, unit)


def _divided(triple: Triple | None, unit: float) -> Triple | None:
    return triple and (triple[0] / unit, triple[1] / unit, triple[2] / unit)


def _shape(steps: Mapping[str, Mapping[str, object]]) -> tuple[int, int, int] | None:
    """Of lines, where it is named; of classifiers, which name width and height."""
    for name in _LINES:
        shape = values.optional(values.sizes, steps.get(name, {}), "image_shape")
        if shape is not None:
            if len(shape) != 3:
                raise ValueError(f"image_shape has {len(shape)} sizes, expected 3")
            return shape[0], shape[1], shape[2]
    size = values.optional(values.sizes, steps.get("ResizeImage", {}), "size")
    if size is None:
        return None
    # One number stands for both.
    return 3, size[-1], size[0]
