"""The bundle's own program ``ocr``, run as a user runs it: what it prints, how it ends."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from cross_build.boards.board import Board

Run = "subprocess.CompletedProcess[str]"


def ocr(board: Board, *arguments: object) -> Run:
    command = [board.path("ocr"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def golden(board: Board) -> Path:
    return Path(board.path("current", "pack", "golden.png"))


@pytest.fixture
def pack(board: Board, tmp_path: Path) -> Path:
    """A copy of the deployed pack, to be spoilt."""
    return Path(shutil.copytree(board.path("current", "pack"), tmp_path / "pack"))


def png(width: int, height: int) -> bytes:
    """A PNG whose header claims a size, without the pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def test_every_bad_picture_is_one_line_and_the_rest_are_read(board, golden, tmp_path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    picture = cv2.imread(str(golden))
    rgba = np.dstack([np.zeros_like(picture), 255 - picture[:, :, 0]])  # black ink on nothing
    jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
    rgb = Image.fromarray(picture)
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.fromarray(picture[::-1, ::-1]).save(folder / "exif.jpg", exif=exif)
    rgb.convert("CMYK").save(folder / "cmyk.jpg")
    frames = [Image.fromarray(np.zeros_like(picture))]
    rgb.save(folder / "animated.gif", save_all=True, append_images=frames)
    rgb.save(folder / "animated.webp", save_all=True, append_images=frames, lossless=True)
    cv2.imwrite(str(folder / "deep.png"), picture.astype(np.uint16) * 257)
    cv2.imwrite(str(folder / "rgba.png"), rgba)
    cv2.imwrite(str(folder / "grey.png"), picture[:, :, 0])
    cv2.imwrite(str(folder / "dot.png"), picture[:1, :1])
    cv2.imwrite(str(folder / "strip.png"), np.full((20, 20000, 3), 255, np.uint8))
    (folder / "huge.png").write_bytes(png(60000, 60000))
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.jpg").write_text("no picture")
    (folder / "cut.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (folder / "cut.png").write_bytes(golden.read_bytes()[:4000])

    run = ocr(board, "read", folder, tmp_path / "missing.png", "--json", tmp_path / "out.json")
    assert run.returncode == 1
    assert run.stderr == ""
    results = {
        Path(result["image"]).name: result
        for result in json.loads((tmp_path / "out.json").read_text())
    }
    errors = {name: result["error"] for name, result in results.items() if "error" in result}
    expected = {
        "cut.jpg": "is a JPEG cut off after",
        "cut.png": "is a PNG cut off after",
        "empty.png": "is empty (0 bytes)",
        "huge.png": "has 60000x60000 = 3600 megapixels",
        "missing.png": "does not exist; check the path",
        "text.jpg": "is not a picture; expected a JPEG",
    }
    assert errors.keys() == expected.keys()
    for name, start in expected.items():
        assert errors[name].startswith(start)
        shown = [line for line in run.stdout.splitlines() if line.endswith(errors[name])]
        assert len(shown) == 1, f"{name} is told in one line"
    read = {
        name: ["".join(line["text"].split()) for line in result["lines"]]
        for name, result in results.items()
        if name not in errors
    }
    golden_lines = ["你好，世界", "Paddle-Lite2026"]
    whole = ["exif.jpg", "cmyk.jpg", "animated.gif", "animated.webp", "deep.png", "rgba.png"]
    assert read == {"dot.png": [], "strip.png": []} | dict.fromkeys(
        [*whole, "grey.png"], golden_lines
    )


def test_a_picture_of_a_hundred_megapixels_is_read(board, golden, tmp_path) -> None:
    picture = cv2.imread(str(golden))
    large = cv2.copyMakeBorder(
        cv2.resize(picture, (9600, 3200)), 0, 7300, 0, 0, cv2.BORDER_CONSTANT, value=(255,) * 3
    )
    assert large.shape[0] * large.shape[1] > 100e6
    cv2.imwrite(str(tmp_path / "large.jpg"), large)
    run = ocr(board, "read", tmp_path / "large.jpg", "--json", "-")
    (result,) = json.loads(run.stdout)
    assert ["".join(line["text"].split()) for line in result["lines"]] == [
        "你好，世界",
        "Paddle-Lite2026",
    ]


def test_a_scrolled_screenshot_is_read_to_its_end(board, golden, tmp_path) -> None:
    """Shrunk to the detector's usual size its text would be too small to find."""
    picture = cv2.resize(cv2.imread(str(golden)), None, fx=0.5, fy=0.5)
    cv2.imwrite(str(tmp_path / "long.png"), np.vstack([picture] * 16))
    run = ocr(board, "read", tmp_path / "long.png", "--json", "-")
    (result,) = json.loads(run.stdout)
    assert result["height"] > 5 * result["width"]
    texts = ["".join(line["text"].split()) for line in result["lines"]]
    assert texts == ["你好，世界", "Paddle-Lite2026"] * 16


def spoil_json(pack: Path, change: dict[str, object]) -> None:
    data = json.loads((pack / "pack.json").read_text())
    (pack / "pack.json").write_text(json.dumps({**data, **change}))


def lose_a_file(pack: Path) -> None:
    (pack / "rec.nb").unlink()


def alter_a_file(pack: Path) -> None:
    with (pack / "det.nb").open("r+b") as file:
        file.seek(1000)
        file.write(b"?")


def change_the_version(pack: Path) -> None:
    spoil_json(pack, {"lite_version": "v2.9", "runtimes": ["v2.9"]})


def change_the_processor(pack: Path) -> None:
    spoil_json(pack, {"arch": "arm"})


def shorten_the_dictionary(pack: Path) -> None:
    data = (pack / "dictionary.txt").read_bytes().rstrip(b"\n").split(b"\n")[:-2]
    (pack / "dictionary.txt").write_bytes(b"\n".join(data) + b"\n")
    digest = hashlib.sha256((pack / "dictionary.txt").read_bytes()).hexdigest()
    spoil_json(pack, {"dictionary": {"file": "dictionary.txt", "sha256": digest}})


def lose_pack_json(pack: Path) -> None:
    (pack / "pack.json").unlink()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lose_a_file, r"rec\.nb cannot be read \(No such file or directory\); make or deploy"),
        (alter_a_file, r"det\.nb has sha256 .*it was changed or damaged: make or deploy"),
        (
            change_the_version,
            r"made for Paddle-Lite v2\.9 on x86, this runtime is v2\.13-rc on x86",
        ),
        (change_the_processor, r"made for Paddle-Lite v2\.13-rc on arm, this runtime is"),
        (shorten_the_dictionary, r"gives 18707 characters and a blank, the recogniser has 18710"),
        (lose_pack_json, r"cannot read pack\.json"),
    ],
)
def test_a_bad_pack_is_one_line(board, golden, pack, spoil, words) -> None:
    spoil(pack)
    run = ocr(board, "read", golden, "--pack", pack)
    assert run.returncode == 1
    assert run.stdout == ""
    assert re.fullmatch(rf"ocr: pack .*{words}.*\n", run.stderr)


