"""What a pack's models stay right with, found by trying: on a double whose models misbehave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lite_runner import pack
from lite_runner.capabilities import probing
from lite_runner.errors import EngineError, PackError
from lite_runner.ocr.options import Options
from lite_runner.ocr.pipeline import Ocr
from lite_runner.predictor import engines
from lite_runner.predictor.capi import CapiEngine
from lite_runner.predictor.protocol import Capabilities
from lite_runner.releases import settings
from lite_runner.verification.verify import verify
from tests import double

ALL = Capabilities(supports_reshape=True, supports_batch=True)


@pytest.fixture
def engine(double_lib: Path) -> CapiEngine:
    return CapiEngine(double_lib / "liblite_capi.so", double.RELEASE, power="unbound")


def tried(engine: CapiEngine, folder: Path, **models: bytes) -> dict[str, Capabilities]:
    return probing.run(engine, pack.load(double.pack(folder / "pack", models)))


def test_models_that_stay_right_may_be_given_anything(engine, tmp_path) -> None:
    found = tried(engine, tmp_path)
    # A detector is never given several pictures.
    assert found == {
        "det.nb": Capabilities(supports_reshape=True, supports_batch=False),
        "cls.nb": ALL,
        "rec.nb": ALL,
    }


@pytest.mark.parametrize("stage", ["det", "rec"])
def test_a_model_that_is_wrong_after_a_change_of_shape_is_noticed(engine, tmp_path, stage) -> None:
    found = tried(engine, tmp_path, **{stage: f"DOUBLE {stage} stale".encode()})
    assert {name for name, one in found.items() if not one.supports_reshape} == {f"{stage}.nb"}
    assert found["cls.nb"] == ALL


@pytest.mark.parametrize("stage", ["cls", "rec"])
def test_a_model_that_two_lines_kill_is_noticed(engine, tmp_path, stage) -> None:
    found = tried(engine, tmp_path, **{stage: f"DOUBLE {stage} lonely".encode()})
    assert found[f"{stage}.nb"] == Capabilities(supports_reshape=True, supports_batch=False)
    assert {name for name, one in found.items() if one.supports_batch} == {"cls.nb", "rec.nb"} - {
        f"{stage}.nb"
    }


def rigid(folder: Path, **changes: dict[str, Any]) -> pack.Pack:
    """A pack whose networks take one size only, perhaps with more said of them in pack.json."""
    models = {stage: f"DOUBLE {stage} rigid".encode() for stage in ("det", "rec")}
    data = json.loads((double.pack(folder / "plain", models) / "pack.json").read_text())
    said = {stage: {**data[stage], **more} for stage, more in changes.items()}
    return pack.load(double.pack(folder / "pack", models, **said))


FIXED = {"det": {"fixed_size": True, "shape": [320, 320]}, "rec": {"fixed_width": True}}


def test_models_of_one_size_are_tried_with_that_size(engine, tmp_path) -> None:
    found = probing.run(engine, rigid(tmp_path, **FIXED))
    assert found == {
        "det.nb": Capabilities(supports_reshape=True, supports_batch=False),
        "cls.nb": ALL,
        "rec.nb": ALL,
    }


@pytest.mark.parametrize("stage", ["det", "rec"])
def test_a_model_of_one_size_that_no_pack_tells_of_is_refused(engine, tmp_path, stage) -> None:
    known = {other: change for other, change in FIXED.items() if other != stage}
    with pytest.raises(
        EngineError, match=rf"{stage}\.nb: .* other sizes .* ended by signal 6; make the pack again"
    ):
        probing.run(engine, rigid(tmp_path, **known))


@pytest.mark.parametrize("stage", ["cls", "rec"])
def test_models_of_one_line_are_not_tried_with_two(engine, tmp_path, stage) -> None:
    models = {stage: f"DOUBLE {stage} lonely".encode()}
    data = json.loads((double.pack(tmp_path / "plain", models) / "pack.json").read_text())
    said = {stage: {**data[stage], "fixed_batch": True}}
    files = pack.load(double.pack(tmp_path / "pack", models, **said))
    # A child that is killed would be one more.
    children: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        run = probing._child
        patch.setattr(probing, "_child", lambda *given: children.append(given) or run(*given))
        found = probing.run(engine, files)
    assert len(children) == 1
    assert [name for name, one in found.items() if one.supports_batch] == [
        f"{other}.nb" for other in ("cls", "rec") if other != stage
    ]


def test_pages_are_read_right_by_models_of_one_size(engine, tmp_path) -> None:
    files = rigid(tmp_path, **FIXED)
    found = {files.folder / name: one for name, one in probing.run(engine, files).items()}
    # The second picture is one long line: it is squeezed to the width.
    long = np.hstack([double.picture(("abab",))[:, :340], double.picture(("abab",))[:, 60:]])
    pictures = [
        (double.picture(), ["abab", "baba"]),
        (long, ["abababab"]),
        (double.picture(("ab", "abab", "ba")), ["ab", "abab", "ba"]),
    ]
    with Ocr(files, engine.with_capabilities(found), Options(batch=8)) as ocr:
        for image, lines in pictures:
            assert [line.text for line in ocr.read(image)] == lines


@pytest.mark.parametrize(("text", "words"), [("ABORT", "ended by signal 6"), ("THROW", "unknown")])
def test_a_model_that_cannot_be_loaded_is_told(engine, tmp_path, text, words) -> None:
    with pytest.raises(EngineError, match=rf"cls\.nb: Paddle-Lite v0-double cannot .*{words}"):
        tried(engine, tmp_path, cls=text.encode())


def test_pages_are_read_right_whatever_the_models_do(engine, tmp_path) -> None:
    models = {
        "det": b"DOUBLE det stale",
        "cls": b"DOUBLE cls lonely",
        "rec": b"DOUBLE rec stale lonely",
    }
    files = pack.load(double.pack(tmp_path / "pack", models))
    found = {files.folder / name: one for name, one in probing.run(engine, files).items()}
    pictures = [
        (double.picture(("ab", "abab")), ["ab", "abab"]),
        (double.picture(), ["abab", "baba"]),
        (double.picture(("ba",)), ["ba"]),
    ]
    with Ocr(files, engine.with_capabilities(found), Options(batch=8)) as ocr:
        for image, lines in [*pictures, *reversed(pictures)]:
            assert [line.text for line in ocr.read(image)] == lines


@pytest.fixture
def release(double_lib: Path, tmp_path: Path) -> Path:
    """A release's folder for the double, without a runner of its own."""
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / "lib").symlink_to(double_lib)
    double.pack(folder / "pack", {"rec": b"DOUBLE rec stale"})
    how = {"library": "lib/liblite_capi.so", "version": double.RELEASE}
    (folder / "settings.json").write_text(json.dumps({**how, "threads": 3, "power": "unbound"}))
    (folder / "bundle.json").write_text("{}")
    return folder


