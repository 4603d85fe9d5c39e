"""Libraries for boards: found in folders and archives, checked against what a board has."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from pathlib import Path

import pytest

from cross_build.bundles import bundle, elf, paddlelite
from cross_build.bundles import compile as compiler
from cross_build.errors import BoardError, DeployError, TargetError
from lite_runner.cli.failures import guard
from lite_runner.errors import LiteError
from opt_models.errors import FetchError
from opt_models.runtime import Runtime
from opt_models.store import config, lockfile
from tests import double

WANTED = Runtime("v2.13-rc", "armv8")
NAME = "inference_lite_lib.armlinux.armv8.gcc.with_extra.with_cv.tar.gz"
PATH = f"PaddlePaddle/Paddle-Lite/releases/download/v2.13-rc/{NAME}"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The double for armv8."""
    if shutil.which("aarch64-linux-gnu-g++") is None:
        pytest.skip("g++-aarch64-linux-gnu is missing")
    return double.runtime(tmp_path_factory.mktemp("built") / "armv8", "aarch64-linux-gnu-g++")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITE_OCR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(config.FOLDER, str(tmp_path / "config"))
    for variable in paddlelite.VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize("inner", ["", "cxx", "inference_lite_lib.armlinux.armv8/cxx"])
def test_a_folder_is_found_as_upstream_lays_it_out(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inner: str
) -> None:
    shutil.copytree(built, tmp_path / "rt" / inner, dirs_exist_ok=True)
    found = paddlelite.find(WANTED, str(tmp_path / "rt"))
    assert found.runtime == Runtime(double.RELEASE, "armv8")
    assert found.path.is_file()
    monkeypatch.setenv(paddlelite.VARIABLES["armv8"], str(tmp_path / "rt"))
    assert paddlelite.find(WANTED) == found


def archive(built: Path, place: Path) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(place, "w:gz") as file:
        file.add(built, "inference_lite_lib.armlinux.armv8/cxx")
    return place


def test_an_archive_is_taken(built: Path, tmp_path: Path) -> None:
    found = paddlelite.find(WANTED, str(archive(built, tmp_path / "mine.tar.gz")))
    assert found.runtime.release == double.RELEASE
    assert found.origin == f"your own, --runtime {tmp_path / 'mine.tar.gz'}"


