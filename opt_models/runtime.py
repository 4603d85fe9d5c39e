"""Runtimes: the Paddle-Lite library of one release for one processor, which packs are made for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Runtime:
    """One library.

    Attributes:
        release: as the library calls itself, ``"v2.13-rc"``.
        processor: ``x86``, ``armv8`` or ``armv7hf``, as Paddle-Lite's archives are named, or
            ``android-armv8`` or ``android-armv7``, whose models are those of the former.
    """

    release: str
    processor: str

    @property
    def arch(self) -> str:
        """The target for opt: ``x86`` or ``arm``; one file serves every ARM processor."""
        return "x86" if self.processor == "x86" else "arm"

    def __str__(self) -> str:
        """As in ``packs.toml``: ``"v2.13-rc armv8"``."""
        return f"{self.release} {self.processor}"
