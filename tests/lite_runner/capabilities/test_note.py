"""Notes of trials: paid once for the same bytes on the same library, on a double of Paddle-Lite."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lite_runner import pack
from lite_runner.capabilities import note
from lite_runner.errors import EngineError
from lite_runner.predictor.capi import CapiEngine
from lite_runner.predictor.protocol import Capabilities
from lite_runner.releases import settings
from lite_runner.verification.verify import verify
from tests import double

TRIED = "trying the models of double, which is new here\n"


@pytest.fixture
def lib(tmp_path: Path, double_lib: Path) -> Path:
    return Path(shutil.copytree(double_lib, tmp_path / "lib"))


@pytest.fixture
def engine(lib: Path) -> CapiEngine:
    return CapiEngine(lib / "liblite_capi.so", double.RELEASE, power="unbound")


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(note.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "trials"


def lonely(folder: Path) -> pack.Pack:
    """A pack whose recogniser ends on two lines at once."""
    return pack.load(double.pack(folder, {"rec": b"DOUBLE rec lonely"}))


def test_a_trial_is_paid_once(engine, tmp_path, notes, capsys) -> None:
    files = lonely(tmp_path / "pack")
    for said in (TRIED, ""):
        capabilities = note.tried(engine, files).capabilities(files.recogniser.network.path)
        assert capabilities == Capabilities(supports_reshape=True, supports_batch=False)
        assert capsys.readouterr().err == said
    (file,) = notes.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    # The same bytes elsewhere are the same pack.
    note.tried(engine, lonely(tmp_path / "copy"))
    assert capsys.readouterr().err == ""


def test_other_models_and_another_library_are_tried_anew(engine, lib, tmp_path, capsys) -> None:
    note.tried(engine, lonely(tmp_path / "pack"))
    plain = pack.load(double.pack(tmp_path / "plain"))
    note.tried(engine, plain)
    assert capsys.readouterr().err == TRIED * 2
    with (lib / "libpaddle_light_api_shared.so").open("ab") as library:
        library.write(b"another build")
    note.tried(engine, plain)
    assert capsys.readouterr().err == TRIED


DAMAGED = {
    "empty": "",
    "of another form": "[]",
    "of other models": '{"a.nb": {"reshapes": true, "batches": true}}',
    "nested": "[" * 9999,
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_note_is_no_note(engine, tmp_path, notes, text) -> None:
    files = pack.load(double.pack(tmp_path / "pack", {"det": b"ABORT"}))
    right = {f"{stage}.nb": Capabilities(supports_batch=True) for stage in ("det", "cls", "rec")}
    note.keep(engine, files, right)
    assert note.outcome(engine, files) == right
    (file,) = notes.iterdir()
    file.write_text(text)
    with pytest.raises(EngineError, match=r"det\.nb: .* cannot load it"):  # tried again
        note.outcome(engine, files)


def test_where_nothing_can_be_written_reading_goes_on(engine, tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(note.VARIABLE, str(tmp_path / "file"))
    files = lonely(tmp_path / "pack")
    assert not note.outcome(engine, files)["rec.nb"].supports_batch


def test_a_model_that_takes_too_much_is_refused_and_not_noted(engine, tmp_path, notes) -> None:
    files = pack.load(double.pack(tmp_path / "pack", {"rec": b"GREEDY"}))
    words = r"rec\.nb: Paddle-Lite v0-double cannot load it: .*bad_alloc.* given 67 MB and 30 s\)"
    with pytest.raises(EngineError, match=words):
        note.tried(engine, files)
    assert not notes.exists()


def test_a_verification_is_a_note_and_the_releases_own_pack_needs_none(
    lib, tmp_path, notes, capsys, monkeypatch
) -> None:
    release = lib.parent
    monkeypatch.setattr(settings, "home", lambda: release)
    own = {"library": "lib/liblite_capi.so", "version": double.RELEASE, "threads": 1}
    (release / "settings.json").write_text(json.dumps({**own, "power": "unbound"}))
    (release / "bundle.json").write_text("{}")
    folder = double.pack(release / "pack")
    proof = verify(folder)
    assert len(list(notes.iterdir())) == 1
    (release / "verified.json").write_text(json.dumps(proof))
    shutil.rmtree(notes)
    engine = CapiEngine(lib / "liblite_capi.so", double.RELEASE, power="unbound")
    assert note.tried(engine, pack.load(folder)) is engine
    assert capsys.readouterr().err == ""


def test_a_user_without_a_home_has_no_notes(engine, tmp_path, monkeypatch, capsys) -> None:
    """As on phones."""

    def no_home(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    for variable in (note.VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(Path, "expanduser", no_home)
    files = lonely(tmp_path / "pack")
    for _ in range(2):
        capabilities = note.tried(engine, files).capabilities(files.recogniser.network.path)
        assert capabilities == Capabilities(supports_reshape=True, supports_batch=False)
        assert capsys.readouterr().err == TRIED
