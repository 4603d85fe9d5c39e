"""Locks of boards' packages: complete, what targets.toml asks for, renewed from an index."""

from __future__ import annotations

import hashlib
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from cross_build.bundles import wheel_lock
from cross_build.targets.facts import usual
from cross_build.targets.targets import targets
from opt_models.errors import FetchError

PLATFORMS = wheel_lock.platforms()


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda one: f"{one.machine}-{one.python}")
def test_what_is_locked_is_what_was_asked_for(platform) -> None:
    lines = wheel_lock.FOLDER.joinpath(
        f"{platform.machine}-cp{platform.python.replace('.', '')}.txt"
    ).read_text()
    pinned = dict(re.findall(r"^([\w-]+)==(\S+) --hash=sha256:[0-9a-f]{64}$", lines, re.M))
    asked = {one.name: one.specifier for one in map(Requirement, platform.requirements)}
    assert pinned.keys() == asked.keys()
    for name, version in pinned.items():
        assert asked[name].contains(version), f"{name} {version}"


def test_every_system_of_every_target_has_a_lock() -> None:
    for target in targets().values():
        for system in target.systems if target.wheels else ():
            assert len(wheel_lock.pinned(usual(target, system))) == len(target.wheels)


def test_no_lock_is_of_nothing() -> None:
    files = {path.stem for path in wheel_lock.FOLDER.iterdir()}
    assert files == {f"{one.machine}-cp{one.python.replace('.', '')}" for one in PLATFORMS}


def test_a_python_without_a_lock_is_told() -> None:
    target = targets()["rpi5"]
    facts = replace(usual(target, target.system()), python="3.7")
    with pytest.raises(FetchError, match=r"no packages are locked for Python 3\.7 on aarch64; add"):
        wheel_lock.pinned(facts)


def wheel(folder: Path, version: str) -> str:
    """Write a wheel for ARM with nothing but its metadata; returns its sha256."""
    name = f"drawn-{version}"
    path = folder / f"{name}-cp311-cp311-manylinux_2_17_aarch64.whl"
    with zipfile.ZipFile(path, "w") as archive:
        head = "Metadata-Version: 2.1\nName: drawn\n"
        archive.writestr(f"{name}.dist-info/METADATA", f"{head}Version: {version}\n")
        tag = (
            "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-cp311-manylinux_2_17_aarch64\n"
        )
        archive.writestr(f"{name}.dist-info/WHEEL", tag)
        archive.writestr(f"{name}.dist-info/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_lock_is_renewed_from_the_index(tmp_path, monkeypatch) -> None:
    index = tmp_path / "simple" / "drawn"
    index.mkdir(parents=True)
    hashes = {version: wheel(index, version) for version in ("1.0", "1.1", "2.0")}
    links = [
        f'<a href="{p.name}#sha256={hashes[p.name[6:9]]}">{p.name}</a>' for p in index.iterdir()
    ]
    (index / "index.html").write_text("<!DOCTYPE html><html>" + "<br>".join(links) + "</html>")
    monkeypatch.setenv("PIP_INDEX_URL", index.parent.as_uri())
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setattr(wheel_lock, "FOLDER", tmp_path / "locks")
    platform = wheel_lock.Platform("aarch64", "3.11", (2, 36), ("drawn>=1,<2",))
    file = wheel_lock.renew(platform)
    assert file == tmp_path / "locks" / "aarch64-cp311.txt"
    head, *lines = file.read_text().splitlines()
    assert "made by 'invoke lock'" in head
    assert lines == [f"drawn==1.1 --hash=sha256:{hashes['1.1']}"]
    with pytest.raises(
        FetchError, match=r"cannot lock packages for Python 3\.12 on aarch64: .*drawn"
    ):
        wheel_lock.renew(replace(platform, python="3.12"))
    assert file.read_text().splitlines() == [head, *lines]
