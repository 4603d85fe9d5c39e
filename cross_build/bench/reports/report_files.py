"""The files that a run of ``bench`` is written to: JSON, Markdown, and a page with plots."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from cross_build.bench.reports import history, markdown, result
from lite_runner.cli import output
from lite_runner.errors import LiteError

if TYPE_CHECKING:
    from lite_runner.bench.result import Result


@dataclass(frozen=True)
class ReportFiles:
    """A file for each form of report; None for forms that are not asked for."""

    json: Path | None = None
    markdown: Path | None = None
    html: Path | None = None

    def check(self) -> None:
        """To be called before anything is measured.

        Raises:
            LiteError: no plots can be drawn here.
        """
        if self.html is not None and find_spec("plotly") is None:
            raise LiteError(
                f"--html: needs plotly for its plots; run '{sys.executable} -m pip install plotly',"
                " or leave --html out"
            )

    def write(self, record: Result) -> None:
        """Write a record in each form.

        Raises:
            OSError: a file cannot be written.
        """
        run = result.parse(record, "this run")
        if self.json is not None:
            output.write_json(record, str(self.json))
        if self.markdown is not None:
            output.write_text(markdown.document(run), str(self.markdown))
        if self.html is not None:
            from cross_build.bench.reports import page  # late: it needs plotly

            document = page.page(run, history.earlier(run.target, run.host))
            output.write_text(document, str(self.html))
