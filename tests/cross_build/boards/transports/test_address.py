"""Addresses of boards as users give them."""

from __future__ import annotations

import pytest

from cross_build.boards.transports.address import Address, parse


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("a", Address("a")),
        ("pi@a.local:65535", Address("a.local", "pi", 65535)),
        ("10.0.0.1:22", Address("10.0.0.1", "", 22)),
        ("::1", Address("::1")),
        ("pi@fe80::1%eth0", Address("fe80::1%eth0", "pi")),
        ("[::1]:2222", Address("::1", "", 2222)),
        ("pi@[fe80::1%eth0]:2222", Address("fe80::1%eth0", "pi", 2222)),
        ("pi@[::1]", Address("::1", "pi")),
    ],
)
def test_an_address_is_read(text: str, address: Address) -> None:
    assert parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", "a:b", "a:0", "a:65536", "a:", "@a", "pi@", "a@b@c", "-oX=y", "a b", ":22", "a:b:c"),
        *("[::1]:0", "[::1]:", "[::1]22", "[::1", "[a]:22", "[]:22", "[::1]:x"),
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no \[USER@\]HOST\[:PORT\]"):
        parse(text)
