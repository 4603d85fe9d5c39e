"""fp16 is refused where it would end the process; the double stands in for real libraries."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cross_build.bundles import fp16, paddlelite
from cross_build.bundles.paddlelite import Library
from cross_build.errors import BoardError
from cross_build.targets.facts import Facts, usual
from cross_build.targets.targets import target
from lite_runner import pack as packs
from tests import double

COMPILER = "aarch64-linux-gnu-g++"


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Library]:
    """The double without and with kernels for fp16."""
    if shutil.which(COMPILER) is None:
        pytest.skip(f"{COMPILER} is missing")
    place = tmp_path_factory.mktemp("libraries")
    built = {
        "fp32": double.runtime(place / "fp32", COMPILER),
        "fp16": double.runtime(place / "fp16", COMPILER, double.FP16),
    }
    return {name: paddlelite.local(folder, "armv8", "test") for name, folder in built.items()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, packs.Pack]:
    """The double's pack in each precision."""
    place = tmp_path_factory.mktemp("packs")
    return {
        name: packs.load(double.pack(place / name, precision=name, name=f"double-{name}"))
        for name in ("fp32", "fp16", "int8")
    }


def facts(name: str) -> Facts:
    return usual(target(name), target(name).system())


def test_kernels_are_found_by_their_instructions(libraries: dict[str, Library]) -> None:
    assert not libraries["fp32"].fp16
    assert libraries["fp16"].fp16


@pytest.mark.parametrize("name", ["rpi5", "jetson-orin", "jetson-xavier"])
def test_boards_of_armv82_get_fp16(
    name: str, libraries: dict[str, Library], made: dict[str, packs.Pack]
) -> None:
    for pack in made.values():
        fp16.check(name, facts(name), pack, libraries["fp16"])


@pytest.mark.parametrize("name", ["rpi3", "rpi4", "zero2w", "rk3399", "jetson-nano"])
def test_older_processors_are_refused_with_the_reason(
    name: str, libraries: dict[str, Library], made: dict[str, packs.Pack]
) -> None:
    for one in ("fp32", "int8"):
        fp16.check(name, facts(name), made[one], libraries["fp32"])
    with pytest.raises(BoardError, match=rf"{name}: pack double-fp16 .* ARMv8\.2 \(asimdhp\)"):
        fp16.check(name, facts(name), made["fp16"], libraries["fp32"])
    # Such a library is compiled for ARMv8.2 as a whole, whatever the pack.
    with pytest.raises(BoardError, match=r"library .* was built for ARMv8\.2.*another --runtime"):
        fp16.check(name, facts(name), made["fp32"], libraries["fp16"])


def test_a_library_without_kernels_is_refused(
    libraries: dict[str, Library], made: dict[str, packs.Pack]
) -> None:
    with pytest.raises(BoardError, match=r"rpi5: .* has no kernels; .*--with_arm82_fp16=ON"):
        fp16.check("rpi5", facts("rpi5"), made["fp16"], libraries["fp32"])


def test_32_bit_systems_are_refused(
    libraries: dict[str, Library], made: dict[str, packs.Pack]
) -> None:
    with pytest.raises(BoardError, match=r"rpi4-32: pack double-fp16 is in fp16, for 64-bit"):
        fp16.check("rpi4-32", facts("rpi4-32"), made["fp16"], libraries["fp32"])


def test_of_a_board_that_does_not_say_its_verification_tells(
    libraries: dict[str, Library], made: dict[str, packs.Pack]
) -> None:
    unknown = dataclasses.replace(facts("armv8"), features=None)
    fp16.check("armv8", unknown, made["fp16"], libraries["fp16"])


def test_no_archive_is_written_of_what_is_refused(
    libraries: dict[str, Library], made: dict[str, packs.Pack], tmp_path: Path
) -> None:
    words = ["build", "--target", "rpi4", "--pack", str(made["fp16"].folder)]
    words += ["--runtime", str(libraries["fp16"].folder), "--out", str(tmp_path / "out")]
    run = subprocess.run(
        [sys.executable, "-m", "invoke", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "rpi4: pack double-fp16 is in fp16, which needs ARMv8.2" in run.stderr
    assert len(run.stderr.strip().splitlines()) <= 2  # the C ABI is compiled anew, maybe
    assert not (tmp_path / "out").exists()
