"""Options that several commands have: their help, and the values they take."""

from __future__ import annotations

from lite_runner.errors import UsageError
from opt_models.command_name import command_name

#: Which board.
BOARD = {
    "target": f"kind of board, see '{command_name()} targets'",
    "host": "the board: [USER@]HOST[:PORT], or a name of your SSH configuration; a phone's serial",
    "folder": "on the board, for releases; lite-ocr in your own folder there if not given",
    "emulate": f"take an emulated board, see '{command_name()} board'",
}
#: What a board gets.
CONTENT = {
    "pack": f"a named pack, see '{command_name()} models.packs', also as NAME-fp16, or the folder"
    " of one",
    "runtime": "folder or archive of a Paddle-Lite library for the board, instead of a release's",
}
#: Where published models come from.
SOURCES = {
    "models": "folder in which published files are looked for first",
    "offline": "do not use the network",
}


def numbers(option: str, text: str) -> list[int]:
    """Numbers of at least 1 with commas between them, as in ``"1,2,4"``; none in an empty text.

    Raises:
        UsageError: one of them is none; says which.
    """
    words = text.split(",") if text else []
    for word in words:
        if not word.isdecimal() or int(word) < 1:
            raise UsageError(f"{option} {text}: {word!r} is not a whole number of at least 1")
    return [int(word) for word in words]
