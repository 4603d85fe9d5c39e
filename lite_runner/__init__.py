"""Read text on ARM boards with Paddle-Lite: everything that runs on the board.

>>> from lite_runner import Ocr
>>> with Ocr("pack") as ocr:
...     for line in ocr.read("sign.jpg"):
...         print(line.text, line.score)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lite_runner.errors import ClosedError, EngineError, ImageError, LiteError, PackError
    from lite_runner.ocr.options import Options
    from lite_runner.ocr.page import Line, Page
    from lite_runner.ocr.pipeline import Ocr
    from lite_runner.ocr.reader_pool import ReaderPool

__version__ = "0.2.0"
__all__ = [
    "ClosedError",
    "EngineError",
    "ImageError",
    "Line",
    "LiteError",
    "Ocr",
    "Options",
    "PackError",
    "Page",
    "ReaderPool",
    "__version__",
]


#: Where the names of this package come from.
_MODULES = {
    **dict.fromkeys(
        ("ClosedError", "EngineError", "ImageError", "LiteError", "PackError"), "lite_runner.errors"
    ),
    "Line": "lite_runner.ocr.page",
    "Ocr": "lite_runner.ocr.pipeline",
    "Options": "lite_runner.ocr.options",
    "Page": "lite_runner.ocr.page",
    "ReaderPool": "lite_runner.ocr.reader_pool",
}


def __getattr__(name: str) -> object:
    # Late, so that the host's tasks, which only want the errors, do not wait for OpenCV.
    if name in _MODULES:
        value: object = getattr(import_module(_MODULES[name]), name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
