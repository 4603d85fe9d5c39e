"""The name of the program that runs the commands, for messages that advise one of them."""

from __future__ import annotations

import sys
from pathlib import Path

#: What an installed wheel brings.
INSTALLED = "lite-ocr"
#: What runs the same commands, and some more, in a clone.
IN_A_CLONE = "invoke"


def command_name() -> str:
    """The program as the user typed it: ``lite-ocr`` or, in a clone, ``invoke``."""
    return INSTALLED if Path(sys.argv[0]).stem == INSTALLED else IN_A_CLONE
