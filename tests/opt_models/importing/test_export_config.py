"""What of ``inference.yml`` goes into packs."""

from __future__ import annotations

from typing import Any, Callable, ContextManager

import pytest

from opt_models.errors import OptError
from opt_models.importing import export_config
from opt_models.importing.inference_yml import InferenceConfig

Refuses = Callable[..., ContextManager[None]]
WHOLE = InferenceConfig(
    mean=(0.4, 0.5, 0.6),
    std=(0.1, 0.2, 0.3),
    channel_order="RGB",
    image_shape=(3, 80, 160),
    threshold=0.2,
    box_threshold=0.4,
    unclip_ratio=1.4,
)
PIXELS = {"mean": [0.4, 0.5, 0.6], "std": [0.1, 0.2, 0.3], "order": "RGB"}


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("rec", {**PIXELS, "shape": [80, 160]}),
        ("cls", {**PIXELS, "shape": [80, 160]}),
        (
            "det",
            {
                **PIXELS,
                "threshold": 0.2,
                "box_threshold": 0.4,
                "unclip_ratio": 1.4,
                "dilate": False,
            },
        ),
    ],
)
def test_settings(stage: str, expected: dict[str, Any]) -> None:
    assert export_config.settings(stage, WHOLE) == expected


def test_what_is_not_said_stays_usual() -> None:
    assert export_config.settings("rec", InferenceConfig()) == {}
    assert export_config.settings("det", InferenceConfig()) == {"dilate": False}


@pytest.mark.parametrize("labels", [("0_degree", "180_degree"), ("0", "180")])
def test_classes_of_lines(labels: tuple[str, ...]) -> None:
    assert export_config.settings("cls", InferenceConfig(labels=labels)) == {}


@pytest.mark.parametrize(
    "labels", [("180_degree", "0_degree"), ("0", "90", "180", "270"), ("cat", "dog")]
)
def test_other_classes(refuses: Refuses, labels: tuple[str, ...]) -> None:
    config = InferenceConfig(model_name="PP-LCNet", labels=labels)
    with refuses(OptError, f"--cls: PP-LCNet tells {', '.join(labels)} apart, expected 0_degree"):
        export_config.settings("cls", config)
