"""Modules for Android apps, made with a stand-in for the NDK and the double of Paddle-Lite."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cross_build.android import abi, gradle, module, ndk
from cross_build.bundles import elf, paddlelite
from cross_build.errors import BoardError, DeployError, TargetError
from lite_runner.errors import LiteError
from opt_models.errors import CatalogError
from opt_models.store import config
from tests import double
from tests.conftest import ROOT
from tests.cross_build.android import stand_in
from tests.cross_build.android.conftest import ANDROID, HERE, javac, needed

BOTH = "android-arm64,android-armv7"
ABIS = {"arm64-v8a": "aarch64", "armeabi-v7a": "armv7l"}


def build(out: Path, pack: Path, targets: str = BOTH, **given: Any) -> str:
    return module.build(
        targets, str(pack), given.get("runtime", ""), out, given.get("strict", False)
    )


@pytest.fixture
def folder(android_runtimes: dict[str, Path], tmp_path: Path) -> Path:
    """A library's folder that a test may spoil."""
    copy = tmp_path / "runtime"
    shutil.copytree(android_runtimes["android-arm64"], copy)
    return copy


@pytest.fixture
def made(android: Path, double_pack: Path, tmp_path: Path) -> Path:
    """A module for both ABIs."""
    build(tmp_path / "lite-ocr", double_pack)
    return tmp_path / "lite-ocr"


def test_a_module_has_all_that_gradle_and_readers_look_for(made: Path) -> None:
    found = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    libraries = {ndk.SHIM, ndk.CPP, paddlelite.LIBRARY}
    assert found >= {
        *(f"src/main/jniLibs/{abi}/{name}" for abi in ABIS for name in libraries),
        *(f"src/main/assets/lite-ocr/{name}.nb" for name in ("det", "cls", "rec")),
        *("src/main/assets/lite-ocr/reader.properties", "src/main/assets/lite-ocr/charset.txt"),
        *("src/main/AndroidManifest.xml", "build.gradle.kts", "settings.example.gradle.kts"),
        *(
            "consumer-rules.pro",
            "README.md",
            "lite-ocr.json",
            "src/main/java/io/github/liteocr/LiteOcr.java",
        ),
    }
    texts = {
        name: (made / name).read_text(encoding="utf-8")
        for name in found
        if "." in name[-6:] and not name.endswith((".so", ".nb", ".png"))
    }
    assert not [name for name, text in texts.items() if "@NAME@" in text or "@ABIS@" in text]
    gradle = texts["build.gradle.kts"]
    assert 'abiFilters += listOf("arm64-v8a", "armeabi-v7a")' in gradle
    assert "minSdk = 23" in gradle
    assert 'include(":lite-ocr")' in texts["settings.example.gradle.kts"]
    manifest = ElementTree.parse(made / "src/main/AndroidManifest.xml")  # noqa: S314, our own
    assert manifest.getroot().tag == "manifest"


def test_the_library_opens_where_its_sources_are() -> None:
    folder = gradle.PROJECT.parent
    build = (gradle.PROJECT / "build.gradle.kts").read_text(encoding="utf-8")
    assert f"minSdk = {abi.module().api}\n" in build
    assert gradle.abi_filters(list(ABIS)) in build
    assert not re.search("@[A-Z]+@", build), "no template: Kotlin as it is"
    root = (folder / "settings.gradle.kts").read_text(encoding="utf-8")
    included = re.findall(r'^include\(":(.+)"\)', root, re.MULTILINE)
    assert [folder / name for name in included] == [gradle.PROJECT]
    example = (gradle.PROJECT / "settings.example.gradle.kts").read_text(encoding="utf-8")
    plugin = r'id\("com.android.library"\) version "(.+)"'
    assert re.findall(plugin, root) == re.findall(plugin, example) != []


def test_the_manifest_tells_what_is_in_it(made: Path) -> None:
    data = json.loads((made / module.MANIFEST).read_text(encoding="utf-8"))
    assert data["paddle_lite"] == dict.fromkeys(ABIS, double.RELEASE)
    assert data["ndk"] == stand_in.REVISION
    for name, entry in data["files"].items():
        assert entry["sha256"] == hashlib.sha256((made / name).read_bytes()).hexdigest()
    assert len(data["files"]) == sum(path.is_file() for path in made.rglob("*")) - 1


