"""The pictures of a benchmark, with what is known of them."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from lite_runner.bench.messages import Picture
from lite_runner.errors import ImageError, UsageError
from lite_runner.pack import Pack
from lite_runner.pictures import image, inputs
from lite_runner.releases.release import sha256
from lite_runner.scoring import ground_truth


def find(arguments: Sequence[str]) -> list[Picture]:
    """Pictures of folders, files and patterns.

    Args:
        arguments: a folder with ``labels.json`` gives its labelled pictures with their true lines,
            and their true boxes where it has ``boxes.json``; so does a picture in such a folder.
            Of all others nobody knows the text.

    Raises:
        UsageError: there is nothing to read; says why.
        TruthError: labels are damaged.
    """
    pictures = []
    for argument in arguments:
        folder = Path(argument)
        if (folder / "labels.json").is_file():
            pictures += [_labelled(picture) for picture in ground_truth.pictures(folder)]
            continue
        for source in inputs.expand([argument], inputs.SUFFIXES):
            if source.error is not None:
                raise UsageError(f"{source.name}: {source.error}")
            beside = source.path.parent
            known = ground_truth.pictures(beside) if (beside / "labels.json").is_file() else []
            path = source.path.resolve()
            same = [picture for picture in known if picture.path.resolve() == path]
            pictures.append(
                _labelled(same[0]) if same else _about(source.path, source.name, True, None, None)
            )
    if not pictures:
        raise UsageError("name a picture, or a folder of some")
    return pictures


def golden(pack: Pack) -> list[Picture]:
    """The picture a pack is verified with."""
    golden = pack.golden
    return [_about(golden.image, golden.image.name, True, golden.lines, None)]


def _labelled(picture: ground_truth.Picture) -> Picture:
    return _about(picture.path, picture.name, picture.detect, picture.lines, picture.boxes)


def _about(
    path: Path,
    name: str,
    detect: bool,
    lines: Sequence[str] | None,
    boxes: Sequence[ground_truth.Quad] | None,
) -> Picture:
    try:
        height, width = image.load(path).shape[:2]
    except ImageError as error:
        raise UsageError(f"{path}: {error}") from error
    return {
        "path": str(path.resolve()),
        "detect": detect,
        "image": name,
        "sha256": sha256(path),
        "width": width,
        "height": height,
        "lines": None if lines is None else list(lines),
        "boxes": None if boxes is None else [[list(corner) for corner in quad] for quad in boxes],
    }
