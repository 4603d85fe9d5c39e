"""Bundles for each JetPack: real wheels of the package index, against what the system has."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cross_build.boards.board import Board
from cross_build.boards.transports.local import Local
from cross_build.bundles import bundle as bundles
from cross_build.bundles import elf, paddlelite
from cross_build.bundles.site_packages import Wheels
from cross_build.deploys import deploy as deploys
from cross_build.errors import BoardError
from cross_build.targets.facts import usual
from cross_build.targets.targets import target
from lite_runner import pack as packs
from opt_models.packs import resolve
from tests import double
from tests.cross_build.deploys.test_deploy import answering

COMPILER = "aarch64-linux-gnu-g++"
#: By JetPack: a board that runs it, its Python, glibc and C++ library (Ubuntu 18.04, 20.04, 22.04).
SYSTEMS = {
    "jetpack4": ("jetson-nano", "3.8", (2, 27), (3, 4, 25)),
    "jetpack5": ("jetson-xavier", "3.8", (2, 31), (3, 4, 28)),
    "jetpack6": ("jetson-orin", "3.10", (2, 35), (3, 4, 30)),
}
#: Libraries that every Linux of the manylinux kind has (PEP 600), and OpenMP's, which is asked for.
SYSTEM_LIBRARIES = re.compile(
    r"(ld-linux-aarch64|lib(c|m|dl|rt|pthread|util|resolv|gcc_s|stdc\+\+|gomp|z|expat))\.so\.\d+"
)
#: Manylinux's names before PEP 600.
OLD_TAGS = {"manylinux2014": (2, 17), "manylinux2010": (2, 12), "manylinux1": (2, 5)}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> paddlelite.Library:
    if shutil.which(COMPILER) is None:
        pytest.skip(f"{COMPILER} is missing")
    folder = double.runtime(tmp_path_factory.mktemp("runtime") / "armv8", COMPILER)
    return paddlelite.local(folder, "armv8", "test")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> packs.Pack:
    return packs.load(double.pack(tmp_path_factory.mktemp("plain") / "pack"))


def glibc(tag: str) -> tuple[int, ...]:
    """The oldest glibc a platform tag of a wheel promises to run on."""
    name, _, rest = tag.partition("_")
    return OLD_TAGS[name] if name in OLD_TAGS else tuple(map(int, rest.split("_")[:2]))


def fits(wheel: str, python: str, has: tuple[int, int]) -> bool:
    """Whether a wheel's tags let a 64-bit ARM system take it."""
    *_, interpreters, abis, platforms = wheel.removesuffix(".whl").split("-")
    version = tuple(map(int, python.split(".")))
    known = [re.fullmatch(r"cp(\d)(\d+)", one) for one in interpreters.split(".")]
    versions = [(int(one[1]), int(one[2])) for one in known if one]
    if abis == "abi3":
        good = any(one <= version for one in versions)
    else:
        good = abis == f"cp{python.replace('.', '')}" and version in versions
    tags = platforms.split(".")
    assert all(tag.endswith("_aarch64") for tag in tags), wheel
    return good and any(glibc(tag.removesuffix("_aarch64")) <= has for tag in tags)


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_bundle_holds_what_that_very_system_loads(
    name: str, library: paddlelite.Library, plain: packs.Pack
) -> None:
    board, python, libc, libstdcxx = SYSTEMS[name]
    system = target(board).system(name)
    assert (system.python, system.glibc, (3, 4, system.glibcxx)) == (python, libc, libstdcxx)
    bundle = bundles.make(target(board), usual(target(board), system), plain, library)
    wheels = bundle.about["wheels"]
    assert {wheel.partition("-")[0] for wheel in wheels} == {
        *("numpy", "opencv_python_headless", "pyclipper")
    }
    for wheel in wheels:
        assert fits(wheel, python, libc), wheel
    launcher = bundle.items["ocr"].source.read_text(encoding="utf-8")
    assert f"python=python{python}\n" in launcher
    files = [item.source for item in bundle.items.values()]
    found = [elf.read(path) for path in files if path.read_bytes()[:4] == b"\x7fELF"]
    assert len(found) > 20
    names = {one.path.name for one in found}
    for one in found:
        assert one.machine == "aarch64", one.path
        assert one.versions.get("GLIBC", ()) <= libc, one.path
        assert one.versions.get("GLIBCXX", ()) <= libstdcxx, one.path
        strange = [lib for lib in one.needed if lib not in names]
        assert [lib for lib in strange if not SYSTEM_LIBRARIES.fullmatch(lib)] == [], one.path


def test_a_bundle_holds_of_a_pack_what_that_names(
    library: paddlelite.Library, plain: packs.Pack, tmp_path: Path
) -> None:
    (tmp_path / "id_ed25519").write_text("secret")
    shutil.copytree(plain.folder, tmp_path / "pack")
    (tmp_path / "pack/notes.txt").symlink_to(tmp_path / "id_ed25519")
    (tmp_path / "pack/more.bin").write_text("more")
    board = target("jetson-orin")
    facts = usual(board, board.system())
    bundle = bundles.make(board, facts, packs.load(tmp_path / "pack"), library)
    names = {path for path in bundle.items if path.startswith("pack/")}
    assert names == {f"pack/{path.name}" for path in plain.folder.iterdir()}


def test_a_wheel_that_breaks_its_word_is_refused(
    library: paddlelite.Library,
    plain: packs.Pack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = "unsigned arc4random(void); unsigned number(void) { return arc4random(); }"  # of 2.36
    module = tmp_path / "site/numpy/core.so"
    module.parent.mkdir(parents=True)
    command = ["aarch64-linux-gnu-gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(module)]
    subprocess.run(command, input=source, text=True, check=True)
    kept = Wheels(tmp_path / "site", ("numpy-1.0-cp310-cp310-manylinux_2_17_aarch64.whl",))
    monkeypatch.setattr(bundles, "resolve", lambda requirements, facts: kept)
    facts = usual(target("jetson-orin"), target("jetson-orin").system("jetpack6"))
    with pytest.raises(BoardError, match=r"core\.so needs GLIBC_2\.36, the board has GLIBC_2\.35;"):
        bundles.make(target("jetson-orin"), facts, plain, library)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            {"libc": "glibc 2.4"},
            r"needs GLIBC_2\.\d+, the board has GLIBC_2\.4; use a newer",
        ),
        (
            {"machine": "armv7l"},
            "expected a aarch64 board, this is armv7l; choose another",
        ),
        ({"missing": ["libgomp.so.1"]}, "lacks libgomp.so.1; run there 'sudo apt-get install libg"),
    ],
)
def test_a_board_that_is_another_is_refused_before_anything_is_sent(
    facts: dict[str, object],
    words: str,
    library: paddlelite.Library,
    plain: packs.Pack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = {"machine": "aarch64", "python": "3.8", "libc": "glibc 2.31", "glibcxx": 28}
    python = answering(tmp_path, **{**said, **facts})
    board = Board(target("jetson-orin"), Local(tmp_path / "home"), str(python))
    monkeypatch.setattr(resolve, "find", lambda name, runtime: plain)
    with pytest.raises(BoardError, match=f"jetson-orin: .*{words}"):
        deploys.bundle_for(board, runtime=str(library.folder))
    assert not (tmp_path / "home").exists()
