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
    from lite_runner.errors import EngineError, ImageError, LiteError, PackError
    from lite_runner.ocr.pipeline import Line, Ocr, Options, Page

__version__ = "0.2.0"
__all__ = [
    "EngineError",
    "ImageError",
    "Line",
    "LiteError",
    "Ocr",
    "Options",
    "PackError",
    "Page",
    "__version__",
]


def __getattr__(name: str) -> object:
    # Late, so that the host's tasks, which only want the errors, do not wait for OpenCV.
    for module in ("lite_runner.errors", "lite_runner.ocr.pipeline"):
        if name in __all__ and hasattr(import_module(module), name):
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
