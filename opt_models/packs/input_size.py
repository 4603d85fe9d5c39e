"""Sizes of a network's input: what it was exported for goes before its stage's usual settings."""

from __future__ import annotations

from typing import Callable, Sequence, Tuple

from opt_models.errors import OptError
from opt_models.formats.summary import Summary
from opt_models.stage_settings import StageSettings

#: Batch, channels, height and width.
Shape = Tuple[int, int, int, int]
#: Whether the network can be run at a size.
Runs = Callable[[Shape], bool]


def settings(
    stage: str, summary: Summary, usual: Sequence[int], height: int | None, runs: Runs
) -> StageSettings:
    """The part of ``pack.json`` that tells which sizes a network takes.

    A program may declare a size that only its exporter had in mind, so the network is run at
    another one before that is believed.

    Args:
        stage: ``det``, ``cls`` or ``rec``.
        summary: of the network's program.
        usual: height and width by its stage's settings.
        height: of a recogniser's input, where it is known beforehand.
        runs: asked only where the program declares what is usually free.

    Returns:
        ``shape``; and ``fixed_size``, ``fixed_width`` or ``fixed_batch`` where it takes no other.
    """
    batch, rows, columns = _declared(summary)
    shape = [rows or height or usual[0], columns or usual[1]]
    settings: StageSettings = {"shape": shape}
    if stage == "det":
        if rows and columns and not runs((1, 3, rows + 64, columns + 32)):
            settings["fixed_size"] = True
        else:
            settings["shape"] = list(usual)
    if stage == "rec" and columns:
        # Not at twice the width: a reshape to so many steps and any batch makes two lines of it.
        if runs((1, 3, shape[0], columns + 32)):
            shape[1] = usual[1]
        else:
            settings["fixed_width"] = True
    if stage != "det" and batch == 1 and not runs((2, 3, shape[0], shape[1])):
        settings["fixed_batch"] = True
    return settings


def usual(stage: str, settings: StageSettings) -> list[Shape]:
    """Sizes that a reader would give a network; none where it takes one only.

    Args:
        stage: ``det``, ``cls`` or ``rec``.
        settings: as of :func:`settings`.
    """
    if stage == "det" and not settings.get("fixed_size"):
        return [(1, 3, 160, 128), (1, 3, 96, 224)]
    if stage == "rec" and not settings.get("fixed_width"):
        height, width = settings["shape"]
        return [(1, 3, height, width), (1, 3, height, 2 * width), (1, 3, height, width // 2)]
    return []


def check_free(stage: str, source: str, sizes: Sequence[Shape], runs: Runs) -> None:
    """Refuse a network that declares a free size and yet computes with the one it was exported at.

    Args:
        stage: ``det``, ``cls`` or ``rec``.
        source: names the network.
        sizes: that a reader would give it.
        runs: the network.

    Raises:
        OptError: it runs at some of the sizes only; says how to export it.
    """
    answers = {size: runs(size) for size in dict.fromkeys(sizes)}
    if any(answers.values()) and not all(answers.values()):
        (first, *_) = (size for size, works in answers.items() if not works)
        raise OptError(
            f"--{stage}: {source} declares a free input size but cannot be run at"
            f" {first[2]} x {first[3]}, as its program has the exporter's size in a reshape; export"
            " it with dynamic axes for height and width (torch.onnx.export: dynamic_axes;"
            " PaddleOCR: Global.d2s_train_image_shape with -1), or with that size declared"
        )


def _declared(summary: Summary) -> tuple[int, int, int]:
    """Batch, height and width of the input as the program declares them; 0 for what is free."""
    shape = summary.inputs[0].shape
    if len(shape) != 4:
        return 0, 0, 0
    batch, _, rows, columns = (max(size, 0) for size in shape)
    return batch, rows, columns
