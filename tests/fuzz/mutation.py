"""Mutations of files: what disks, networks and strangers make of them, drawn from a seed."""

from __future__ import annotations

import json
import random
from typing import Any

#: Values at which lengths, counts and offsets turn over.
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 63)
_WORDS = (
    b"\x00",
    b"\xff\xff\xff\xff",
    b"..",
    b"../../x",
    b"~nobody",
    b"\x1b[2J",
    b"\n",
    b"{",
    b"[",
)
#: JSON of other kinds than whatever stands at a place, and what Python alone takes for JSON.
_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1.5, 10**30, 1e308, float("nan"), float("inf"), "", "x" * 300, "\x1b\n"),
    *("../../x", "/x", "~nobody/x", "\udc80", "9" * 400, [], {}, [[]], {"": {}}, [None, 1, "a"]),
)


def bytes_of(data: bytes, rng: random.Random) -> bytes:
    """A copy with one to four changes, or cut short."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        place, kind = rng.randrange(len(changed) + 1), rng.randrange(6)
        if kind == 0:
            changed[place : place + 1] = bytes([rng.randrange(256)])
        elif kind == 1:
            size = rng.choice((1, 2, 4, 8))
            number = rng.choice(_NUMBERS) % (1 << 8 * size)
            changed[place : place + size] = number.to_bytes(size, "little")
        elif kind == 2:
            changed[place:place] = rng.choice(_WORDS)
        elif kind == 3:
            del changed[place : place + rng.randint(1, 40)]
        elif kind == 4:
            start = rng.randrange(len(changed) + 1)
            changed[place:place] = changed[start : start + rng.randint(1, 60)]
        elif rng.random() < 0.3:
            del changed[place:]
    return bytes(changed)


def json_of(data: bytes, rng: random.Random) -> bytes:
    """A copy in which some values are of other kinds, missing, or nested; at times just bytes."""
    if rng.random() < 0.3:
        return bytes_of(data, rng)
    value = json.loads(data)
    for _ in range(rng.randint(1, 3)):
        value = _changed(value, rng)
    text = json.dumps(value, ensure_ascii=rng.random() < 0.5)
    if rng.random() < 0.01:
        text = "[" * 50_000 + text
    return text.encode("utf-8", "surrogatepass")


def _changed(value: Any, rng: random.Random) -> Any:
    """A value with a change somewhere in it."""
    if not value or not isinstance(value, (dict, list)) or rng.random() < 0.1:
        return rng.choice(_VALUES)
    copy = value.copy()
    key = rng.choice(list(copy) if isinstance(copy, dict) else range(len(copy)))
    fate = rng.random()
    if fate < 0.1:
        del copy[key]
    elif fate < 0.2 and isinstance(copy, dict):
        copy[rng.choice(("../x", "", "\x1b", "a/../../b", str(key) * 9))] = copy.pop(key)
    else:
        copy[key] = _changed(copy[key], rng)
    return copy