def test_a_release_comes_from_a_mirror_and_is_locked(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "built"
    shutil.copytree(built, folder)
    library = folder / "lib" / paddlelite.LIBRARY
    # As long as the double's own name, so that nothing moves.
    library.write_bytes(library.read_bytes().replace(b"\0v0-double\0", b"\0v2.13-rc\0\0"))
    file = archive(folder, tmp_path / "mirror" / PATH)
    monkeypatch.setenv(config.MIRRORS, str(tmp_path / "mirror"))
    found = paddlelite.find(WANTED)
    assert found.runtime == WANTED
    assert "its sha256 not pinned: as recorded on first use in" in found.origin
    lock = (tmp_path / "config/catalog.lock").read_text()
    assert f"{hashlib.sha256(file.read_bytes()).hexdigest()}  " in lock
    assert PATH in lock
    # Shipped with the project, the same line is a pin.
    monkeypatch.setattr(lockfile, "SHIPPED", tmp_path / "shipped.lock")
    (tmp_path / "shipped.lock").write_text(lock)
    assert paddlelite.find(WANTED).origin.endswith("sha256 pinned")
    (tmp_path / "shipped.lock").unlink()
    # Another file under the same name is not taken.
    shutil.rmtree(tmp_path / "cache")
    archive(built, file)
    with pytest.raises(LiteError, match="recorded"):
        paddlelite.find(WANTED)


def test_a_release_of_another_name_in_the_archive_is_refused(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(built, tmp_path / "mirror" / PATH)
    monkeypatch.setenv(config.MIRRORS, str(tmp_path / "mirror"))
    with pytest.raises(TargetError, match=r"v2\.13-rc armv8 holds v0-double armv8"):
        paddlelite.find(WANTED)


def test_what_cannot_be_had_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(config.OFFLINE, "1")
    with pytest.raises(FetchError, match=r"build it and give its folder with --runtime or PADDLE"):
        paddlelite.find(WANTED)
    with pytest.raises(FetchError, match=r"v2\.9 armv8: upstream published no such archive; build"):
        paddlelite.find(Runtime("v2.9", "armv8"))


def test_a_file_that_cannot_be_had_is_told_in_three_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(config.OFFLINE, "1")
    assert guard(lambda: len(paddlelite.find(WANTED).origin), "invoke", debug=False) == 1
    file, address, advice = capsys.readouterr().err.splitlines()
    name = "inference_lite_lib.armlinux.armv8.gcc.with_extra.with_cv.tar.gz"
    assert file == f"invoke: cannot fetch {name}"
    path = f"PaddlePaddle/Paddle-Lite/releases/download/v2.13-rc/{name}"
    assert address == f"  from https://github.com/{path} (not asked, being offline)"
    assert advice == "  put it into a folder that PPOCR_MODELS names, or give it with --runtime"


def test_what_is_no_library_is_told(built: Path, tmp_path: Path) -> None:
    def told(place: Path, words: str, processor: str = "armv8") -> None:
        with pytest.raises(TargetError, match=words):
            paddlelite.find(Runtime("v2.13-rc", processor), str(place))

    told(tmp_path / "none", r"--runtime .*none: expected include/paddle_api\.h and lib/libpaddle")
    told(built, "is for aarch64, expected armv7l", "armv7hf")
    broken = tmp_path / "broken"
    shutil.copytree(built, broken)
    library = broken / "lib" / paddlelite.LIBRARY
    whole = library.read_bytes()
    library.write_bytes(whole[:1000])
    told(broken, "is not a whole shared library")
    library.write_bytes(whole.replace(b"\0v0-double\0", b"\0w0-double\0"))
    told(broken, "does not tell which release")
    (tmp_path / "bad.tar.gz").write_bytes(b"no archive")
    told(tmp_path / "bad.tar.gz", r"bad\.tar\.gz")


def test_the_shim_is_checked_against_what_the_board_has(built: Path) -> None:
    library = paddlelite.find(WANTED, str(built))
    shim = elf.read(compiler.shim(library))
    assert shim.machine == "aarch64"
    assert paddlelite.LIBRARY in shim.needed
    # Boards are older than hosts: nothing newer may slip in with the host's compiler.
    assert shim.versions["GLIBC"] <= (2, 17)
    assert shim.versions["GLIBCXX"] <= (3, 4, 21)
    assert "libgomp.so.1" in bundle.needs(library)
    elf.check([shim], "aarch64", {"GLIBC": (2, 17), "GLIBCXX": (3, 4, 21)}, "rpi4")
    with pytest.raises(BoardError, match=r"rpi4: .* needs GLIBC_2\.17, the board has GLIBC_2\.4;"):
        elf.check([shim], "aarch64", {"GLIBC": (2, 4)}, "rpi4")
    with pytest.raises(BoardError, match="is for aarch64, the board is armv7l"):
        elf.check([shim], "armv7l", {}, "zero2w-32")


def test_a_missing_compiler_is_told(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = paddlelite.find(WANTED, str(built))
    monkeypatch.setattr(compiler.shutil, "which", lambda name: None)
    with pytest.raises(DeployError, match=r"run 'sudo apt-get install g\+\+-aarch64-linux-gnu'"):
        compiler.shim(library)


def test_a_header_of_another_library_is_told(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    shutil.copytree(built, folder)
    (folder / "include/paddle_api.h").write_text("namespace paddle { namespace lite_api {} }\n")
    with pytest.raises(
        DeployError, match=r"cannot compile the C ABI against .*: .*error.*this very"
    ):
        compiler.shim(paddlelite.find(WANTED, str(folder)))
