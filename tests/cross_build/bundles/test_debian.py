"""Packages of Debian for another processor: what goes wrong, with stand-ins for its tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from cross_build.bundles import debian
from opt_models.errors import ChangedError, FetchError
from opt_models.store import config

#: Runs the hook on a root with one package that has this content.
MMDEBSTRAP = """\
#!/bin/sh
for word; do
    case $word in --extract-hook=*) hook=${{word#*=}} ;; esac
done
root=$(mktemp -d)
mkdir -p "$root/var/cache/apt/archives"
echo '{content}' > "$root/var/cache/apt/archives/hello_1.0_arm64.deb"
sh -c "$hook" sh "$root"
"""
DPKG_DEB = """\
#!/bin/sh
case $1 in
--show) printf 'hello\\n1.0\\n' ;;
--extract) mkdir -p "$3/usr/bin" && cp "$2" "$3/usr/bin/hello" ;;
esac
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the tools that are found, beside the system's own; an empty cache."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("LITE_OCR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LITE_OCR_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv(config.OFFLINE, raising=False)
    put(folder, "mmdebstrap", MMDEBSTRAP.format(content="one"))
    put(folder, "dpkg-deb", DPKG_DEB)
    return folder


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def fetch() -> list[debian.Package]:
    return debian.unpacked("aarch64", "bookworm", ["hello"])


def test_packages_are_fetched_once(tools: Path) -> None:
    (one,) = fetch()
    assert (one.name, one.version) == ("hello", "1.0")
    assert (one.folder / "usr/bin/hello").read_text() == "one\n"
    put(tools, "mmdebstrap", "#!/bin/sh\nexit 1\n")
    assert fetch() == [one]


def test_another_package_of_the_same_version_is_refused(tools: Path, tmp_path: Path) -> None:
    fetch()
    (tmp_path / "cache").rename(tmp_path / "lost")
    put(tools, "mmdebstrap", MMDEBSTRAP.format(content="two"))
    with pytest.raises(ChangedError, match=r"recorded .* if /debian/hello_1\.0_arm64\.deb was"):
        fetch()
    assert not list((tmp_path / "cache").glob("debian/*/packages.json"))


def test_a_failed_download_is_told_in_its_own_words(tools: Path) -> None:
    put(tools, "mmdebstrap", "#!/bin/sh\necho 'I: hm' >&2\necho 'E: no such host' >&2\nexit 25\n")
    with pytest.raises(FetchError, match=r"mmdebstrap failed with 25 \(E: no such host\); check"):
        fetch()


def test_missing_tools_are_told(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tools / "mmdebstrap").unlink()
    monkeypatch.setenv("PATH", str(tools))
    with pytest.raises(FetchError, match=r"mmdebstrap missing; run 'sudo apt-get install mmdeb"):
        fetch()


def test_offline_nothing_is_fetched(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(config.OFFLINE, "1")
    with pytest.raises(FetchError, match="offline; do it once with the network"):
        fetch()


def test_the_mirror_is_this_computers_own() -> None:
    assert all(line.startswith("deb http") for line in debian.sources("bookworm"))
