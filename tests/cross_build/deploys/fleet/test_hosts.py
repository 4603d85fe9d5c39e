"""Which boards are meant: options and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from cross_build.deploys.fleet.hosts import chosen
from cross_build.errors import TargetError


def told(hosts) -> list[tuple[str, str]]:
    return [(one.address, one.target.name) for one in hosts]


def test_options_and_a_file_go_together(tmp_path: Path) -> None:
    file = tmp_path / "boards"
    file.write_text("# all of them\n\npi@c:2222 zero2w  # the slow one\n\td\n::1 rpi5\n")
    found = chosen(["a", "pi@192.168.0.7"], file, "rpi4")
    assert told(found) == [
        *(("a", "rpi4"), ("pi@192.168.0.7", "rpi4"), ("pi@c:2222", "zero2w"), ("d", "rpi4")),
        ("::1", "rpi5"),
    ]


@pytest.mark.parametrize(
    "address", ["a", "pi@a", "a:22", "pi@a.local:65535", "fe80::1%eth0", "pi@::1", "pi@[::1]:2222"]
)
def test_addresses_are_as_for_one_board(address) -> None:
    assert told(chosen([address], None, "rpi4")) == [(address, "rpi4")]


@pytest.mark.parametrize(
    "address",
    ["", "a:b", "-oX=y"],
)
def test_what_is_no_address_is_told(address) -> None:
    with pytest.raises(TargetError, match=r"--host: .* is no \[USER@\]HOST\[:PORT\]"):
        chosen([address], None, "rpi4")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\nb rpi4 x\n", r":2: expected a host and perhaps its target, found 3 words: b rpi4 x"),
        ("a\n\nb rpi44\n", r":3: there is no target 'rpi44'; similar: rpi4"),
        ("a\nb:x\n", r":2: 'b:x' is no \[USER@\]HOST"),
        ("a\n# b\na\n", r":3: a was given before, at .*:1"),
        ("a local\n", r":1: a is of which kind\? local is this computer; give --target, or write"),
        ("# nobody\n", r"names no host; write one a line"),
    ],
)
def test_bad_lines_are_told_by_their_numbers(tmp_path: Path, text, words) -> None:
    file = tmp_path / "boards"
    file.write_text(text)
    with pytest.raises(TargetError, match=words):
        chosen([], file, "rpi4")


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="cannot be read: No such file"):
        chosen([], tmp_path / "none", "rpi4")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(TargetError, match="cannot be read: it is no text"):
        chosen([], tmp_path / "binary", "rpi4")


def test_a_kind_is_asked_for() -> None:
    with pytest.raises(TargetError, match="--host: a is of which kind"):
        chosen(["a", "b"], None, "local")