def test_a_releases_engine_knows_what_its_verification_found(
    release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "home", lambda: release)
    cautious = engines.of_this_release()
    assert cautious.capabilities(release / "pack/rec.nb") == Capabilities()
    assert cautious.arguments["threads"] == 3
    assert engines.of_this_release(threads=2).arguments["threads"] == 2
    proof = verify(release / "pack")
    assert proof["lines"] == list(double.LINES)
    engines.remember(proof)
    engine = engines.of_this_release()
    assert engine.capabilities(release / "pack/det.nb").supports_reshape
    assert engine.capabilities(release / "pack/rec.nb") == Capabilities(
        supports_reshape=False, supports_batch=True
    )
    # Of another pack nothing is known.
    assert engine.capabilities(release / "other/det.nb") == Capabilities()


def test_a_pack_of_another_release_is_refused(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "home", lambda: release)
    other = double.pack(tmp_path / "other", lite_version="v2.13-rc")
    with pytest.raises(PackError, match=r"made for Paddle-Lite v2\.13-rc on arm.*is v0-double"):
        verify(other)


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is damaged"),
        ("{}", "is damaged .threads and all other numbers"),
        ('{"threads": 0}', "is damaged"),
        ('{"threads": 2, "bucket": -32}', "is damaged"),
        ('{"library": "lib/gone.so"}', "is damaged"),
        ('{"library": "lib/liblite_capi.so", "threads": 1, "power": "turbo"}', "is damaged"),
    ],
)
def test_damaged_settings_are_told(release: Path, text: str, words: str) -> None:
    (release / "settings.json").write_text(text)
    with pytest.raises(EngineError, match=rf"settings\.json: {words}.*deploy here again"):
        engines.of_this_release(release=release)


def test_a_library_that_is_gone_is_told(release: Path) -> None:
    change(release / "settings.json", library="lib/gone.so")
    with pytest.raises(EngineError, match=r"gone\.so: cannot be loaded"):
        engines.of_this_release(release=release)
