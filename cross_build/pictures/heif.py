"""Photos of phones in HEIC and AVIF, by pillow-heif: an extra, since it brings a video decoder."""

from __future__ import annotations

import io
import sys

import numpy as np

from lite_runner.arrays import Image
from lite_runner.errors import ImageError
from lite_runner.pictures.image import check_size
from lite_runner.pictures.pixels import to_bgr


class HeifDocument:
    """The pictures of a HEIC or AVIF file.

    Args:
        data: the file.
        kind: what it is called.

    Attributes:
        count: of its pictures.

    Raises:
        ImageError: pillow-heif is missing, or the file is damaged or too large.
    """

    def __init__(self, data: bytes, kind: str) -> None:
        try:
            import pillow_heif
            from PIL import Image as Pillow
        except ImportError:
            raise ImageError(
                f"is a picture in {kind}, which takes pillow-heif to read; run"
                f" '{sys.executable} -m pip install pillow-heif', or save it as JPEG"
            ) from None
        pillow_heif.register_heif_opener()
        self._kind = kind
        try:
            self._file = Pillow.open(io.BytesIO(data))
        except (OSError, ValueError) as error:
            raise self._damaged(error) from error
        check_size(self._file.width, self._file.height)
        self.count = int(getattr(self._file, "n_frames", 1))

    def page(self, number: int) -> Image:
        """Decode a picture, uint8 HxWx3, BGR, upright.

        Args:
            number: from 1.

        Raises:
            ImageError: it is damaged.
        """
        from PIL import ImageOps

        try:
            self._file.seek(number - 1)
            upright = ImageOps.exif_transpose(self._file)
            pixels = np.asarray(upright.convert("RGBA"))
        except (OSError, ValueError, EOFError) as error:
            raise self._damaged(error) from error
        return to_bgr(pixels[:, :, [2, 1, 0, 3]])

    def _damaged(self, error: Exception) -> ImageError:
        reason = " ".join(str(error).split())[:200]
        return ImageError(f"is a {self._kind} that cannot be decoded ({reason}); save it as JPEG")