def test_debug_shows_where_an_error_comes_from(board, golden, pack) -> None:
    lose_a_file(pack)
    run = ocr(board, "read", golden, "--pack", pack, "--debug")
    assert "Traceback" in run.stderr


def test_a_model_that_would_end_the_process_is_told_in_the_librarys_words(board, pack) -> None:
    """Paddle-Lite aborts on a model it cannot parse; its hash says it is what was packed."""
    model = (pack / "cls.nb").read_bytes()
    (pack / "cls.nb").write_bytes(model[: len(model) // 2])
    data = json.loads((pack / "pack.json").read_text())
    digest = hashlib.sha256((pack / "cls.nb").read_bytes()).hexdigest()
    spoil_json(pack, {"cls": {**data["cls"], "sha256": digest}})
    run = ocr(board, "verify", "--pack", pack)
    assert run.returncode == 1
    assert re.fullmatch(r"ocr: cls\.nb: Paddle-Lite v2\.13-rc cannot load it: .*\n", run.stderr)


def enlarge_a_size(model: bytes) -> bytes:
    """The upper byte of the size of the network's description, a 64-bit number near the start."""
    return model[:22] + bytes([model[22] ^ 0x40]) + model[23:]


def test_a_model_with_a_damaged_size_is_refused_before_it_is_read_with(
    board, golden, pack, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("LITE_OCR_CACHE", str(tmp_path / "cache"))
    damaged = enlarge_a_size((pack / "rec.nb").read_bytes())
    (pack / "rec.nb").write_bytes(damaged)
    data = json.loads((pack / "pack.json").read_text())
    data["rec"]["sha256"] = hashlib.sha256(damaged).hexdigest()
    (pack / "pack.json").write_text(json.dumps(data))
    run = ocr(board, "read", golden, "--pack", pack)
    assert (run.returncode, run.stdout) == (1, "")
    *_, last = run.stderr.splitlines()
    assert re.fullmatch(
        r"ocr: rec\.nb: Paddle-Lite v2\.13-rc cannot load it: .*"
        r" \(its \d+\.\d MB were given \d+ MB and \d+ s\); build the pack again with.*",
        last,
    )
    assert not list((tmp_path / "cache").rglob("*.json"))


def test_a_golden_picture_that_reads_differently_fails(board, pack) -> None:
    data = json.loads((pack / "pack.json").read_text())
    spoil_json(pack, {"golden": {**data["golden"], "lines": ["something else"]}})
    run = ocr(board, "verify", "--pack", pack)
    assert run.returncode == 1
    assert "must read ['something else'], this board read ['你好，世界'" in run.stderr


@pytest.mark.parametrize(
    "arguments",
    [[], ["read"], ["nonsense"], ["read", "a.png", "--batch", "0"], ["read", "--x", "a"]],
)
def test_wrong_usage_ends_with_two(board, arguments) -> None:
    run = ocr(board, *arguments)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_keeps_what_was_read(board, samples, tmp_path, number, code) -> None:
    target = tmp_path / "out.json"
    child = subprocess.Popen(
        [board.path("ocr"), "read", samples, "--json", target],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    child.stdout.readline()  # the first picture is done, the next under way
    child.send_signal(number)
    _, errors = child.communicate(timeout=120)
    assert child.returncode == code
    assert errors == "ocr: interrupted\n"
    assert list(tmp_path.iterdir()) == [target]
    results = json.loads(target.read_text(encoding="utf-8"))
    labels = json.loads((samples / "labels.json").read_text(encoding="utf-8"))
    assert 1 <= len(results) < len(labels)
    assert all(result["lines"] for result in results)


def test_results_stay_readable_without_a_locale(board, golden) -> None:
    command = [board.path("ocr"), "read", golden]
    run = subprocess.run(command, capture_output=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    assert run.returncode == 0
    assert "你好，世界" in run.stdout.decode()


def test_a_result_file_that_cannot_be_written_is_one_line(board, golden) -> None:
    run = ocr(board, "read", golden, "--json", "/proc/no/out.json")
    assert run.returncode == 1
    assert run.stderr.startswith("ocr: /proc/no")
    assert run.stderr.count("\n") == 1


def test_doctor_finds_all_well(board) -> None:
    run = ocr(board, "doctor")
    assert run.returncode == 0
    assert "all is well" in run.stdout
    assert re.search(r"ok +paddle-lite +v2\.13-rc", run.stdout)


def test_doctor_names_what_is_missing_and_how_to_fix_it(board, pack) -> None:
    lose_a_file(pack)
    run = ocr(board, "doctor", "--pack", pack)
    assert run.returncode == 1
    assert re.search(r"MISS +pack .*rec\.nb cannot be read", run.stdout)
    assert "-> deploy to this board again" in run.stdout


def test_the_program_runs_from_anywhere_and_alone(board, golden, tmp_path) -> None:
    """The whole release can be moved, and the environment's Python settings do not reach it."""
    moved = shutil.copytree(Path(board.path("current")).resolve(), tmp_path / "elsewhere")
    (tmp_path / "link").symlink_to(moved / "ocr")
    (tmp_path / "numpy.py").write_text("raise SystemExit('the wrong numpy')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONHOME": "/nowhere"}
    run = subprocess.run(
        [tmp_path / "link", "read", golden],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "你好，世界" in run.stdout


def test_output_cut_by_its_reader_is_no_error(board, golden) -> None:
    run = subprocess.run(
        ["sh", "-c", '"$0" read "$1" "$1" | head -n 1', board.path("ocr"), str(golden)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stderr == ""


def test_the_board_measures_itself(board, golden, tmp_path) -> None:
    run = ocr(board, "bench", golden, "--limit", 1, "--threads", 1, "--json", tmp_path / "b.json")
    assert run.returncode == 0, run.stderr
    assert "v6-small, 1 thread" in run.stdout
    record = json.loads((tmp_path / "b.json").read_text())
    (found,) = record["candidates"]
    assert found["engine_version"] == "v2.13-rc"
    assert found["accuracy"] is None  # of a picture without labels nobody knows the text
    assert found["texts"][0][0] == "你好，世界"
    assert found["models"]["rec"]["source"] == "PP-OCRv6_small_rec"
    assert found["summary"]["total"]["median"] > 0
    assert found["turns"][0]["cold"] is True


def test_another_pack_is_tried_before_it_is_measured(
    board, golden, pack, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("LITE_OCR_CACHE", str(tmp_path / "cache"))
    run = ocr(board, "bench", golden, "--limit", 1, "--pack", pack, "--json", "-")
    assert run.returncode == 0, run.stderr
    assert run.stderr.startswith("trying the models of v6-small, which is new here\n")
    assert json.loads(run.stdout)["candidates"][0]["failed"] is None


def test_a_damaged_pack_is_told_before_anything_is_measured(board, golden, pack) -> None:
    (pack / "rec.nb").write_bytes(b"no model")
    run = ocr(board, "bench", golden, "--pack", pack)
    assert run.returncode == 1
    assert "rec.nb" in run.stderr
    assert len(run.stderr.splitlines()) == 1
