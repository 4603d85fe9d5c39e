"""Start of a bundle's ``ocr`` program: run as a file, with nothing installed.

The folder above holds ``app`` (this package), ``site`` (unpacked wheels) and ``pack``.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path


def start(release: Path) -> int:
    """Run the command line with a release folder's own packages ahead of the system's."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # while loading: an end without a traceback
    sys.path[:0] = [str(release / "app"), str(release / "site")]
    # Read by OpenCV when it loads: its warnings would stand between our lines.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    # What a verification compiles is on the disk before a release is used. What is compiled later
    # need not be, and half of it would be worse than none.
    sys.dont_write_bytecode = sys.argv[1:2] != ["verify"]
    try:
        from lite_runner.cli.main import main
    except (ImportError, SyntaxError, EOFError, ValueError) as error:
        print(f"ocr: is damaged ({error}); deploy to this board again", file=sys.stderr)
        return 1
    signal.signal(signal.SIGINT, handler)
    return main()


if __name__ == "__main__":
    sys.exit(start(Path(__file__).resolve().parents[3]))
