"""``inference.yml``: what PaddleOCR 3 writes beside an exported network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Tuple

import yaml

from opt_models.errors import OptError

#: The largest published one, with 18,708 characters, has 169 kB.
_MAX_BYTES = 8 << 20

Triple = Tuple[float, float, float]


@dataclass(frozen=True)
class InferenceConfig:
    """How a network is fed and read; None for what the file does not say.

    Attributes:
        model_name: as PaddleOCR calls it.
        mean, std: of the pixels scaled to 0..1, in channel order.
        channel_order: ``BGR`` or ``RGB``.
        image_shape: channels, height and width of the input.
        characters: of a recogniser, in the order of its classes.
        threshold, box_threshold, unclip_ratio: of a detector.
    """

    model_name: str = ""
    mean: Triple | None = None
    std: Triple | None = None
    channel_order: str | None = None
    image_shape: tuple[int, int, int] | None = None
    characters: tuple[str, ...] | None = None
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
        # BaseLoader: all values stay the texts they are in the file, such as the characters
        # "1", "y" and "~", which YAML takes for a number, a truth value and nothing.
        data = yaml.load(path.read_bytes(), Loader=yaml.BaseLoader)
        return _parse(data)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise OptError(f"{path}: is no YAML ({reason}); copy or export it again") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise OptError(
            f"{path}: is damaged ({type(error).__name__}: {error}); copy or export it again, or"
            " remove it and give what it says by options"
        ) from error


def _parse(data: Any) -> InferenceConfig:
    before = _transforms(data.get("PreProcess") or {})
    after = data.get("PostProcess") or {}
    normalise = before.get("NormalizeImage") or {}
    characters = after.get("character_dict")
    return InferenceConfig(
        model_name=str((data.get("Global") or {}).get("model_name", "")),
        mean=_triple(normalise.get("mean")),
        std=_triple(normalise.get("std")),
        channel_order=_order(before.get("DecodeImage") or {}, before),
        image_shape=_shape(before),
        characters=None if characters is None else _characters(characters),
        threshold=_fraction(after.get("thresh")),
        box_threshold=_fraction(after.get("box_thresh")),
        unclip_ratio=_positive(after.get("unclip_ratio")),
    )


def _transforms(stage: Mapping[str, Any]) -> dict[str, Any]:
    """Steps of the preprocessing by name; each is a mapping with one key, or a bare name."""
    steps: dict[str, Any] = {}
    for step in stage.get("transform_ops") or []:
        steps.update(step if isinstance(step, dict) else {step: None})
    return {name: value if isinstance(value, dict) else {} for name, value in steps.items()}


def _order(decode: Mapping[str, str], steps: Mapping[str, Any]) -> str | None:
    """The channels' order: PaddleOCR names it; its classifiers read RGB where nothing says so."""
    mode = decode.get("img_mode")
    if mode is None:
        return "RGB" if "ReadImage" in steps else None
    if mode not in ("BGR", "RGB"):
        raise ValueError(f"img_mode is {mode!r}, expected BGR or RGB")
    return mode


def _shape(steps: Mapping[str, Any]) -> tuple[int, int, int] | None:
    for name in ("RecResizeImg", "SVTRRecResizeImg", "ClsResizeImg"):
        if "image_shape" in steps.get(name, {}):
            channels, height, width = map(int, steps[name]["image_shape"])
            return channels, height, width
    if "size" in steps.get("ResizeImage", {}):
        width, height = map(int, steps["ResizeImage"]["size"])
        return 3, height, width
    return None


def _characters(rows: Any) -> tuple[str, ...]:
    if not isinstance(rows, list) or not rows or not all(isinstance(row, str) for row in rows):
        raise ValueError("character_dict is no list of characters")
    return tuple(rows)


def _triple(values: Any) -> Triple | None:
    if values is None:
        return None
    first, second, third = map(float, values)
    return first, second, third


def _fraction(value: Any) -> float | None:
    if value is None:
        return None
    if not 0 < float(value) < 1:
        raise ValueError(f"{value} is no probability between 0 and 1")
    return float(value)


def _positive(value: Any) -> float | None:
    if value is None:
        return None
    if not 0 < float(value) < float("inf"):
        raise ValueError(f"{value} is not above 0")
    return float(value)
