"""The command line of the ``ocr`` program."""

from __future__ import annotations

import argparse
from pathlib import Path

from lite_runner import __version__
from lite_runner import pack as packs
from lite_runner.pictures.page_range import FIRST, PageRange
from lite_runner.releases.settings import POWER_MODES

#: Also what hosts say of these options.
PAGES_HELP = "of a TIFF or GIF, as 1-3,5 or all (default: the first)"
WORDS_HELP = "a box for each word, too, in JSON, CSV and hOCR"
FORMATS_HELP = {
    "text": "write the plain text there, a form feed between pages",
    "csv": "write a table of the lines there",
    "hocr": "write hOCR there, as makers of searchable PDFs take it",
}
MAX_SIDE_HELP = (
    "find lines in the picture scaled to at most so many pixels, and look no closer (default: as"
    " the pack says, and closer where text is small)"
)
#: Least input of a detector, in pixels: it halves its input five times.
MIN_SIDE = 32


def parser() -> argparse.ArgumentParser:
    """Parses a command's name into ``command``, its options, and ``debug``."""
    common = _common()
    program = argparse.ArgumentParser(prog="ocr", description="Read text in pictures.")
    program.add_argument("--version", action="version", version=f"lite-ocr {__version__}")
    commands = program.add_subparsers(metavar="COMMAND", dest="command", required=True)
    _read(commands.add_parser("read", parents=[common], help="read pictures"))
    verify = commands.add_parser("verify", parents=[common], help="read the pack's golden picture")
    verify.add_argument("--json", action="store_true", help="print the result as JSON")
    _bench(commands.add_parser("bench", help="measure how fast and how well this board reads"))
    session = commands.add_parser("turn")
    session.set_defaults(debug=False)
    _python(commands.add_parser("python", help="run a Python script with this release's packages"))
    commands.add_parser("doctor", parents=[common], help="what works and what is missing")
    return program


def _common() -> argparse.ArgumentParser:
    """Options of all commands that read."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show where an error comes from")
    own = packs.of_this_release()
    common.add_argument(
        "--pack",
        type=Path,
        default=own,
        required=own is None,
        metavar="DIR",
        help="pack folder to use" + ("" if own is None else " (default: the bundle's own)"),
    )
    common.add_argument("--threads", type=_positive, metavar="N", help="threads of the engine")
    return common


def _read(read: argparse.ArgumentParser) -> None:
    read.add_argument(
        "images", nargs="+", metavar="IMAGES", help="files, folders or patterns; - for stdin"
    )
    read.add_argument("--pages", type=_pages, default=FIRST, metavar="N,N-N", help=PAGES_HELP)
    _read_formats(read)
    read.add_argument("--draw", type=Path, metavar="DIR", help="write annotated pictures there")
    read.add_argument("--no-detect", action="store_true", help="the whole picture is one line")
    read.add_argument("--no-classify", action="store_true", help="do not turn upside-down lines")
    read.add_argument(
        "--polygons", action="store_true", help="read text along curves, too; tell polygons"
    )
    read.add_argument("--no-recognise", action="store_true", help="boxes only, no text")
    read.add_argument(
        "--batch",
        type=_positive,
        metavar="N",
        help="lines at once (default: what suits the engine)",
    )
    read.add_argument(
        "--memory",
        type=_positive,
        metavar="MB",
        help="to hold no more than that between pictures (default: as much as models took)",
    )
    read.add_argument(
        "--min-score", type=_share, default=0.5, metavar="P", help="drop lines scored lower"
    )
    read.add_argument(
        "--max-side",
        type=_side,
        metavar="N",
        help=MAX_SIDE_HELP,
    )


def _read_formats(read: argparse.ArgumentParser) -> None:
    """What results are written as."""
    form = read.add_mutually_exclusive_group()
    form.add_argument("--json", metavar="FILE", help="write the results there; - for stdout")
    form.add_argument("--json-lines", action="store_true", help="print a JSON object per picture")
    for name, words in FORMATS_HELP.items():
        read.add_argument(f"--{name}", metavar="FILE", help=f"{words}; - for stdout")
    read.add_argument("--words", action="store_true", help=WORDS_HELP)


def _bench(bench: argparse.ArgumentParser) -> None:
    bench.add_argument("--debug", action="store_true", help="show where an error comes from")
    bench.add_argument(
        "images",
        nargs="*",
        metavar="IMAGES",
        help="as for read; folders with labels.json are scored",
    )
    bench.add_argument(
        "--pack", action="append", type=Path, metavar="DIR", help="pack folder; once for each"
    )
    bench.add_argument(
        "--threads", type=_positives, default=[], metavar="N,N", help="of each model, all are tried"
    )
    bench.add_argument(
        "--workers", type=_positives, default=[], metavar="N,N", help="lines read side by side"
    )
    bench.add_argument(
        "--power", type=_powers, default=[], metavar="P,P", help="Paddle-Lite's power modes"
    )
    bench.add_argument(
        "--limit", type=_positive, default=600, metavar="S", help="seconds after which none begins"
    )
    bench.add_argument("--json", metavar="FILE", help="write the record there; - for stdout")
    bench.add_argument("--job", action="store_true", help=argparse.SUPPRESS)


def _python(python: argparse.ArgumentParser) -> None:
    python.add_argument("script", type=_script, metavar="SCRIPT", help="a Python file")
    python.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="its own")
    # A script's errors are its author's to see whole.
    python.set_defaults(debug=True)


def _script(text: str) -> str:
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text!r}")
    return text


def _pages(text: str) -> PageRange:
    try:
        return PageRange.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} names no pages, as 1-3,5: {error}") from None


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def _powers(text: str) -> list[str]:
    wrong = [word for word in text.split(",") if word not in POWER_MODES]
    if wrong:
        raise argparse.ArgumentTypeError(f"{wrong[0]!r} is not one of {', '.join(POWER_MODES)}")
    return text.split(",")


def _positives(text: str) -> list[int]:
    return [_positive(word) for word in text.split(",")]


def _side(text: str) -> int:
    side = _positive(text)
    if side < MIN_SIDE:
        raise argparse.ArgumentTypeError(f"{text!r} is below {MIN_SIDE}, a detector's least side")
    return side


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)
