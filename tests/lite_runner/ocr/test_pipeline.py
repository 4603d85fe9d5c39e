"""The reader around an engine whose models are rules (see conftest.py)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from lite_runner import Ocr, Options, PackError, pack
from lite_runner.arrays import Floats, Image
from lite_runner.errors import EngineError, ImageError, UsageError
from lite_runner.ocr import memory
from lite_runner.predictor.protocol import Output
from lite_runner.predictor.shape_cache import ShapeCache
from lite_runner.releases.release import sha256
from tests.lite_runner.conftest import one_letter

#: Where the sheet's two lines are, as they are drawn.
TRUTH = [[[40, top], [280, top], [280, top + 30], [40, top + 30]] for top in (40, 120)]


def inner(box: Floats) -> Floats:
    """A detected box without what unclipping adds: 24 by 24 pixels around a 240x30 line."""
    centre = box.mean(axis=0)
    size = np.abs(box - centre)
    by = 240 * 30 * 1.6 / (2 * 270)
    return centre + np.sign(box - centre) * (size - by)


def texts(reader: Ocr, image: Image) -> list[str | None]:
    return [line.text for line in reader.read(image)]


def always(turned: float) -> Any:
    """A classifier that takes every line for turned, so surely."""
    return lambda batch: [Output(np.array([[1 - turned, turned]] * len(batch), np.float32))]


def test_lines_are_read_in_their_places(pack_folder: Path, engine: Any, sheet: Image) -> None:
    with Ocr(pack_folder, engine) as reader:
        page = reader.read(sheet)
    assert (page.width, page.height, len(page)) == (320, 192, 2)
    assert [(line.text, line.angle) for line in page] == [("l", 0), ("l", 0)]
    for line, truth in zip(page, TRUTH):
        assert line.score == pytest.approx(0.9)
        assert line.box.dtype == np.float32
        np.testing.assert_allclose(inner(line.box), truth, atol=2)
    seconds = page.seconds
    parts = seconds.detect + seconds.classify + seconds.recognise
    assert parts == pytest.approx(seconds.total)


def test_a_blank_page_has_no_lines(pack_folder: Path, engine: Any) -> None:
    with Ocr(pack_folder, engine) as reader:
        page = reader.read(np.full((64, 64, 3), 255, np.uint8))
    assert page.lines == ()
    assert ("run", "rec.nb") not in [event[:2] for event in engine.events]


def test_the_detector_is_closed_before_the_last_pictures_lines_are_read(
    pack_folder: Path, engine: Any, sheet: Image
) -> None:
    with Ocr(pack_folder, engine) as reader:
        pages = [reader.read(sheet, last=last) for last in (False, True, False)]
    assert [[line.text for line in page] for page in pages] == [["l", "l"]] * 3
    det = [event[0] for event in engine.events if event[1] == "det.nb"]
    assert det == ["open", "run", "run", "close", "open", "run", "close"]
    first_close = engine.events.index(("close", "det.nb"))
    assert "rec.nb" in [event[1] for event in engine.events[first_close:]]


def test_lines_on_their_head_are_turned(pack_folder: Path, engine: Any, sheet: Image) -> None:
    engine.models["cls.nb"] = always(0.95)
    with Ocr(pack_folder, engine) as reader:
        page = reader.read(sheet)
    assert [(line.text, line.angle) for line in page] == [("r", 180), ("r", 180)]
    for line, truth in zip(page, TRUTH[::-1]):
        np.testing.assert_allclose(inner(line.box), np.roll(truth, 2, axis=0), atol=2)


def test_a_class_beside_the_probabilities_is_passed_over(
    pack_folder: Path, engine: Any, sheet: Image
) -> None:
    """V1.x classifiers give both, in either order."""
    turned = always(0.95)
    label = Output(np.array([1, 1], np.int64))
    for outputs in (lambda batch: [label, *turned(batch)], lambda batch: [*turned(batch), label]):
        engine.models["cls.nb"] = outputs
        with Ocr(pack_folder, engine) as reader:
            assert [line.angle for line in reader.read(sheet)] == [180, 180]


def surely_left(batch: Floats) -> list[Output]:
    """A recogniser that is surer of lines that are darker on their left."""
    probabilities = one_letter(batch)
    probabilities[:, 0, 2] *= 0.7
    return [Output(probabilities)]


@pytest.mark.parametrize("turned", [0.6, 0.95])
def test_upright_lines_that_look_upside_down_stay_where_they_read_better(
    turned: float, pack_folder: Path, engine: Any, sheet: Image
) -> None:
    engine.models["cls.nb"] = always(turned)
    engine.models["rec.nb"] = surely_left
    with Ocr(pack_folder, engine) as reader:
        upright = [(line.text, line.angle) for line in reader.read(sheet)]
        rotated = [(line.text, line.angle) for line in reader.read(sheet[::-1, ::-1])]
    assert upright == [("l", 0), ("l", 0)]
    assert rotated == [("l", 180), ("l", 180)]


@pytest.mark.parametrize(("quarters", "angle"), [(1, 180), (3, 0)])
def test_a_page_on_its_side_is_detected_again_upright(
    quarters: int, angle: int, pack_folder: Path, engine: Any
) -> None:
    """Three lines, the first one longest, as a scanner gives a page that lies on its side."""
    page = np.full((320, 320, 3), 255, np.uint8)
    for place, right in enumerate((300, 260, 220)):
        page[30 + 90 * place :, 20:right][:30] = 90
        page[30 + 90 * place :, 20:120][:30] = 10
    engine.models["rec.nb"] = surely_left
    engine.models["cls.nb"] = always(0.5)
    with Ocr(pack_folder, engine) as reader:
        lines = reader.read(np.rot90(page, quarters).copy()).lines
    assert [(line.text, line.angle) for line in lines] == [("l", angle)] * 3
    lengths = [abs(line.box[1] - line.box[0]).max() for line in lines]
    assert sorted(lengths, reverse=True) == lengths
    # The text's own top left is where the page's top left came to lie.
    corner = {1: (0, 320), 3: (320, 0)}[quarters]
    assert abs(lines[0].box[0] - corner).max() < 40
    assert engine.events.count(("run", "det.nb", (1, 3, 320, 320))) == 2


def test_without_classification_a_page_on_its_side_is_read_as_it_lies(
    pack_folder: Path, engine: Any
) -> None:
    page = np.full((320, 320, 3), 255, np.uint8)
    for place in range(3):
        page[20:300, 30 + 90 * place :][:, :30] = 10
    with Ocr(pack_folder, engine, Options(classify=False)) as reader:
        lines = reader.read(page).lines
    assert len(lines) == 3
    assert engine.events.count(("run", "det.nb", (1, 3, 320, 320))) == 1
    assert [line.box[0, 0] for line in lines] == sorted(line.box[0, 0] for line in lines)[::-1]


def test_lines_not_surely_on_their_head_stay(pack_folder: Path, engine: Any, sheet: Image) -> None:
    engine.models["cls.nb"] = always(0.89)
    with Ocr(pack_folder, engine) as reader:
        assert [(line.text, line.angle) for line in reader.read(sheet)] == [("l", 0), ("l", 0)]


def test_without_detection_the_picture_is_one_line(
    pack_folder: Path, engine: Any, sheet: Image
) -> None:
    strip = sheet[40:70, 40:280]
    with Ocr(pack_folder, engine, Options(detect=False)) as reader:
        [line] = reader.read(strip)
    assert line.text == "l"
    assert line.box.tolist() == [[0, 0], [240, 0], [240, 30], [0, 30]]
    with Ocr(pack_folder, engine, Options(detect=False, recognise=False)) as reader:
        assert [line.score for line in reader.read(strip)] == [1.0]
    assert ("open", "det.nb") not in engine.events


def test_without_classification_nothing_is_turned(
    pack_folder: Path, engine: Any, sheet: Image
) -> None:
    engine.models["cls.nb"] = always(1.0)
    with Ocr(pack_folder, engine, Options(classify=False)) as reader:
        assert [(line.text, line.angle) for line in reader.read(sheet)] == [("l", 0), ("l", 0)]
    assert ("open", "cls.nb") not in engine.events


def test_a_pack_without_a_classifier_turns_nothing(
    pack_folder: Path, edit_pack: Any, engine: Any, sheet: Image
) -> None:
    edit_pack(lambda data: data.update(cls=None))
    with Ocr(pack_folder, engine) as reader:
        assert texts(reader, sheet) == ["l", "l"]


@pytest.mark.parametrize("classify", [True, False])
def test_without_recognition_lines_are_boxes(
    classify: bool, pack_folder: Path, engine: Any, sheet: Image
) -> None:
    engine.models["cls.nb"] = always(0.95)
    with Ocr(pack_folder, engine, Options(classify=classify, recognise=False)) as reader:
        page = reader.read(sheet)
    angle = 180 if classify else 0
    assert [(line.text, line.angle) for line in page] == [(None, angle)] * 2
    assert all(0.5 <= line.score <= 1 for line in page)
    assert ("open", "rec.nb") not in engine.events


@pytest.mark.parametrize(("least", "count"), [(0.0, 2), (0.89, 2), (0.91, 0), (1.0, 0)])
def test_lines_below_the_least_score_are_left_out(
    least: float, count: int, pack_folder: Path, engine: Any, sheet: Image
) -> None:
    with Ocr(pack_folder, engine, Options(min_score=least)) as reader:
        assert len(reader.read(sheet)) == count


def test_lines_without_text_are_left_out(pack_folder: Path, engine: Any, sheet: Image) -> None:
    blank = np.eye(5, dtype=np.float32)[[0, 0]]
    engine.models["rec.nb"] = lambda batch: [Output(np.stack([blank] * len(batch)))]
    with Ocr(pack_folder, engine, Options(min_score=0.0)) as reader:
        assert len(reader.read(sheet)) == 0


@pytest.mark.parametrize("size", [1, 2, 5])
def test_batches_change_nothing_but_the_runs(
    size: int, pack_folder: Path, engine: Any, sheet: Image
) -> None:
    with Ocr(pack_folder, engine, Options(batch=size)) as reader:
        page = reader.read(sheet)
    assert [line.text for line in page] == ["l", "l"]
    runs = [event[2][0] for event in engine.events if event[:2] == ("run", "rec.nb")]
    assert runs == ([1, 1] if size == 1 else [2])
    runs = [event[2][0] for event in engine.events if event[:2] == ("run", "cls.nb")]
    assert runs == ([1, 1] if size == 1 else [2])


@pytest.mark.parametrize(("workers", "classified"), [(1, [8, 4]), (3, [4, 4, 4]), (20, [1] * 12)])
def test_unless_told_lines_are_shared_among_workers_as_suits_the_engine(
    workers: int,
    classified: list[int],
    pack_folder: Path,
    engine: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = np.full((640, 640, 3), 255, np.uint8)
    for place in range(12):
        image[20 + 50 * place :, 40:200][:30] = 10
    engine.batch = 3
    monkeypatch.setattr(os, "cpu_count", lambda: 20)
    with Ocr(pack_folder, engine, Options(workers=workers)) as reader:
        assert len(reader.read(image)) == 12
    runs = [event[1:] for event in engine.events if event[0] == "run"]
    assert (
        sorted((shape[0] for name, shape in runs if name == "cls.nb"), reverse=True) == classified
    )
    read = [shape[0] for name, shape in runs if name == "rec.nb"]
    assert (sum(read), max(read)) == (12, min(3, classified[0]))


@pytest.mark.parametrize("stages", [("cls",), ("rec",), ("cls", "rec")])
def test_networks_that_take_one_line_are_never_given_two(
    stages: tuple[str, ...], pack_folder: Path, edit_pack: Any, engine: Any, sheet: Image
) -> None:
    for stage in stages:
        edit_pack(lambda data, stage=stage: data[stage].update(fixed_batch=True))
    with Ocr(pack_folder, engine, Options(batch=2)) as reader:
        assert texts(reader, sheet) == ["l", "l"]
    for stage in ("cls", "rec"):
        runs = [event[2][0] for event in engine.events if event[:2] == ("run", f"{stage}.nb")]
        assert runs == ([1, 1] if stage in stages else [2])


def test_every_network_gets_the_size_it_declares(
    pack_folder: Path, edit_pack: Any, engine: Any, sheet: Image
) -> None:
    edit_pack(lambda data: data["det"].update(shape=[256, 448], fixed_size=True))
    edit_pack(lambda data: data["cls"].update(shape=[80, 160]))
    edit_pack(lambda data: data["rec"].update(shape=[16, 640], fixed_width=True))
    # A page that is higher than wide, wider than high, and smaller than the detector's input.
    for page in (np.repeat(sheet, 4, axis=0), np.repeat(sheet, 4, axis=1), sheet):
        with Ocr(pack_folder, engine, Options(batch=4)) as reader:
            assert texts(reader, page) == ["l", "l"]
    shapes = {event[1:] for event in engine.events if event[0] == "run"}
    assert shapes == {
        ("det.nb", (1, 3, 256, 448)),
        ("cls.nb", (4, 3, 80, 160)),  # two windows of each line where the page is wider
        ("cls.nb", (2, 3, 80, 160)),
        # The short lines of the higher page, both ways: four, of which three go at once.
        ("rec.nb", (3, 3, 16, 640)),
        ("rec.nb", (1, 3, 16, 640)),
        ("rec.nb", (2, 3, 16, 640)),
    }


def test_lines_from_right_to_left_are_read_in_their_order(
    pack_folder: Path, edit_pack: Any, engine: Any, sheet: Image
) -> None:
    characters = "בא1"
    (pack_folder / "dictionary.txt").write_text("\n".join(characters), encoding="utf-8")
    edit_pack(lambda data: data["dictionary"].update(sha256=sha256(pack_folder / "dictionary.txt")))
    # On the page, from left to right: the number, a space, the two letters.
    steps = np.eye(5, dtype=np.float32)[[3, 0, 3, 4, 1, 2]]
    engine.models["rec.nb"] = lambda batch: [Output(np.stack([steps] * len(batch)))]
    with Ocr(pack_folder, engine) as reader:
        assert texts(reader, sheet) == ["11 בא"] * 2
    edit_pack(lambda data: data["rec"].update(direction="rtl"))
    with Ocr(pack_folder, engine) as reader:
        assert texts(reader, sheet) == ["אב 11"] * 2


def test_every_line_gets_its_own_text_in_a_batch(pack_folder: Path, engine: Any) -> None:
    image = np.full((320, 320, 3), 255, np.uint8)
    for place, (left, right) in enumerate([(10, 90), (90, 10), (10, 90), (90, 10)]):
        width = 120 + 40 * (place % 2)
        image[30 + 70 * place :, 40 : 40 + width][:30] = left
        image[30 + 70 * place :, 40 + width // 2 : 40 + width][:30] = right
    with Ocr(pack_folder, engine, Options(batch=8)) as reader:
        assert texts(reader, image) == ["l", "r", "l", "r"]


def aligned(batch: Floats) -> list[Output]:
    """Output as V1.1's networks give it: the first line of a batch is empty, the next ones longer.

    Line n reads the first n letters; its steps of text have probability 0.6 + n / 10.
    """
    ids, steps = [], []
    for line in range(len(batch)):
        ids.append(list(range(line)) or [-1])
        share = np.zeros((line + 1, 5), np.float32)
        share[np.arange(line), np.arange(line)] = 0.6 + line / 10
        share[line, 4] = 1.0
        steps.append(share)
    ends = np.cumsum([0, *map(len, ids)]).tolist()
    step_ends = np.cumsum([0, *map(len, steps)]).tolist()
    return [
        Output(np.array([[i] for line in ids for i in line], np.int64), (tuple(ends),)),
        Output(np.concatenate(steps), (tuple(step_ends),)),
    ]


@pytest.mark.parametrize("order", [1, -1], ids=["ids first", "ids last"])
def test_aligned_output_is_read_line_by_line(
    pack_folder: Path, edit_pack: Any, engine: Any, order: int
) -> None:
    edit_pack(lambda data: data["rec"].update(outputs="ids+softmax", blank=-1, offset=0))
    engine.models["rec.nb"] = lambda batch: aligned(batch)[::order]
    image = np.full((320, 320, 3), 255, np.uint8)
    for place in range(3):
        image[40 + 90 * place :, 40:200][:30] = 10
    with Ocr(pack_folder, engine, Options(batch=3)) as reader:
        lines = reader.read(image).lines
    assert [(line.text, round(line.score, 3)) for line in lines] == [("l", 0.7), ("lr", 0.8)]


def test_aligned_output_of_one_line_needs_no_offsets(
    pack_folder: Path, edit_pack: Any, engine: Any
) -> None:
    edit_pack(lambda data: data["rec"].update(outputs="ids+softmax", blank=-1, offset=0))
    steps = np.eye(5, dtype=np.float32)[[2, 4]]
    engine.models["rec.nb"] = lambda batch: [Output(np.array([[2]])), Output(steps)]
    with Ocr(pack_folder, engine, Options(detect=False)) as reader:
        assert texts(reader, np.zeros((30, 90, 3), np.uint8)) == ["x"]


def test_any_source_is_read(pack_folder: Path, engine: Any, sheet: Image, tmp_path: Path) -> None:
    _, data = cv2.imencode(".png", sheet)
    (tmp_path / "sheet.png").write_bytes(data.tobytes())
    with Ocr(str(pack_folder), engine) as reader:
        for source in (tmp_path / "sheet.png", data.tobytes(), sheet, sheet[:, :, 0]):
            assert [line.text for line in reader.read(source)] == ["l", "l"]
        with pytest.raises(ImageError):
            reader.read(tmp_path / "missing.png")


def test_without_a_pack_the_bundles_own_is_taken(
    pack_folder: Path, engine: Any, sheet: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "of_this_release", lambda: pack_folder)
    with Ocr(engine=engine) as reader:
        assert texts(reader, sheet) == ["l", "l"]
    monkeypatch.setattr(pack, "of_this_release", lambda: None)
    with pytest.raises(PackError, match="no pack is given"):
        Ocr(engine=engine)


def test_closing_frees_every_model_once(pack_folder: Path, engine: Any, sheet: Image) -> None:
    with Ocr(pack_folder, engine) as reader:
        reader.read(sheet)
        reader.read(sheet)
        assert not [event for event in engine.events if event[0] == "close"]
    reader.close()
    reader.close()
    for kind in ("open", "close"):
        names = sorted(event[1] for event in engine.events if event[0] == kind)
        assert names == ["cls.nb", "det.nb", "rec.nb"]


def test_models_are_freed_after_a_failure(pack_folder: Path, engine: Any, sheet: Image) -> None:
    def fail(_: Floats) -> list[Output]:
        raise EngineError("rec.nb: it failed")

    engine.models["rec.nb"] = fail
    with pytest.raises(EngineError), Ocr(pack_folder, engine) as reader:
        reader.read(sheet)
    assert sorted(event[1] for event in engine.events if event[0] == "close") == [
        "cls.nb",
        "det.nb",
        "rec.nb",
    ]


@pytest.mark.parametrize(
    ("field", "value", "parts"),
    [
        ("version", "v2.9", ["v2.13-rc on x86", "v2.9 on x86"]),
        ("arch", "arm", ["v2.13-rc on x86", "v2.13-rc on arm"]),
    ],
)
def test_a_pack_for_another_runtime_is_refused(
    field: str, value: str, parts: list[str], pack_folder: Path, engine: Any
) -> None:
    setattr(engine, field, value)
    with pytest.raises(PackError) as caught:
        Ocr(pack_folder, engine)
    text = str(caught.value)
    assert all(part in text for part in [*parts, "tiny", "deploy"])
    assert "\n" not in text
    assert engine.events == []


def test_a_pack_that_was_verified_on_more_runtimes_runs_there(
    pack_folder: Path, edit_pack: Any, engine: Any, sheet: Image
) -> None:
    edit_pack(lambda data: data.update(runtimes=["v2.9", "v2.13-rc"]))
    for version in ("v2.9", "v2.13-rc"):
        engine.version = version
        with Ocr(pack_folder, engine) as reader:
            assert texts(reader, sheet) == ["l", "l"]
    engine.version = "v2.12"
    with pytest.raises(PackError, match=r"v2\.9 or v2\.13-rc on x86, this runtime is v2\.12"):
        Ocr(pack_folder, engine)


# Pools

SHORT, LONG = np.zeros((1, 3, 48, 32), np.float32), np.zeros((1, 3, 48, 64), np.float32)


def run(models: ShapeCache, batch: Floats) -> list[Output]:
    return models.run(batch.shape, lambda memory: np.copyto(memory, batch))


@pytest.fixture
def told(engine: Any) -> list[str]:
    """What a shape cache of ``m.nb`` did: kinds of events, to be filled by the test."""
    engine.models["m.nb"] = lambda batch: [Output(batch)]
    engine.reshapes = False
    return engine.events  # type: ignore[no-any-return]


def kinds(events: list[Any]) -> str:
    return " ".join(event[0] for event in events)


@pytest.mark.parametrize(
    ("capacity", "expected"),
    [
        (1, "open run run close open run close open run"),
        (2, "open run run open run run"),
        (0, "open run run close open run close open run"),
    ],
)
def test_a_model_is_opened_for_each_new_shape(
    capacity: int, expected: str, engine: Any, told: list[Any]
) -> None:
    models = ShapeCache(engine, Path("m.nb"), capacity)
    for batch in (SHORT, SHORT, LONG, SHORT):
        assert run(models, batch)[0].data.shape == batch.shape
    assert kinds(told) == expected


def test_the_shape_not_used_for_longest_gives_way(engine: Any, told: list[Any]) -> None:
    models = ShapeCache(engine, Path("m.nb"), 2)
    for batch in (SHORT, LONG, SHORT, LONG[:, :, :, :1], SHORT):
        run(models, batch)
    assert kinds(told) == "open run open run run close open run run"


def test_an_engine_that_reshapes_opens_once(engine: Any, told: list[Any]) -> None:
    engine.reshapes = True
    models = ShapeCache(engine, Path("m.nb"))
    for batch in (SHORT, LONG, SHORT):
        run(models, batch)
    assert kinds(told) == "open run run run"
    models.close()
    assert kinds(told) == "open run run run close"
    models.close()
    assert kinds(told) == "open run run run close"


def test_a_closed_pool_opens_again(engine: Any, told: list[Any]) -> None:
    models = ShapeCache(engine, Path("m.nb"))
    models.close()
    run(models, SHORT)
    models.close()
    run(models, SHORT)
    assert kinds(told) == "open run close open run"


def test_more_workers_than_cores_are_refused(pack_folder: Path, engine: Any) -> None:
    cores = os.cpu_count() or 1
    with pytest.raises(UsageError, match=f"--workers {cores + 1}: this board has {cores} core"):
        Ocr(pack_folder, engine, Options(workers=cores + 1))
    Ocr(pack_folder, engine, Options(workers=cores)).close()


@pytest.mark.parametrize("source", [None, 3, ["a.png"], np.array([]), np.zeros((9, 9), complex)])
def test_what_is_no_picture_is_one_clear_error(source: Any, pack_folder: Path, engine: Any) -> None:
    with Ocr(pack_folder, engine) as reader, pytest.raises(ImageError, match="; expected "):
        reader.read(source)


def test_models_are_closed_when_they_hold_more_than_allowed(
    pack_folder: Path, engine: Any, sheet: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back: list[int] = []
    holding = [500]
    monkeypatch.setattr(memory, "held", lambda: holding[0])
    monkeypatch.setattr(memory, "give_back", lambda: given_back.append(holding[0]))
    with Ocr(pack_folder, engine, Options(memory=400)) as reader:
        first = [line.text for line in reader.read(sheet)]
        closed = [event for event in engine.events if event[0] == "close"]
        assert sorted(closed) == [("close", f"{stage}.nb") for stage in ("cls", "det", "rec")]
        assert given_back == [500, 500]
        holding[0] = 300
        assert [line.text for line in reader.read(sheet)] == first == ["l", "l"]
        assert engine.events.count(("open", "det.nb")) == 2
        reader.read(sheet)
        assert engine.events.count(("open", "det.nb")) == 2
        assert len(given_back) == 2


def test_memory_is_unbounded_unless_told(
    pack_folder: Path, engine: Any, sheet: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "held", lambda: 1 << 40)
    with Ocr(pack_folder, engine) as reader:
        reader.read(sheet)
        assert ("close", "det.nb") not in engine.events
