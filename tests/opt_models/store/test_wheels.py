"""Wheels: the real pip chooses among small wheels in a folder that stands for the index."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Callable, ContextManager, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lite_runner.releases.release import sha256
from opt_models.errors import FetchError
from opt_models.store import config, wheels

Refuses = Callable[..., ContextManager[None]]
Script = Callable[[str, str], Path]

X86 = "manylinux_2_17_x86_64.manylinux2014_x86_64"


def wheel(
    folder: Path,
    tag: str = "py3-none-any",
    version: str = "1.0",
    files: Mapping[str, str] | None = None,
    executable: str = "",
) -> Path:
    """A wheel of a package ``tiny``."""
    path = folder / f"tiny-{version}-{tag}.whl"
    info = f"tiny-{version}.dist-info"
    python, abi, platforms = tag.split("-")
    tags = "".join(f"Tag: {python}-{abi}-{one}\n" for one in platforms.split("."))
    content = {
        **(files or {"tiny.py": "x = 1\n" * 99}),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n{tags}",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o755 if name == executable else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return path


def listed(data: bytes, changes: Mapping[int, int]) -> bytes:
    """A wheel with changed bytes in the first entry of its list of files."""
    changed = bytearray(data)
    for offset, value in changes.items():
        changed[data.index(b"PK\1\2") + offset] = value
    return bytes(changed)


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip looks for wheels."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("offered", "python", "machine", "glibc", "expected"),
    [
        pytest.param(
            ["cp310-cp310-manylinux_2_28_x86_64", f"cp310-cp310-{X86}"],
            "3.10",
            "x86_64",
            (2, 31),
            "cp310-cp310-manylinux_2_28_x86_64",
            id="the newest platform",
        ),
        pytest.param(
            ["cp310-cp310-manylinux_2_28_x86_64", f"cp310-cp310-{X86}"],
            "3.10",
            "x86_64",
            (2, 27),
            f"cp310-cp310-{X86}",
            id="not newer than the board",
        ),
        pytest.param(
            [f"cp{minor}-cp{minor}-manylinux2014_aarch64" for minor in (38, 39, 310, 311)],
            "3.9",
            "aarch64",
            (2, 17),
            "cp39-cp39-manylinux2014_aarch64",
            id="the board's Python",
        ),
        pytest.param(
            ["cp310-cp310-manylinux2014_x86_64", "cp310-cp310-manylinux2014_aarch64"],
            "3.10",
            "aarch64",
            (2, 36),
            "cp310-cp310-manylinux2014_aarch64",
            id="the board's processor",
        ),
        pytest.param(
            ["cp37-abi3-manylinux_2_17_aarch64", "cp311-abi3-manylinux_2_17_aarch64"],
            "3.10",
            "aarch64",
            (2, 31),
            "cp37-abi3-manylinux_2_17_aarch64",
            id="an older stable ABI",
        ),
        pytest.param(
            ["py3-none-any", "cp310-cp310-manylinux1_x86_64"],
            "3.10",
            "x86_64",
            (2, 31),
            "cp310-cp310-manylinux1_x86_64",
            id="a special one before a general one",
        ),
        pytest.param(
            ["py3-none-any", "cp312-cp312-manylinux1_x86_64"],
            "3.8",
            "armv7l",
            (2, 31),
            "py3-none-any",
            id="a general one",
        ),
    ],
)
def test_right_wheel(
    index: Path,
    place: Path,
    offered: list[str],
    python: str,
    machine: str,
    glibc: tuple[int, int],
    expected: str,
) -> None:
    for tag in offered:
        wheel(index, tag)
    (found,) = wheels.download(["tiny==1.0"], place, python, wheels.platforms(machine, glibc))
    assert found == place / f"tiny-1.0-{expected}.whl"
    assert list(place.iterdir()) == [found]
    assert found.read_bytes() == (index / found.name).read_bytes()


def test_no_wheel_for_the_board(index: Path, place: Path, refuses: Refuses) -> None:
    wheel(index, "cp310-cp310-manylinux_2_28_aarch64")
    with refuses(FetchError, "cannot download tiny==1.0", "pip config list"):
        wheels.download(["tiny==1.0"], place, "3.10", wheels.platforms("aarch64", (2, 27)))


def test_pinned(index: Path, place: Path) -> None:
    pinned = sha256(wheel(index))
    (found,) = wheels.download([f"tiny==1.0 --hash=sha256:{pinned}"], place)
    wheels.check(found, pinned)


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        pytest.param(f"tiny==1.0 --hash=sha256:{'0' * 64}", "DO NOT MATCH THE HASHES", id="hash"),
        pytest.param("tiny==9", "from versions: 1.0", id="version"),
        pytest.param("none-such==1.0", "from versions: none", id="name"),
        pytest.param("tiny 1.0", "Invalid requirement", id="requirement"),
    ],
)
def test_not_found(
    index: Path,
    place: Path,
    refuses: Refuses,
    monkeypatch: pytest.MonkeyPatch,
    requirement: str,
    words: str,
) -> None:
    wheel(index)
    # pip warns of a folder that is not there, before it comes to the cause.
    monkeypatch.setenv("PIP_FIND_LINKS", f"{index} {index}/none")
    name = requirement.split(" --")[0]
    with refuses(FetchError, f"cannot download {name}: ", words, "pip config list"):
        wheels.download([requirement], place)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("keep", [0, 20, 200])
def test_damaged_on_the_index(index: Path, place: Path, refuses: Refuses, keep: int) -> None:
    path = wheel(index)
    path.write_bytes(path.read_bytes()[:keep])
    with refuses(FetchError, "cannot download tiny==1.0: ", "invalid"):
        wheels.download(["tiny==1.0"], place)


def test_no_pip(
    place: Path, refuses: Refuses, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = script("python", f'exec {sys.executable} -I -S "$@"')
    monkeypatch.setattr(sys, "executable", str(bare))
    with refuses(FetchError, f"run '{bare} -m ensurepip'"):
        wheels.download(["tiny==1.0"], place)


def test_check(tmp_path: Path, refuses: Refuses) -> None:
    path = wheel(tmp_path)
    wheels.check(path, sha256(path))
    with refuses(FetchError, path.name, sha256(path), "f" * 64, "download it again"):
        wheels.check(path, "f" * 64)


def test_unpack(tmp_path: Path, place: Path) -> None:
    files = {
        "tiny/__init__.py": "one",
        "tiny-1.0.data/purelib/pure/a.py": "two",
        "tiny-1.0.data/platlib/tiny/lib.so": "three",
        "tiny-1.0.data/scripts/run": "four",
        "other.data/notes.txt": "five",
        "tiny/purelib/b.py": "six",
    }
    run = "tiny-1.0.data/scripts/run"
    wheels.unpack(wheel(tmp_path, files=files, executable=run), place)
    found = {name: text for name, text in tree(place).items() if ".dist-info" not in name}
    assert found == {
        "tiny/__init__.py": "one",
        "pure/a.py": "two",
        "tiny/lib.so": "three",
        run: "four",
        "other.data/notes.txt": "five",
        "tiny/purelib/b.py": "six",
    }
    assert {name for name in tree(place) if (place / name).stat().st_mode & 0o111} == {run}


def test_unpack_some(tmp_path: Path, place: Path) -> None:
    files = {"models/a": "1", "models/b/c": "2", "tiny/keys": "4", "tiny/keys.py": "5"}
    files["tiny-1.0.data/purelib/pure/a"] = "6"
    wheels.unpack(wheel(tmp_path, files=files), place, ["models/b/c", "tiny/keys", "pure/a"])
    assert tree(place) == {"models/b/c": "2", "tiny/keys": "4", "pure/a": "6"}


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "tiny/../../x",
        "{outside}/x",
        "tiny-1.0.data/purelib/../x",
        "tiny-1.0.data/platlib/{outside}/x",
        "..",
        ".",
    ],
)
def test_unpack_stays_inside(tmp_path: Path, place: Path, refuses: Refuses, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    name = name.format(outside=outside)
    path = wheel(outside, files={name: "evil"})
    with refuses(FetchError, path.name, repr(name), "leads out of the wheel"):
        wheels.unpack(path, place)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [path]


def test_unpack_does_not_follow_links_out(tmp_path: Path, place: Path, refuses: Refuses) -> None:
    (tmp_path / "outside").mkdir()
    (place / "tiny").symlink_to(tmp_path / "outside")
    with refuses(FetchError, "'tiny/x'"):
        wheels.unpack(wheel(tmp_path, files={"tiny/x": "evil"}), place)
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data[:-30], id="cut short"),
        pytest.param(lambda data: b"<html>log in first</html>", id="another file"),
        pytest.param(lambda data: data[:38] + b"\xff\xff" + data[40:], id="packed data"),
        pytest.param(lambda data: listed(data, {10: 99}), id="unknown packing"),
        pytest.param(lambda data: listed(data, {9: 0x08, 46: 0xFF}), id="name"),
    ],
)
def test_unpack_damaged(
    tmp_path: Path, place: Path, refuses: Refuses, damage: Callable[[bytes], bytes]
) -> None:
    path = wheel(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    with refuses(FetchError, path.name, "is not a whole wheel", "download it again"):
        wheels.unpack(path, place)


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel(tmp_path_factory.mktemp("good"))


@settings(deadline=None)
@given(where=st.integers(0, 1 << 16), flip=st.integers(1, 255))
def test_unpack_damaged_anywhere(good: Path, where: int, flip: int) -> None:
    """One changed byte among the files: either it does not matter or it is found."""
    data = bytearray(good.read_bytes())
    with zipfile.ZipFile(good) as archive:
        data[where % archive.start_dir] ^= flip
    bad, place = good.with_name("bad.whl"), good.with_name("bad")
    bad.write_bytes(data)
    shutil.rmtree(place, ignore_errors=True)
    try:
        wheels.unpack(bad, place)
    except FetchError:
        return
    assert (place / "tiny.py").read_text() == "x = 1\n" * 99


@settings(deadline=None)
@given(machine=st.sampled_from(["x86_64", "aarch64", "armv7l"]), minor=st.integers(5, 60))
def test_platforms(machine: str, minor: int) -> None:
    tags = wheels.platforms(machine, (2, minor))
    numbered = [tag for tag in tags if tag.startswith("manylinux_")]
    assert numbered == [f"manylinux_2_{one}_{machine}" for one in range(minor, 4, -1)]
    legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    for needed, name in legacy.items():
        alias = f"{name}_{machine}"
        assert (alias in tags) == (needed <= minor)
        if alias in tags:
            # An alias counts as much as what it stands for (PEP 600).
            assert tags[tags.index(alias) - 1] == f"manylinux_2_{needed}_{machine}"
    assert len(tags) == len(numbered) + sum(needed <= minor for needed in legacy)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of published files, and an index that has nothing."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv(config.MODELS, str(folder))
    monkeypatch.setenv(config.FOLDER, str(tmp_path / "config"))
    return folder


def test_a_wheel_of_the_users_folder_needs_no_index(
    index: Path, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = wheel(own)
    # An index that cannot be reached is not asked.
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    (tmp_path / "out").mkdir()
    (found,) = wheels.download([f"tiny==1.0 --hash=sha256:{sha256(given)}"], tmp_path / "out")
    assert found.read_bytes() == given.read_bytes()


def test_another_wheel_of_the_users_folder_is_passed_over(
    index: Path, own: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    right = wheel(index)
    damaged = own / right.name
    damaged.write_bytes(right.read_bytes()[:-100])
    (tmp_path / "out").mkdir()
    (found,) = wheels.download([f"tiny==1.0 --hash=sha256:{sha256(right)}"], tmp_path / "out")
    assert found.read_bytes() == right.read_bytes()
    assert f"{damaged}: is not the pinned tiny==1.0; passed over" in capfd.readouterr().err


def test_offline_nothing_is_asked(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: Refuses
) -> None:
    monkeypatch.setenv(config.OFFLINE, "1")
    (tmp_path / "out").mkdir()
    with refuses(FetchError, "cannot download tiny==1.0: offline", "PPOCR_MODELS"):
        wheels.download(["tiny==1.0 --hash=sha256:" + "0" * 64], tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("kind", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_damage_of_every_packing_is_one_line(tmp_path: Path, kind: int) -> None:
    """Some are noticed by the checksum, others by the decoder, each with errors of its own."""
    path = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", kind) as archive:
        archive.writestr("tiny.py", "x = 1\n" * 99)
    good, refused = path.read_bytes(), 0
    for where in range(30, 30 + len("tiny.py") + 24):
        data = bytearray(good)
        data[where] ^= 0xFF
        path.write_bytes(data)
        try:
            wheels.unpack(path, tmp_path / "unpacked")
        except FetchError as error:
            assert path.name in str(error)
            assert "\n" not in str(error)
            refused += 1
    assert refused > 20


def test_paths_no_system_takes_are_one_line(tmp_path: Path, place: Path, refuses: Refuses) -> None:
    with refuses(FetchError, "is not a whole wheel"):
        wheels.unpack(wheel(tmp_path, files={"x" * 300: "long"}), place)