def test_native_libraries_are_ones_that_android_loads(made: Path) -> None:
    for name, machine in ABIS.items():
        shim = elf.read(made / "src/main/jniLibs" / name / ndk.SHIM)
        assert shim.machine == machine
        assert shim.page == 16384
        assert {paddlelite.LIBRARY, ndk.CPP, "libc.so"} >= set(shim.needed) >= {paddlelite.LIBRARY}
        names = {name for name, _ in elf.exports(shim.path)}
        calls = ("open", "version", "input", "run", "output", "close")
        assert {f"Java_io_github_liteocr_NativeEngine_{call}" for call in calls} <= names
        assert "lite_open_file" in names  # for native code of the app's own


def test_every_native_method_of_java_is_there(made: Path) -> None:
    text = (made / "src/main/java/io/github/liteocr/NativeEngine.java").read_text()
    declared = [line.split("(")[0].split()[-1] for line in text.splitlines() if " native " in line]
    shim = made / "src/main/jniLibs/arm64-v8a" / ndk.SHIM
    found = {name.rpartition("_")[2] for name, _ in elf.exports(shim) if name.startswith("Java_")}
    assert found == set(declared)
    # What shrinkers would rename or drop is kept.
    rules = (made / "consumer-rules.pro").read_text()
    assert "class io.github.liteocr.NativeEngine" in rules
    assert "class io.github.liteocr.LiteOcrException" in rules


def test_the_java_compiles_against_android_23(made: Path, tmp_path: Path) -> None:
    needed(shutil.which("javac") is not None, "javac (default-jdk-headless)")
    needed(ANDROID.is_file(), f"{ANDROID} (libandroid-23-java)")
    # Android's build tools bring these for lambdas; its own classes have had them since 26 only.
    stubs = tmp_path / "stubs"
    eight = ("-source", "8", "-target", "8", "-bootclasspath")
    lambdas = sorted((HERE / "stubs").rglob("*.java"))
    javac(stubs, *eight, str(ANDROID), *map(str, lambdas))
    sources = sorted((made / "src/main/java").rglob("*.java"))
    javac(tmp_path / "classes", *eight, f"{ANDROID}:{stubs}", *map(str, sources))
    assert (tmp_path / "classes/io/github/liteocr/LiteOcr.class").is_file()


def test_only_two_classes_know_android(sources: list[Path]) -> None:
    known = {path.name for path in sources if "import android." in path.read_text()}
    assert known == {"LiteOcr.java", "BitmapConverter.java"}


def test_the_readme_has_ten_lines_that_read(made: Path) -> None:
    text = (made / "README.md").read_text()
    snippet = text.split("```kotlin\n")[2].split("```")[0]
    assert len(snippet.splitlines()) <= 10
    java = (made / "src/main/java/io/github/liteocr/LiteOcr.java").read_text()
    for call in ("open(", "read(", "close("):
        assert f"ocr.{call}" in snippet or f"LiteOcr.{call}" in snippet
        assert f" {call}" in java


def test_the_command_writes_one(android: Path, double_pack: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "invoke", "build", "--app", "--target", "android-arm64"]
    run = subprocess.run(
        [*command, "--pack", str(double_pack), "--out", str(tmp_path / "reader")],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert run.returncode == 0, run.stderr
    assert "arm64-v8a; Android from API 23 on" in run.stdout
    assert (tmp_path / "reader" / module.MANIFEST).is_file()
    assert not (tmp_path / "reader/src/main/jniLibs/armeabi-v7a").exists()
    assert 'include(":reader")' in (tmp_path / "reader/README.md").read_text()
    gradle_file = (tmp_path / "reader/build.gradle.kts").read_text()
    assert 'abiFilters += listOf("arm64-v8a")\n' in gradle_file


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--target", "rpi4", "--app"], "there is no module for 'rpi4'; there is one for android-"),
        (["--target", "android-arm46", "--app"], "android-arm64"),
        (["--target", ",", "--app"], "--app: name a --target: android-arm64, android-armv7"),
        (["--target", BOTH, "--app", "--runtime", "r"], "--runtime: one library is for one target"),
        (["--target", "android-arm64", "--app", "--system", "x"], "--system: is for boards"),
        (["--target", "rpi4", "--strict"], "--strict: is for modules of apps"),
    ],
)
def test_wrong_use_is_told(options: list[str], words: str) -> None:
    command = [sys.executable, "-m", "invoke", "build", *options]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 2
    assert words in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_the_same_inputs_give_the_same_module(
    made: Path, double_pack: Path, tmp_path: Path
) -> None:
    text = (made / module.MANIFEST).read_text()
    (made / "of an earlier one").write_text("")
    build(made, double_pack)
    assert (made / module.MANIFEST).read_text() == text
    assert not (made / "of an earlier one").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"lite-ocr"}


def test_what_is_no_module_is_left_alone(android: Path, double_pack: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "app.kt").write_text("")
    with pytest.raises(CatalogError, match="is there and is not a module of ours; choose another"):
        build(tmp_path / "mine", double_pack)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["app.kt"]


