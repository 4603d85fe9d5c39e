"""Reading pictures on a board from the host: send them, read there, bring results back."""

from __future__ import annotations

import shutil
import sys
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterable, Iterator, Mapping, Sequence

from cross_build.boards.answers import results as answered
from cross_build.boards.board import Board
from cross_build.deploys.deploy import last_words
from cross_build.errors import BoardError
from cross_build.pictures.prepared import Prepared, prepare
from lite_runner import interruption
from lite_runner.errors import UsageError
from lite_runner.ocr.results import Result
from lite_runner.pictures.inputs import Source, drawing_name
from lite_runner.pictures.page_range import FIRST, PageRange
from opt_models.command_name import command_name


def read(
    board: Board,
    pictures: Iterable[Source],
    options: Sequence[str] = (),
    draw: Path | None = None,
    show: Callable[[Result], None] = lambda result: None,
    pages: PageRange = FIRST,
) -> list[Result]:
    """Read pictures on a board, in one process there.

    Args:
        board: with a release in use.
        pictures: on the host.
        options: further ones of ``ocr read``.
        draw: folder on the host for annotated pictures.
        show: called with each result as it comes.
        pages: which of each picture.

    Returns:
        A result for each page of each picture, under the host's name of it; errors are results too,
        also of those that were not read any more when the connection ended.

    Raises:
        UsageError: an option is wrong.
        BoardError: no release is in use, or its program failed before the first picture.
    """
    board = board.with_interpreter()
    _check_release(board)
    results: dict[str, Result] = {}

    def add(key: str, result: Result) -> None:
        results[key] = result
        show(result)

    with tempfile.TemporaryDirectory() as temporary:
        ready: dict[str, Prepared] = {}
        for source in pictures:
            for page in prepare(source, pages, Path(temporary)):
                key = f"{len(ready):05d}"
                ready[key] = page
                if page.file is None:
                    add(key, page.failed(page.error))
        if any(page.file for page in ready.values()):
            _read_prepared(board, ready, options, draw, add)
    return [results[key] for key in ready]


def _check_release(board: Board) -> None:
    """Refuse to read where nothing is deployed; tell that a release is damaged."""
    state = board.status()
    if state.current is None:
        raise BoardError(
            f"{board.target.name}: nothing is deployed there;"
            f" run '{command_name()} deploy --target {board.target.name}'"
        )
    if not state.intact:
        print(
            f"{board.target.name}: release {state.current} there is damaged; run"
            f" '{command_name()} deploy --target {board.target.name}' again to repair it",
            file=sys.stderr,
        )


def _read_prepared(
    board: Board,
    ready: Mapping[str, Prepared],
    options: Sequence[str],
    draw: Path | None,
    add: Callable[[str, Result], None],
) -> None:
    """Send pages under their keys, for names of files may be none there, and read them."""
    files = {key: page.file for key, page in ready.items() if page.file is not None}
    missing = set(files)

    def take(key: str, result: Result) -> None:
        missing.discard(key)
        add(key, ready[key].result(result))

    with inbox(board) as remote:
        board.transport.put(files, remote)
        command = [board.path("ocr"), "read", "--json-lines", *options]
        if draw is not None:
            command += ["--draw", f"{remote}/drawings"]
        command += [f"{remote}/{key}" for key in files]
        answers = _Answers(board.target.name, set(files), take)
        reason = answers.read(board, command)
        for key in sorted(missing):
            add(key, ready[key].failed(f"was not read: {reason}"))
        if draw is not None and not answers.cut:
            _fetch_drawings(board, f"{remote}/drawings", ready, draw)


class _Answers:
    """The results of one run of a board's program, as they come.

    Args:
        board: its target, for errors.
        keys: of the pictures that the board was given.
        add: is given the first result of each picture.
    """

    def __init__(self, board: str, keys: set[str], add: Callable[[str, Result], None]) -> None:
        self.cut = False
        self._board = board
        self._missing = keys
        self._add = add
        self._came = False
        self._damage = ""

    def read(self, board: Board, command: Sequence[str]) -> str:
        """Run the program; returns why pictures have no result, for those that have none.

        Raises:
            UsageError: an option is wrong.
            BoardError: the program failed, or was cut off, before any picture.
        """
        try:
            outcome = board.transport.run(command, on_line=self._take)
        except BoardError as error:
            if not self._came:
                raise
            self.cut = True
            return str(error)
        if outcome.code == 2:
            raise UsageError(_advised(last_words(outcome)))
        reason = self._damage or last_words(outcome)
        if self._missing and not self._came:
            raise BoardError(f"{self._board}: reading failed: {reason}")
        return reason

    def _take(self, line: str) -> None:
        if not line.startswith("{"):
            return  # the library's own words, as when it warns
        self._came = True
        try:
            answer = answered.picture(line, self._board)
        except BoardError as error:
            self._damage = str(error)
            return
        if answer.key in self._missing:
            self._missing.remove(answer.key)
            self._add(answer.key, answer.result)


def _advised(reason: str) -> str:
    """Why a board's program refused an option; releases know those of their time."""
    if "unrecognized arguments" not in reason:
        return reason
    return f"{reason}; the release there is older, deploy to this board again"


@contextmanager
def inbox(board: Board) -> Iterator[str]:
    """A new folder on the board, removed in the end."""
    name = uuid.uuid4().hex[:12]
    try:
        yield board.path("inbox", name)
    finally:
        with interruption.deferred():
            _clear(board, name)


def _clear(board: Board, name: str) -> None:
    """Remove an inbox; that the board is gone is told, and costs no result."""
    try:
        board.release("clear", name)
    except BoardError as error:
        print(f"{error}; the next read there removes the pictures", file=sys.stderr)


def _fetch_drawings(board: Board, folder: str, ready: Mapping[str, Prepared], into: Path) -> None:
    """Bring drawings back under the names of the host's pictures."""
    taken: set[str] = set()
    with tempfile.TemporaryDirectory() as temporary:
        fetched = Path(temporary)
        board.transport.get(folder, fetched)
        into.mkdir(parents=True, exist_ok=True)
        for key, page in ready.items():
            drawing = fetched / f"{key}.png"
            if drawing.is_file():
                number = page.page if page.pages > 1 else 0
                shutil.move(drawing, into / drawing_name(page.source.path, taken, number))
