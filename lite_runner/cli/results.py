"""Results of a command: shown as they come, and written in the formats that were asked for."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Callable, Sequence

from lite_runner import interruption
from lite_runner.cli import output
from lite_runner.errors import UsageError
from lite_runner.exports import csv_table, hocr, plain_text
from lite_runner.ocr import report
from lite_runner.ocr.results import Result, without_words

_FORMATS: dict[str, Callable[[Sequence[Result]], str]] = {
    "json": output.as_json,
    "text": plain_text.document,
    "csv": csv_table.document,
    "hocr": hocr.document,
}


@dataclass(frozen=True)
class Destinations:
    """Where results go besides the terminal.

    Attributes:
        json, text, csv, hocr: the file for each format; empty for none, ``-`` for standard output,
            which then carries nothing else.
        json_lines: print a JSON object for each picture as it comes, and nothing else.
        words: whether words were asked for; else only hOCR has them.

    Raises:
        UsageError: several go to standard output.
    """

    json: str = ""
    text: str = ""
    csv: str = ""
    hocr: str = ""
    json_lines: bool = False
    words: bool = False

    def __post_init__(self) -> None:
        if len(self._on_stdout) > 1:
            names = " and ".join(f"--{name}" for name in self._on_stdout)
            raise UsageError(f"{names}: only one goes to stdout; give a file for the others")

    @property
    def _on_stdout(self) -> list[str]:
        names = [name for name in _FORMATS if getattr(self, name) == output.STDOUT]
        return [*names, *(["json-lines"] if self.json_lines else [])]

    def show(self, result: Result) -> None:
        """Print a picture's lines as soon as they are read."""
        if self.json_lines:
            output.print_json_line(result if self.words else without_words(result))
        elif not self._on_stdout:
            print(report.text(result), flush=True)
        elif "error" in result and self.json != output.STDOUT:
            print(report.text(result), file=sys.stderr)

    def write(self, results: Sequence[Result]) -> None:
        """Write the files."""
        for name, form in _FORMATS.items():
            target = getattr(self, name)
            if target:
                spelled = self.words or name == "hocr"
                content = results if spelled else [without_words(each) for each in results]
                output.write_text(form(content), target, is_json=name == "json")

    def finish(self, results: Sequence[Result]) -> int:
        """Write the files and print the summary; 1 if any picture failed, else 0."""
        self.write(results)
        if not self._on_stdout:
            if len(results) > 1 and report.pages(results):
                print("\n" + report.summary(results))
            for note in report.unread(results):
                print(note)
        return exit_code(results)


def keeping(
    results: Sequence[Result], read: Callable[[], object], destinations: Destinations
) -> int:
    """Read pictures and finish; after an interruption finish with what was read until then.

    Args:
        results: filled by ``read``.
        read: reads all the pictures.
        destinations: where the results go.

    Returns:
        The exit code of :meth:`Destinations.finish`.

    Raises:
        Interrupted, BrokenPipeError: after the files were written.
    """
    with interruption.raised():
        try:
            read()
        except KeyboardInterrupt:
            with interruption.deferred():
                destinations.finish(results)
            raise
        except BrokenPipeError:  # as of '| head'
            with interruption.deferred():
                destinations.write(results)
            raise
        with interruption.deferred():
            return destinations.finish(results)


def exit_code(results: Sequence[Result]) -> int:
    """1 if any picture could not be read, else 0."""
    return 1 if any("error" in result for result in results) else 0
