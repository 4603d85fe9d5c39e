"""Packs: a good one is loaded, a bad one is one line that says what to do."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lite_runner import pack
from lite_runner.errors import PackError
from lite_runner.releases.release import sha256

Spoil = Callable[[Path], object]


def refusal(folder: Path) -> str:
    """The one line a pack is refused with: it names the folder and a next step."""
    with pytest.raises(PackError) as caught:
        pack.load(folder)
    text = str(caught.value)
    assert "\n" not in text
    assert str(folder) in text
    assert "deploy" in text or "use the dictionary" in text
    return text


def said(*path: str, to: Any) -> Spoil:
    """A pack.json that says something else at ``path``; ``...`` for nothing at all."""

    def change(folder: Path) -> None:
        file = folder / "pack.json"
        data = json.loads(file.read_text(encoding="utf-8"))
        place = data
        for key in path[:-1]:
            place = place[key]
        if to is ...:
            del place[path[-1]]
        else:
            place[path[-1]] = to
        file.write_text(json.dumps(data), encoding="utf-8")

    return change


def without(name: str) -> Spoil:
    return lambda folder: (folder / name).unlink()


def holding(name: str, data: bytes) -> Spoil:
    return lambda folder: (folder / name).write_bytes(data)


def test_a_good_pack_is_loaded(pack_folder: Path) -> None:
    good = pack.load(str(pack_folder))
    assert (good.folder, good.name, good.lite_version, good.arch) == (
        pack_folder,
        "tiny",
        "v2.13-rc",
        "x86",
    )
    assert good.detector.network.path.read_bytes() == b"det"
    assert good.detector.network.shape == (960, 960)
    assert (good.detector.min_side, good.detector.max_side, good.detector.dilate) == (32, 960, True)
    assert good.classifier is not None
    assert good.classifier.threshold == 0.9
    assert good.recogniser.charset == ("l", "r", "x", " ")
    assert (good.recogniser.blank, good.recogniser.offset) == (0, 1)
    assert good.golden.image == pack_folder / "golden.png"
    assert good.golden.lines == ("l",)


@pytest.mark.parametrize("spoil", [said("cls", to=None), said("cls", to=...)])
def test_a_pack_needs_no_classifier(spoil: Spoil, pack_folder: Path) -> None:
    spoil(pack_folder)
    assert pack.load(pack_folder).classifier is None


SPOILT: dict[str, tuple[Spoil, str]] = {
    "no pack.json": (without("pack.json"), "cannot read pack.json"),
    "empty": (holding("pack.json", b""), "damaged"),
    "cut off": (holding("pack.json", b"{"), "damaged"),
    "a list": (holding("pack.json", b"[]"), "damaged"),
    "null": (holding("pack.json", b"null"), "damaged"),
    "a number": (holding("pack.json", b"7"), "damaged"),
    "not UTF-8": (holding("pack.json", b"\xff\xfe\0\0\x80garbage"), "damaged"),
    "zeros": (holding("pack.json", b"\0" * 4096), "damaged"),
    "nested too deep": (holding("pack.json", b"[" * 100_000), "damaged"),
    "newer layout": (said("schema", to=2), "layout 2"),
    "no layout": (said("schema", to=...), "damaged"),
    "no detector": (without("det.nb"), "det.nb cannot be read"),
    "no classifier": (without("cls.nb"), "cls.nb cannot be read"),
    "no recogniser": (without("rec.nb"), "rec.nb cannot be read"),
    "no dictionary": (without("dictionary.txt"), "dictionary.txt cannot be read"),
    "no golden picture": (without("golden.png"), "golden.png cannot be read"),
    "altered model": (holding("det.nb", b"dex"), "det.nb has sha256"),
    "empty model": (holding("rec.nb", b""), "rec.nb has sha256"),
    "altered dictionary": (holding("dictionary.txt", b"l\nr"), "dictionary.txt has sha256"),
    "another hash": (said("rec", "sha256", to="0" * 64), "pack.json says 000000000000..."),
    "null for a hash": (said("rec", "sha256", to=None), "rec.nb has sha256"),
    "more classes than characters": (said("rec", "classes", to=6), "has 6 classes"),
    "dictionary too short": (said("rec", "space", to=False), "gives 3 characters"),
    "unknown outputs": (said("rec", "outputs", to="argmax"), "argmax"),
    "unknown direction": (said("rec", "direction", to="down"), "direction 'down'"),
    "a number for a direction": (said("rec", "direction", to=[]), "damaged"),
    "a word for a flag": (said("rec", "fixed_width", to="yes"), "fixed_width 'yes'"),
    "null for a flag": (said("det", "fixed_size", to=None), "fixed_size None"),
    "a number for a flag": (said("cls", "fixed_batch", to=1), "fixed_batch 1"),
    "unknown channel order": (said("det", "order", to="GBR"), "GBR"),
    "one mean": (said("det", "mean", to=[0.5]), "damaged"),
    "three sides": (said("det", "shape", to=[1, 2, 3]), "damaged"),
    "an endless side": (said("det", "shape", to=[float("inf"), 1]), "damaged"),
    "text for a number": (said("det", "threshold", to="high\n"), "damaged"),
    "null for a stage": (said("det", to=None), "damaged"),
    "null for the golden lines": (said("golden", "lines", to=None), "damaged"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_bad_pack_is_one_line(kind: str, pack_folder: Path) -> None:
    spoil, part = SPOILT[kind]
    spoil(pack_folder)
    assert part in refusal(pack_folder)


@pytest.mark.parametrize("name", ["../x", "/etc/hostname", "sub/x", "..", ".", "", "x/", "\0"])
@pytest.mark.parametrize(
    "path", [("det", "file"), ("dictionary", "file"), ("golden", "image")], ids=" ".join
)
def test_a_file_outside_the_pack_is_refused(
    path: tuple[str, str], name: str, pack_folder: Path
) -> None:
    (pack_folder.parent / "x").write_bytes(b"det")
    (pack_folder / "sub").mkdir()
    (pack_folder / "sub" / "x").write_bytes(b"det")
    said(*path, to=name)(pack_folder)
    refusal(pack_folder)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "missing", tmp_path / "file", tmp_path):
        assert "cannot read pack.json" in refusal(folder)


places = st.sampled_from(
    [("schema",), ("name",), ("det",), ("cls",), ("rec",), ("dictionary",), ("golden",)]
    + [("det", key) for key in ("file", "sha256", "shape", "mean", "std", "order", "max_side")]
    + [("rec", key) for key in ("file", "classes", "blank", "offset", "space", "outputs")]
    + [("rec", "direction"), ("rec", "fixed_width"), ("det", "fixed_size"), ("cls", "fixed_batch")]
    + [("dictionary", "file"), ("golden", "image"), ("golden", "lines")]
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 7)
    | st.floats(allow_infinity=False)
    | st.text("a./\0字", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=4,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=places, value=values)
def test_whatever_pack_json_says_is_a_pack_or_a_pack_error(
    path: tuple[str, ...], value: Any, pack_folder: Path
) -> None:
    good = (pack_folder / "pack.json").read_bytes()
    said(*path, to=value)(pack_folder)
    try:
        pack.load(pack_folder)
    except PackError as error:
        assert "\n" not in str(error)
    finally:
        (pack_folder / "pack.json").write_bytes(good)


@pytest.mark.parametrize(
    ("data", "characters"),
    [
        ("一\n二\n三", ("一", "二", "三")),
        ("一\n二\n", ("一", "二")),
        ("a\r\nb\r\n", ("a", "b")),
        ("\ufeffa\nb\n", ("a", "b")),
        ("a\n\u3000\n \n\u2028\nb\n", ("a", "\u3000", " ", "\u2028", "b")),
        ("a\n\x0b\n\x85\nb\n", ("a", "\x0b", "\x85", "b")),
        ("ab\nc\n", ("ab", "c")),
        ("", ()),
    ],
)
def test_a_dictionary_is_cut_at_line_ends_only(
    data: str, characters: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "dictionary.txt"
    path.write_bytes(data.encode())
    assert pack.read_dictionary(path) == characters


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


def test_what_older_packs_do_not_say(pack_folder: Path) -> None:
    found = pack.load(pack_folder)
    assert (found.runtimes, found.processor) == (("v2.13-rc",), "")
    assert found.detector.network.opt == ""
    assert found.recogniser.direction == "ltr"
    for network in found.networks.values():
        assert (network.fixed_width, network.fixed_size, network.fixed_batch) == (False,) * 3


def test_what_networks_are_limited_to(pack_folder: Path, edit_pack: Any) -> None:
    edit_pack(lambda data: data["rec"].update(fixed_width=True, direction="rtl"))
    edit_pack(lambda data: data["det"].update(fixed_size=True, fixed_batch=False))
    edit_pack(lambda data: data["cls"].update(fixed_batch=True))
    found = pack.load(pack_folder)
    assert found.recogniser.direction == "rtl"
    assert found.recogniser.network.fixed_width
    assert found.detector.network.fixed_size
    assert [stage for stage, one in found.networks.items() if one.fixed_batch] == ["cls"]


def test_where_published_models_were_verified(pack_folder: Path, edit_pack: Any) -> None:
    edit_pack(lambda data: data.update(runtimes=["v2.9", "v2.13-rc"], processor="armv8"))
    edit_pack(lambda data: data["rec"].update(opt="b92e8c4"))
    found = pack.load(pack_folder)
    assert (found.runtimes, found.processor) == (("v2.9", "v2.13-rc"), "armv8")
    assert found.recogniser.network.opt == "b92e8c4"


@pytest.mark.parametrize("name", ["pack.json", "det.nb", "dictionary.txt", "golden.png"])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_pack_holds_regular_files_only(
    pack_folder: Path, tmp_path: Path, name: str, kind: str
) -> None:
    place = pack_folder / name
    place.rename(tmp_path / "elsewhere")
    if kind == "link":
        place.symlink_to(tmp_path / "elsewhere")
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        place.mkdir()
    with pytest.raises(PackError, match=f"{name} is a link or no file at all, .* put a copy"):
        pack.load(pack_folder)


def test_the_files_of_a_pack_are_those_it_names(pack_folder: Path) -> None:
    named = {path.name for path in pack.load(pack_folder).files}
    assert named == {path.name for path in pack_folder.iterdir()}
    (pack_folder / "stray").touch()
    assert {path.name for path in pack.load(pack_folder).files} == named
    (pack_folder / "LICENSE").write_text("Apache-2.0")
    entry = {"file": "LICENSE", "sha256": sha256(pack_folder / "LICENSE")}
    said("others", to=[entry])(pack_folder)
    assert {path.name for path in pack.load(pack_folder).files} == {*named, "LICENSE"}
    (pack_folder / "LICENSE").write_text("another")
    assert "LICENSE has sha256" in refusal(pack_folder)
