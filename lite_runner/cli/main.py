"""The ``ocr`` program: read pictures, verify the deployment, say what is missing."""

from __future__ import annotations

import argparse
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Callable, Sequence

from lite_runner import __version__, interruption, terminal
from lite_runner import pack as packs
from lite_runner.cli import output
from lite_runner.errors import ImageError, LiteError, UsageError
from lite_runner.ocr import report
from lite_runner.pictures import inputs
from lite_runner.releases.settings import POWER_MODES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, 1 for a failure, 2 for wrong usage.

    Args:
        arguments: the command line without the program; ``sys.argv`` if None.
    """
    output.force_utf8_output()
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    return guard(lambda: command(options), "ocr", debug=options.debug)


def guard(
    work: Callable[[], int],
    program: str,
    debug: bool,
    repair: Callable[[str | None], str] | None = None,
) -> int:
    """Run ``work``; turn every failure a user can cause into one stderr line and an exit code.

    Args:
        work: returns the exit code.
        program: begins the line.
        debug: let failures out with their traceback.
        repair: what to do about a package that cannot be imported; as in a release if None.
    """
    try:
        return work()
    except KeyboardInterrupt as interrupt:
        if debug:
            raise
        # What was begun lies in temporary files only, which their owners have removed by now.
        print(f"{program}: interrupted", file=sys.stderr)
        return interrupt.code if isinstance(interrupt, interruption.Interrupted) else 130
    except BrokenPipeError:
        # The reader of our output went away (`| head`): not an error, but nothing more to print.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except LiteError as error:
        if debug:
            raise
        print(f"{program}: {terminal.visible(str(error))}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except (ImportError, SyntaxError) as error:
        if debug:
            raise
        from lite_runner.cli import doctor

        advice = (repair or doctor.hint)(error.name if isinstance(error, ImportError) else None)
        print(f"{program}: a package is missing or damaged ({error}); {advice}", file=sys.stderr)
    except OSError as error:
        if debug:
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(f"{program}: {where}{error.strerror or error}", file=sys.stderr)
    except MemoryError:
        if debug:
            raise
        print(f"{program}: out of memory; use smaller pictures", file=sys.stderr)
    return 1


def read_files(
    pictures: Sequence[inputs.Source],
    pack: Path,
    options: argparse.Namespace,
    show: Callable[[report.Result], None],
) -> None:
    """Read pictures one after the other; errors become results of their own.

    Args:
        pictures: what to read.
        pack: pack folder.
        options: of the command ``read``.
        show: called with each result as soon as there is one.
    """
    # Late: OpenCV and the engine take a second to load, which `--help` should not.
    import cv2

    from lite_runner.capabilities import note
    from lite_runner.cli import draw
    from lite_runner.ocr.pipeline import Ocr, Options, check_runtime
    from lite_runner.pictures import image
    from lite_runner.predictor import engines

    settings = Options(
        detect=not options.no_detect,
        classify=not options.no_classify,
        recognise=not options.no_recognise,
        min_score=options.min_score,
        batch=options.batch,
        memory=options.memory and 1_000_000 * options.memory,
    )
    names: set[str] = set()
    engine = engines.of_this_release(options.threads)
    files = packs.load(pack)
    check_runtime(files, engine)
    engine = note.tried(engine, files)
    # Like the models: OpenCV would take every core.
    cv2.setNumThreads(int(engine.arguments.get("threads") or 1))
    with Ocr(files, engine, settings) as ocr:
        for number, (name, path, error) in enumerate(pictures, 1):
            try:
                if error is not None:
                    raise ImageError(error)
                pixels = image.load(path)
                page = ocr.read(pixels, last=number == len(pictures))
                result: report.Result = report.page_result(name, page)
                if options.draw is not None:
                    target = options.draw / inputs.drawing_name(path, names)
                    output.write_picture(target, draw.annotate(pixels, page))
            except ImageError as problem:
                result = report.error_result(name, str(problem))
            except MemoryError:
                result = report.error_result(name, "does not fit into memory; scale it down")
            show(result)


def _read(options: argparse.Namespace) -> int:
    def show(result: report.Result) -> None:
        results.append(result)
        if options.json_lines:
            print(json.dumps(result, ensure_ascii=False), file=terminal.raw(sys.stdout), flush=True)
        else:
            output.tell(result, options.json)

    def read() -> None:
        read_files(inputs.expand(options.images), options.pack, options, show)

    results: list[report.Result] = []
    if options.json_lines:
        with interruption.raised():
            read()
        return output.exit_code(results)
    return output.keeping(results, read, options.json)


def _verify(options: argparse.Namespace) -> int:
    from lite_runner.predictor import engines
    from lite_runner.verification.verify import verify

    report = verify(options.pack, options.threads)
    if options.pack == packs.of_this_release():
        engines.remember(report)
    if options.json:
        output.print_json(report)
    else:
        print(f"verified: read {' / '.join(report['lines'])} in {report['seconds']['total']:.2f} s")
    return 0


def _bench(options: argparse.Namespace) -> int:
    from lite_runner.cli import bench

    if options.job:
        return bench.run_job(sys.stdin, terminal.raw(sys.stdout))
    return bench.bench(options)


def _session(options: argparse.Namespace) -> int:
    from lite_runner.bench import session

    return session.main()


def _python(options: argparse.Namespace) -> int:
    terminal.release()  # what a script prints is its own
    sys.argv = [options.script, *options.arguments]
    sys.dont_write_bytecode = False  # its modules lie in no release
    sys.path.insert(0, str(Path(options.script).resolve().parent))
    runpy.run_path(options.script, run_name="__main__")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from lite_runner.cli.doctor import board_checks, show

    return show(board_checks(options.pack))


def _parser() -> argparse.ArgumentParser:
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
    parser = argparse.ArgumentParser(prog="ocr", description="Read text in pictures.")
    parser.add_argument("--version", action="version", version=f"lite-ocr {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    read = commands.add_parser("read", parents=[common], help="read pictures")
    read.add_argument("images", nargs="+", metavar="IMAGES", help="files, folders or patterns")
    form = read.add_mutually_exclusive_group()
    form.add_argument("--json", metavar="FILE", help="write the results there; - for stdout")
    form.add_argument("--json-lines", action="store_true", help="print a JSON object per picture")
    read.add_argument("--draw", type=Path, metavar="DIR", help="write annotated pictures there")
    read.add_argument("--no-detect", action="store_true", help="the whole picture is one line")
    read.add_argument("--no-classify", action="store_true", help="do not turn upside-down lines")
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
    read.set_defaults(command=_read)

    verify = commands.add_parser("verify", parents=[common], help="read the pack's golden picture")
    verify.add_argument("--json", action="store_true", help="print the result as JSON")
    verify.set_defaults(command=_verify)

    bench = commands.add_parser("bench", help="measure how fast and how well this board reads")
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
    bench.set_defaults(command=_bench)

    session = commands.add_parser("turn")
    session.set_defaults(command=_session, debug=False)

    python = commands.add_parser("python", help="run a Python script with this release's packages")
    python.add_argument("script", type=_script, metavar="SCRIPT")
    python.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="its own")
    # A script's errors are its author's to see whole.
    python.set_defaults(command=_python, debug=True)

    doctor = commands.add_parser("doctor", parents=[common], help="what works and what is missing")
    doctor.set_defaults(command=_doctor)
    return parser


def _script(text: str) -> str:
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text!r}")
    return text


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


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)
