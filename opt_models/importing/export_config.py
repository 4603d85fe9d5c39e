"""What a network's export says beside its graph: how it is fed, its thresholds, its characters."""

from __future__ import annotations

from opt_models.errors import OptError
from opt_models.formats.inference_model import Exported, OnnxFile, PirFiles
from opt_models.importing import inference_yml, onnx_import
from opt_models.importing.inference_yml import InferenceConfig
from opt_models.stage_settings import StageSettings


def read(files: Exported) -> InferenceConfig | None:
    """The ``inference.yml`` beside an export; None if there is none.

    Raises:
        OptError: it is damaged.
    """
    if not isinstance(files, (PirFiles, OnnxFile)) or files.config is None:
        return None
    return inference_yml.read(files.config)


def characters(files: Exported, config: InferenceConfig | None) -> tuple[str, ...] | None:
    """The dictionary that comes with a recogniser: in ``inference.yml`` or in the ONNX file.

    Args:
        files: of the export.
        config: what :func:`read` gave of it.

    Raises:
        OptError: the ONNX file is damaged.
    """
    if config is not None and config.characters is not None:
        return config.characters
    return onnx_import.characters(files.path) if isinstance(files, OnnxFile) else None


def settings(stage: str, config: InferenceConfig) -> StageSettings:
    """The part of a stage's settings that ``inference.yml`` decides, as ``pack.json`` holds it.

    Args:
        stage: ``det``, ``cls`` or ``rec``.
        config: of the network.

    Raises:
        OptError: a classifier whose classes are others than upright and upside-down lines.
    """
    if stage == "cls" and config.labels is not None:
        _check_labels(config)
    chosen: StageSettings = {}
    if config.mean is not None and config.std is not None:
        chosen["mean"], chosen["std"] = list(config.mean), list(config.std)
    if config.channel_order is not None:
        chosen["order"] = config.channel_order
    if stage != "det" and config.image_shape is not None:
        chosen["shape"] = list(config.image_shape[1:])
    if stage == "det":
        if config.threshold is not None:
            chosen["threshold"] = config.threshold
        if config.box_threshold is not None:
            chosen["box_threshold"] = config.box_threshold
        if config.unclip_ratio is not None:
            chosen["unclip_ratio"] = config.unclip_ratio
        # Upstream's exports are not dilated (PaddleOCR, DBPostProcess, use_dilation=False).
        chosen["dilate"] = False
    return chosen


def _check_labels(config: InferenceConfig) -> None:
    """The reader turns lines of the second class (PaddleOCR: ``0_degree`` and ``180_degree``)."""
    degrees = [label.partition("_")[0] for label in config.labels or ()]
    if degrees != ["0", "180"]:
        raise OptError(
            f"--cls: {config.model_name or 'the classifier'} tells {', '.join(config.labels or ())}"
            " apart, expected 0_degree, 180_degree; give a text line orientation classifier"
        )
