"""What is printed cannot control a terminal, and text in any script is printed as it is."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from lite_runner import terminal
from lite_runner.ocr import report
from lite_runner.ocr.results import error_result

#: Of Unicode's categories: controls, line and paragraph separators, surrogates.
_CATEGORIES = {"Cc", "Zl", "Zp", "Cs"}
_BIDI = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
_TEXTS = [
    "مرحبا 123 بالعالم",
    "שלום עולם",
    "老城面馆 ０５７１",
    "👩‍👩‍👧 ❤️ 🇫🇷",
    "नमस्ते",
    "Ελληνικά ñ \\x1b",
    "\u200fא\u200e",
]


def unsafe(char: str) -> bool:
    return unicodedata.category(char) in _CATEGORIES or unicodedata.bidirectional(char) in _BIDI


def test_exactly_what_controls_is_spelled() -> None:
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        spelled = f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
        assert terminal.visible(char) == (spelled if unsafe(char) else char)


@pytest.mark.parametrize("text", _TEXTS)
def test_text_in_any_script_stays(text) -> None:
    assert terminal.visible(text) == text


def test_whatever_is_printed_holds_no_controls(monkeypatch) -> None:
    rng = random.Random(4)  # noqa: S311 - not a secret, and repeatable
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.StringIO())
    terminal.protect()
    terminal.protect()
    texts = ["".join(chr(rng.randrange(0x3000)) for _ in range(40)) for _ in range(50)]
    for text in texts:
        print(text)
        print(text, file=sys.stderr)
        sys.stdout.writelines([text, "\n"])
    for stream in (sys.stdout, sys.stderr):
        shown = terminal.raw(stream).getvalue()
        assert not [char for char in shown if unsafe(char) and char not in "\n\t"]
        assert shown.count("\\x1b") >= sum(text.count("\x1b") for text in texts)


def test_a_name_makes_no_further_rows() -> None:
    box = [[0.0, 0.0]] * 4
    line = {"text": "a\x1b[2Jb\nc", "score": 0.9, "box": box, "angle": 0}
    seconds = dict.fromkeys(("detect", "classify", "recognise", "total"), 0.1)
    name = "x\r\n  1  0.999  forged\x9b31m.png"
    result = {"image": name, "width": 1, "height": 1, "lines": [line], "seconds": seconds}
    shown = report.text(result)
    assert shown.count("\n") == 1
    assert "x\\x0d\\x0a  1  0.999  forged\\x9b31m.png  1x1" in shown
    assert "a\\x1b[2Jb\\x0ac" in shown
    assert report.summary([result]).count("\n") == 2
    assert "\n" not in report.text(error_result(name, "is \x1b]0;no\x07 picture"))


def run(code: str, *arguments: str | bytes, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        check=False,
        encoding="utf-8",
        **options,
    )


def test_the_program_shows_a_name_and_keeps_it_in_json(tmp_path) -> None:
    """With a name that is no UTF-8, too."""
    name = b"a\x1b[31m\xe2\x80\xaeb\xff\nc.png"
    code = (
        "import sys; from lite_runner.cli import output; from lite_runner.ocr import report\n"
        "from lite_runner.ocr.results import error_result\n"
        "from lite_runner.cli.results import Destinations\n"
        "output.force_utf8_output()\n"
        "results = [error_result(sys.argv[1], 'is none')]\n"
        "Destinations().show(results[0])\n"
        "Destinations(json=sys.argv[2]).finish(results)\n"
        "Destinations(json='-').finish(results)\n"
    )
    target = tmp_path / "lines.json"
    done = run(code, name, str(target))
    shown, _, printed = done.stdout.partition("\n")
    assert shown == r"a\x1b[31m\u202eb\udcff\x0ac.png: is none"
    text = target.read_text(encoding="utf-8")
    assert text == printed
    (result,) = json.loads(text)
    assert result["image"].encode("utf-8", "surrogateescape") == name
    assert not done.stderr


def test_errors_stay_one_line(tmp_path) -> None:
    folder = tmp_path / "no\x1b[2Jpack\nocr: all is well"
    code = "import sys; from lite_runner.cli import main; sys.exit(main.main(sys.argv[1:]))"
    done = run(code, "verify", "--pack", str(folder))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no\\x1b[2Jpack\\x0aocr: all is well" in done.stderr


def test_a_users_script_prints_what_it_likes(tmp_path: Path) -> None:
    script = tmp_path / "colours.py"
    script.write_text("print('\\x1b[32mgreen')\n")
    code = "import sys; from lite_runner.cli import main; sys.exit(main.main(sys.argv[1:]))"
    assert run(code, "python", str(script)).stdout == "\x1b[32mgreen\n"
