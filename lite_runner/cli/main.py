"""The ``ocr`` program: read pictures, verify the deployment, say what is missing."""

from __future__ import annotations

import argparse
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Callable, Mapping, Sequence

from lite_runner import interruption, terminal
from lite_runner import pack as packs
from lite_runner.cli import output
from lite_runner.cli.arguments import parser
from lite_runner.errors import ImageError, LiteError, UsageError
from lite_runner.ocr import report
from lite_runner.pictures import inputs


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, 1 for a failure, 2 for wrong usage.

    Args:
        arguments: the command line without the program; ``sys.argv`` if None.
    """
    output.force_utf8_output()
    options = parser().parse_args(arguments)
    command = _COMMANDS[options.command]
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
    from lite_runner.ocr.options import Options
    from lite_runner.ocr.pipeline import Ocr, check_runtime
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


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "bench": _bench,
    "doctor": _doctor,
    "python": _python,
    "read": _read,
    "turn": _session,
    "verify": _verify,
}