def test_a_module_that_fails_leaves_the_older_one(
    made: Path, double_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (made / module.MANIFEST).read_text()
    monkeypatch.setattr(module, "_manifest", lambda *given: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(CatalogError, match="cannot be written"):
        build(made, double_pack)
    assert (made / module.MANIFEST).read_text() == before
    assert {path.name for path in tmp_path.iterdir()} == {"lite-ocr"}


def test_without_an_ndk_it_is_told_how_to_get_one(
    android: Path, double_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ndk.VARIABLES[0])
    with pytest.raises(DeployError) as told:
        build(tmp_path / "out", double_pack)
    assert str(told.value).startswith(
        "ANDROID_NDK_HOME is not set: apps need a library compiled by"
    )
    assert 'sdkmanager "ndk;28.2.13676358"' in str(told.value)
    assert not (tmp_path / "out").exists()
    # Google's newer name of the same.
    monkeypatch.setenv(ndk.VARIABLES[1], str(android))
    build(tmp_path / "out", double_pack)


def broken(android: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str) -> Path:
    """The stand-in without some of its files."""
    copy = tmp_path / "ndk"
    shutil.copytree(android, copy)
    for path in [*copy.rglob(gone)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    monkeypatch.setenv(ndk.VARIABLES[0], str(copy))
    return copy


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ("source.properties", "is no NDK, its source.properties is missing or damaged; install"),
        ("llvm", "has no toolchains/llvm/prebuilt for this computer"),
        ("aarch64*clang++", "has no aarch64-linux-android23-clang++; take one from 19 on, best 28"),
        ("libc++_shared.so", "has no libc++_shared.so for arm64-v8a in its sysroot; take one from"),
    ],
)
def test_a_broken_ndk_is_told(
    android: Path,
    double_pack: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gone: str,
    words: str,
) -> None:
    broken(android, tmp_path, monkeypatch, gone)
    with pytest.raises(DeployError) as told:
        build(tmp_path / "out", double_pack)
    assert words in str(told.value)
    assert not (tmp_path / "out").exists()


def test_a_header_of_another_release_is_told(
    android: Path,
    folder: Path,
    double_pack: Path,
    tmp_path: Path,
) -> None:
    header = folder / "include" / "paddle_api.h"
    header.write_text(header.read_text().replace("GetVersion", "GetRelease"))
    with pytest.raises(
        DeployError, match=r"clang\+\+ failed: .*GetVersion.*; are library and header"
    ):
        build(tmp_path / "out", double_pack, "android-arm64", runtime=str(folder))


def test_symbols_the_library_lacks_are_told(
    android: Path,
    folder: Path,
    double_pack: Path,
    tmp_path: Path,
) -> None:
    library = folder / "lib" / paddlelite.LIBRARY
    # As long as before, so that nothing moves.
    library.write_bytes(library.read_bytes().replace(b"6Resize", b"6Rezise"))
    with pytest.raises(DeployError, match=r"undefined (reference|symbol).*Resize"):
        build(tmp_path / "out", double_pack, "android-arm64", runtime=str(folder))


def test_an_old_linkers_library_is_linked_against_all_the_same(
    android: Path,
    folder: Path,
    double_pack: Path,
    tmp_path: Path,
) -> None:
    """Its local symbols among global ones stop the linker, unless it never sees them."""
    library = folder / "lib" / paddlelite.LIBRARY
    _make_local(library, "_ZTSN6paddle8lite_api15PaddlePredictorE")
    compiler = stand_in.clang(android, "android-arm64")
    command = [compiler, *ndk.OPTIONS, f"-I{folder / 'include'}", f"-I{ndk.HEADER.parent}"]
    command += [*map(str, ndk.SOURCES), str(library), "-o", str(tmp_path / "direct.so")]
    direct = subprocess.run(command, capture_output=True, text=True)
    assert "invalid local symbol" in direct.stderr
    build(tmp_path / "out", double_pack, "android-arm64", runtime=str(folder))


def _make_local(library: Path, name: str) -> None:
    from elftools.elf.elffile import ELFFile

    with library.open("r+b") as file:
        section = ELFFile(file).get_section_by_name(".dynsym")
        place = [symbol.name for symbol in section.iter_symbols()].index(name)
        # st_info, after st_name of four bytes; its upper half is the binding.
        file.seek(section["sh_offset"] + place * section["sh_entsize"] + 4)
        info = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([info & 15]))


