"""All commands together: the program ``lite-ocr``, and what ``tasks.py`` gives to invoke."""

from __future__ import annotations

import sys
from typing import Any

from invoke.collection import Collection
from invoke.program import Program

from cross_build.cli import archives, bench, boards, command_line, deploys, models, packs
from cross_build.cli.demo import demo
from cross_build.cli.doctor import doctor
from cross_build.cli.evaluate import evaluate
from cross_build.cli.read import read
from lite_runner import __version__
from lite_runner.cli import output
from lite_runner.cli.failures import guard
from opt_models.command_name import INSTALLED


def commands(*others: Any) -> Collection:
    """The commands of ``lite-ocr``, and other tasks beside them."""
    return Collection(
        *(demo, doctor, evaluate, read),
        *(deploys.deploy, deploys.rollback, deploys.undeploy),
        *(boards.board, boards.boards, boards.list_targets),
        *(archives.build, packs.pack),
        Collection("bench", bench.bench, bench.compare_runs),
        Collection(
            "models",
            *(models.list_models, models.show_model, models.list_packs),
            *(models.fetch_model, models.inspect_model),
        ),
        *others,
    )


class _Program(Program):
    """A program whose commands may take any number of pictures, and ``-h`` for help."""

    def parse_tasks(self) -> None:
        """Parse what follows the program's own options."""
        command_line.prepare(self, self.collection)
        super().parse_tasks()


#: What ``lite-ocr`` starts.
LITE_OCR = _Program(version=__version__, namespace=commands(), name=INSTALLED, binary=INSTALLED)


def main() -> None:
    """Run ``lite-ocr`` with the command line of this process, and end it."""

    def run() -> int:
        output.force_utf8_output()
        LITE_OCR.run()
        return 0

    # Each command has a guard of its own; this one is for help whose reader goes away.
    sys.exit(guard(run, INSTALLED, debug=True))
