"""Reading pictures on a board from the host: send them, read there, bring results back."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterable, Iterator, Mapping, Sequence

from cross_build.board import Board
from cross_build.deploy import last_words
from cross_build.errors import BoardError
from lite_runner import picture_file
from lite_runner.errors import ImageError, UsageError
from lite_runner.report import Result, error_result
from lite_runner.sources import Source, drawing_name


def read(
    board: Board,
    pictures: Iterable[Source],
    options: Sequence[str] = (),
    draw: Path | None = None,
    show: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Read pictures on a board, in one process there.

    Args:
        board: with a release in use.
        pictures: on the host.
        options: further ones of ``ocr read``.
        draw: folder on the host for annotated pictures.
        show: called with each result as it comes.

    Returns:
        A result for each picture, under the host's name of it; errors are results too.

    Raises:
        UsageError: an option is wrong.
        BoardError: no release is in use, or its program failed.
    """
    state = board.release("status")
    if state["current"] is None:
        raise BoardError(
            f"{board.target.name}: nothing is deployed there;"
            f" run 'invoke deploy --target {board.target.name}'"
        )
    if not state["intact"]:
        print(
            f"{board.target.name}: release {state['current']} there is damaged; run 'invoke deploy"
            f" --target {board.target.name}' again to repair it",
            file=sys.stderr,
        )
    wanted = {f"{number:05d}": source for number, source in enumerate(pictures)}
    results: dict[str, Result] = {}

    def add(key: str, result: Result) -> None:
        results[key] = result
        show(result)

    sent = {}
    for key, source in wanted.items():
        problem = source.error or _problem(source.path)
        if problem is None:
            sent[key] = f"{key}{source.path.suffix}"
        else:
            add(key, error_result(source.name, problem))
    if sent:
        with inbox(board) as place:
            board.transport.put({name: wanted[key].path for key, name in sent.items()}, place)
            command = [board.path("ocr"), "read", "--json-lines", *options]
            if draw is not None:
                command += ["--draw", f"{place}/drawings"]

            def one(line: str) -> None:
                if not line.startswith("{"):
                    return  # the library's own words, as when it warns
                result = dict(json.loads(line))
                key = Path(result["image"]).stem
                add(key, {**result, "image": wanted[key].name})

            command += [f"{place}/{name}" for name in sent.values()]
            outcome = board.transport.run(command, on_line=one)
            if outcome.code == 2:
                raise UsageError(last_words(outcome))
            if len(results) < len(wanted):
                raise BoardError(f"{board.target.name}: reading failed: {last_words(outcome)}")
            if draw is not None:
                _fetch_drawings(board, f"{place}/drawings", wanted, draw)
    return [results[key] for key in wanted]


@contextmanager
def inbox(board: Board) -> Iterator[str]:
    """A new folder on the board, removed in the end."""
    name = uuid.uuid4().hex[:12]
    try:
        yield board.path("inbox", name)
    finally:
        board.release("clear", name)


def _problem(path: Path) -> str | None:
    """Why a picture cannot even be sent, if so."""
    try:
        picture_file.read(path)
    except ImageError as error:
        return str(error)
    return None


def _fetch_drawings(board: Board, folder: str, wanted: Mapping[str, Source], into: Path) -> None:
    """Bring drawings back under the names of the host's pictures."""
    taken: set[str] = set()
    with tempfile.TemporaryDirectory() as temporary:
        fetched = Path(temporary)
        board.transport.get(folder, fetched)
        into.mkdir(parents=True, exist_ok=True)
        for key, source in wanted.items():
            drawing = fetched / f"{key}.png"
            if drawing.is_file():
                shutil.move(drawing, into / drawing_name(source.path, taken))
