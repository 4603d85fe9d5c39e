"""What is published: a source distribution that is all of a clone, and the wheel made of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {"lite_runner", "opt_models", "cross_build"}
#: A link to samples/ in a clone, where archives hold the files themselves.
LINK = PurePosixPath("cross_build/samples")


def build(kind: str, source: Path, target: Path) -> Path:
    """Build with setuptools itself: without an environment of its own, and so without downloads."""
    code = f"from setuptools import build_meta; print(build_meta.build_{kind}({str(target)!r}))"
    run = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return target / run.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout's files in a folder of their own: no leftovers of builds and tests."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        pytest.skip("this is no clone")
    folder = tmp_path_factory.mktemp("clone")
    for name in filter(None, run.stdout.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    return folder


@pytest.fixture(scope="module")
def source(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked source distribution."""
    folder = tmp_path_factory.mktemp("source")
    with tarfile.open(build("sdist", clone, folder)) as archive:
        archive.extractall(folder)
    (unpacked,) = (path for path in folder.iterdir() if path.is_dir())
    return unpacked


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(build("wheel", source, tmp_path_factory.mktemp("wheel")))


def files(folder: Path) -> set[PurePosixPath]:
    return {
        PurePosixPath(path.relative_to(folder).as_posix())
        for path in folder.rglob("*")
        if path.is_file() and ".egg-info" not in str(path)
    }


def test_a_source_distribution_is_all_of_a_clone(clone: Path, source: Path) -> None:
    assert files(clone) - files(source) == set()


def test_a_wheel_holds_each_file_of_the_packages(
    clone: Path, source: Path, wheel: zipfile.ZipFile
) -> None:
    held = {PurePosixPath(name) for name in wheel.namelist() if ".dist-info/" not in name}
    expected = {path for path in files(clone) if path.parts[0] in PACKAGES}
    drawn = {path for path in files(clone / "samples") if path.suffix != ".py"}
    assert held == expected | {LINK / path for path in drawn}
    for path in held:
        assert wheel.read(str(path)) == (clone / path).read_bytes(), path


def test_a_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
    metadata = wheel.read(name).decode()
    assert "License-Expression: Apache-2.0\n" in metadata
    (name,) = (name for name in wheel.namelist() if name.endswith("/entry_points.txt"))
    assert "lite-ocr = cross_build.cli.program:main" in wheel.read(name).decode()
