"""The live table of many boards, on a terminal and elsewhere."""

from __future__ import annotations

import io
import os
import re
import sys
import threading

import pytest

from cross_build.deploys.fleet.live_table import LiveTable


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def screen(text: str) -> list[str]:
    """What a terminal shows after all of this."""
    lines, row = [""], 0
    # Neither colours nor whether the cursor is seen change what is written where.
    text = re.sub(r"\x1b\[(\?25[hl]|[\d;]*m)", "", text)
    for part in re.findall(r"\x1b\[\d*[A-Z]|\n|\r|[^\x1b\n\r]+", text):
        if part == "\n":
            row += 1
            lines += [""] * (row - len(lines) + 1)
        elif part.endswith("A") and part[0] == "\x1b":
            row -= int(part[2:-1])
            assert row >= 0
        elif part == "\x1b[2K":
            lines[row] = ""
        elif part != "\r":
            lines[row] = part.rstrip()
    return [line for line in lines if line]


@pytest.fixture(autouse=True)
def size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setenv("LINES", "8")


def test_lines_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    table = LiveTable(out)
    row = table.add("pi@a")
    with table:
        table.begin(row)
        table.step(row, "sending", "2 of 9 files, 1.0 MB")
        table.draw()
        table.end(row, "deployed", "0123")
    first, last = out.getvalue().splitlines()
    assert first == "pi@a: sending 2 of 9 files, 1.0 MB"
    assert re.fullmatch(r"pi@a: deployed 0123 \(0\.\d s\)", last)
    assert "\x1b" not in out.getvalue()


def test_a_dumb_terminal_is_none(monkeypatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    out = Terminal()
    table = LiveTable(out)
    table.add("a")
    with table:
        table.draw()
    assert out.getvalue() == ""


def test_a_table_that_changes_in_place() -> None:
    out = Terminal()
    table = LiveTable(out)
    rows = [table.add(name) for name in ("pi@first", "b", "c")]
    with table:
        for row in rows[:2]:
            table.begin(row)
        table.step(rows[0], "sending", "")
        rows[0].sent, rows[0].size = 5_000_000, 10_000_000
        table.step(rows[1], "verifying", "on the board")
        table.draw()
        speaker = threading.Thread(target=table.say, args=("a word",), daemon=True)
        speaker.start()
        speaker.join(30)
        assert "a word" in out.getvalue()
        table.end(rows[1], "failed", "because of " + "something long " * 9)
        table.draw()
        shown = screen(out.getvalue())
    assert shown[0] == "a word"
    assert shown[1] == "pi@first  sending          0 s  [##########..........]  50% of 10.0 MB"[:69]
    assert shown[2].startswith("b         failed           0 s  because of something")
    assert all(len(line) < 70 for line in shown)
    assert shown[3] == "c         waiting"
    assert re.fullmatch(r"0 of 3 boards done, 1 under way, 1 waiting, 1 failed, \d s", shown[4])
    # The summary takes its place.
    assert screen(out.getvalue()) == ["a word"]


def test_where_all_do_not_fit_those_under_way_are_shown() -> None:
    out = Terminal()
    table = LiveTable(out)
    rows = [table.add(f"board-{number}") for number in range(30)]
    with table:
        for row in rows[10:20]:
            table.begin(row)
        table.end(rows[10], "deployed", "")
        table.draw()
        shown = screen(out.getvalue())
    assert [line.split()[0] for line in shown[:-1]] == [f"board-{n}" for n in range(11, 17)]
    assert shown[-1].startswith("1 of 30 boards done, 9 under way, 20 waiting, ")
    assert len(shown) < int(os.environ["LINES"])


def test_what_threads_say_stands_behind_their_boards_names(capsys) -> None:
    table = LiveTable()
    rows = [table.add(name) for name in "ab"]

    def speak(row) -> None:
        table.begin(row)
        for word in ("one", "two"):
            print(f"says {word}", end=" ", file=sys.stderr)
        print(file=sys.stderr)

    with table:
        threads = [threading.Thread(target=speak, args=(row,), daemon=True) for row in rows]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    said = capsys.readouterr().err.splitlines()
    assert sorted(said) == ["a: says one says two ", "b: says one says two "]
