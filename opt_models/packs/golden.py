"""A user's own picture that a pack is verified with."""

from __future__ import annotations

from typing import Sequence

from lite_runner.errors import ImageError
from lite_runner.pack import Golden
from lite_runner.user_path import user_path
from opt_models.errors import CatalogError


def read(image: str, lines: Sequence[str]) -> Golden | None:
    """A user's own picture to verify with, if one is given.

    Raises:
        CatalogError: the picture is not there or is none, or nobody says what it reads.
    """
    from lite_runner.pictures import image as picture  # late: OpenCV takes long to load

    if not image and not lines:
        return None
    path = user_path(image, "--golden")
    if not image:
        raise CatalogError("--golden must be given too: the picture that --golden-text is read in")
    if not path.is_file():
        raise CatalogError(f"--golden {image}: there is no such picture")
    try:
        picture.load(path)
    except ImageError as error:
        raise CatalogError(f"--golden {image}: {error}") from error
    if not any(line.strip() for line in lines):
        raise CatalogError(f"--golden {image}: say what it reads, --golden-text for every line")
    return Golden(path, tuple(lines))