def test_a_static_cpp_library_is_matched(android: Path, double_pack: Path, tmp_path: Path) -> None:
    compiler = stand_in.clang(android, "android-arm64")
    folder = double.runtime(tmp_path / "static", compiler, "-static-libstdc++", openmp=False)
    build(tmp_path / "out", double_pack, "android-arm64", runtime=str(folder))
    libraries = tmp_path / "out/src/main/jniLibs/arm64-v8a"
    assert {path.name for path in libraries.iterdir()} == {ndk.SHIM, paddlelite.LIBRARY}
    assert ndk.CPP not in elf.read(libraries / ndk.SHIM).needed


def test_pages_of_four_kib_are_warned_of_and_refused_if_strict(
    android: Path, double_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compiler = stand_in.clang(android, "android-arm64")
    small = "-Wl,-z,max-page-size=4096"
    folder = double.runtime(tmp_path / "small", compiler, small, openmp=False)
    build(tmp_path / "out", double_pack, "android-arm64", runtime=str(folder))
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert len(said) == 1
    assert said[0].startswith(
        "warning: arm64-v8a: libpaddle_light_api_shared.so is aligned to 4 KiB, not to 16 KiB:"
    )
    assert "-Wl,-z,max-page-size=16384" in said[0]
    with pytest.raises(BoardError, match="is aligned to 4 KiB, not to 16"):
        build(tmp_path / "other", double_pack, "android-arm64", runtime=str(folder), strict=True)
    assert not (tmp_path / "other").exists()


def test_32_bit_devices_have_small_pages(
    android: Path, double_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(tmp_path / "out", double_pack, "android-armv7", strict=True)
    assert "warning" not in capsys.readouterr().err


def test_a_library_for_linux_is_refused(android: Path, double_pack: Path, tmp_path: Path) -> None:
    folder = double.runtime(tmp_path / "linux", "aarch64-linux-gnu-g++")
    with pytest.raises(BoardError) as told:
        build(tmp_path / "out", double_pack, "android-arm64", runtime=str(folder))
    assert "it was built for Linux, not for Android: take an archive named 'android'" in str(
        told.value
    )


def test_a_library_that_needs_what_no_android_has_is_refused(
    android: Path, double_pack: Path, tmp_path: Path
) -> None:
    compiler = stand_in.clang(android, "android-arm64")
    other = tmp_path / "libneural.so"
    subprocess.run(
        [
            compiler,
            "-shared",
            "-nostdlib",
            "-x",
            "c++",
            os.devnull,
            "-o",
            other,
            "-Wl,-soname,libneural.so",
        ],
        check=True,
    )
    options = ("-Wl,--no-as-needed", str(other))
    folder = double.runtime(tmp_path / "needy", compiler, *options, openmp=False)
    with pytest.raises(BoardError, match=r"needs libneural.so; which Android does not have"):
        build(tmp_path / "out", double_pack, "android-arm64", runtime=str(folder))


def test_a_library_for_another_processor_is_refused(
    android: Path, android_runtimes: dict[str, Path], double_pack: Path, tmp_path: Path
) -> None:
    with pytest.raises(TargetError, match=r"--runtime .*: is for armv7l, expected aarch64"):
        build(
            tmp_path / "out",
            double_pack,
            "android-arm64",
            runtime=str(android_runtimes["android-armv7"]),
        )


def test_the_release_comes_from_its_archive(
    android: Path,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(paddlelite.VARIABLES["android-armv8"])
    monkeypatch.setenv(config.FOLDER, str(tmp_path / "config"))
    library = folder / "lib" / paddlelite.LIBRARY
    library.write_bytes(library.read_bytes().replace(b"\0v0-double\0", b"\0v2.13-rc\0\0"))
    name = "inference_lite_lib.android.armv8.clang.c++_shared.with_extra.with_cv.tar.gz"
    place = tmp_path / "mirror/PaddlePaddle/Paddle-Lite/releases/download/v2.13-rc" / name
    place.parent.mkdir(parents=True)
    with tarfile.open(place, "w:gz") as file:
        file.add(folder, "inference_lite_lib.android.armv8.clang.c++_shared/cxx")
    monkeypatch.setenv(config.MIRRORS, str(tmp_path / "mirror"))
    pack = double.pack(tmp_path / "pack", lite_version="v2.13-rc")
    told = build(tmp_path / "out", pack, "android-arm64")
    assert "Paddle-Lite v2.13-rc" in told


def test_a_pack_for_another_release_is_refused(android: Path, tmp_path: Path) -> None:
    pack = double.pack(tmp_path / "pack", lite_version="v2.9")
    with pytest.raises(
        LiteError, match=r"was made for Paddle-Lite v2.9 on arm, this target has v0"
    ):
        build(tmp_path / "out", pack)
    assert not (tmp_path / "out").exists()
