"""The state of a board around a measurement: clocks, heat, throttling, load.

What a board does not report is None, which is neither zero nor good news.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Callable, Sequence

from lite_runner.bench.result import Board, State, Throttling

#: Bits of the Raspberry Pi's ``get_throttled``, by its documentation of vcgencmd.
_PI_BITS = {
    0: "under-voltage now",
    1: "frequency capped now",
    2: "throttled now",
    3: "soft temperature limit now",
    16: "under-voltage before",
    17: "frequency capped before",
    18: "throttled before",
    19: "soft temperature limit before",
}
#: The same number from the kernel, where the program is missing.
_PI_FILE = "sys/devices/platform/soc/soc:firmware/get_throttled"
_SECONDS = 5
#: Ends the sentences about this moment; others are about the time since the board was started.
_NOW = " now"

#: Runs a program and gives its first line of output; None if it is missing or prints nothing.
Ask = Callable[[Sequence[str]], "str | None"]


def ask(command: Sequence[str]) -> str | None:
    """First line of a program's output; the program is ended then, or after some seconds."""
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        child = subprocess.Popen(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            errors="replace",
        )
    except OSError:
        return None
    with child:
        # tegrastats goes on for ever, and another program may print nothing.
        timer = _killing(child)
        line = child.stdout.readline() if child.stdout else ""
        timer.cancel()
        child.kill()
    return line.strip() or None


def read(root: Path = Path("/"), asking: Ask = ask) -> State:
    """The state now.

    Args:
        root: folder with ``sys`` and ``proc``.
        asking: runs the board's own programs.
    """
    cpus = sorted((root / "sys/devices/system/cpu").glob("cpu[0-9]*"), key=_number)
    clocks = [_integer(cpu / "cpufreq/scaling_cur_freq") for cpu in cpus]
    mhz: list[int] | None = [clock // 1000 for clock in clocks if clock is not None]
    governors = {_text(cpu / "cpufreq/scaling_governor") for cpu in cpus} - {""}
    celsius = _zones(root)
    tegra = asking(["tegrastats", "--interval", "200"])
    if tegra is not None:
        mhz = mhz or [int(clock) for clock in re.findall(r"\d+%@(\d+)", tegra)]
        celsius = celsius or {
            name: float(degrees) for name, degrees in re.findall(r"([\w-]+)@(-?[\d.]+)C", tegra)
        }
    return {
        "mhz": mhz or None,
        "governor": sorted(governors) or None,
        "celsius": celsius or None,
        "throttled": _throttled(root, asking),
        "load": _load(root),
    }


def held_back(before: Throttling, after: Throttling) -> list[str]:
    """Why a board throttled between two states.

    A board reports all reasons since it was started: those that the first state has are left out,
    unless they still apply.
    """
    old, new = before["throttled"], after["throttled"] or ()
    reasons = [word for word in (*(old or ()), *new) if word.endswith(_NOW)]
    if old is not None:
        reasons += [word for word in new if word not in old and not word.endswith(_NOW)]
    return list(dict.fromkeys(reasons))


def _throttled(root: Path, asking: Ask) -> list[str] | None:
    answer = asking(["vcgencmd", "get_throttled"]) or ""
    bits = re.fullmatch(r"throttled=0x([0-9a-fA-F]+)", answer)
    # Where the program is missing, or not permitted, the kernel has the same number.
    bits = bits or re.fullmatch(r"([0-9a-fA-F]+)", _text(root / _PI_FILE))
    reasons = None
    if bits:
        value = int(bits.group(1), 16)
        reasons = [words for bit, words in _PI_BITS.items() if value >> bit & 1]
    # Elsewhere the kernel's cooling devices report it: they slow cores down step by step.
    for device in sorted((root / "sys/class/thermal").glob("cooling_device*")):
        kind, step = _text(device / "type"), _integer(device / "cur_state")
        if ("cpu" in kind.lower() or kind == "Processor") and step is not None:
            reasons = reasons or []
            if step > 0:
                reasons.append(f"{kind} slowed down by the system, step {step} now")
    return reasons


def _zones(root: Path) -> dict[str, float]:
    celsius: dict[str, float] = {}
    for zone in sorted((root / "sys/class/thermal").glob("thermal_zone*"), key=_number):
        value = _integer(zone / "temp")
        if value is None:
            continue  # a sensor that is switched off
        name = _text(zone / "type") or zone.name
        celsius[name if name not in celsius else f"{name} ({zone.name})"] = value / 1000
    return celsius


def _load(root: Path) -> list[float] | None:
    try:
        return [float(word) for word in _text(root / "proc/loadavg").split()[:3]] or None
    except ValueError:
        return None


def _killing(child: subprocess.Popen[str]) -> threading.Timer:
    timer = threading.Timer(_SECONDS, child.kill)
    timer.daemon = True
    timer.start()
    return timer


def _number(path: Path) -> int:
    digits = re.search(r"\d+$", path.name)
    return int(digits.group()) if digits else -1


def _integer(path: Path) -> int | None:
    try:
        return int(_text(path))
    except ValueError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace").strip("\0\n ")
    except OSError:
        return ""


def board(root: Path = Path("/"), asking: Ask = ask) -> Board:
    """What the board is."""
    import platform

    # A phone's shell may not read its device tree, but it has a program that tells.
    android, maker, model = (
        asking(["getprop", f"ro.{name}"]) or ""
        for name in ("build.version.release", "product.manufacturer", "product.model")
    )
    system = platform.platform(terse=True)

    info = _text(root / "proc/cpuinfo")
    names = re.search(r"^(?:model name|Model|Hardware)\s*:\s*(.+)$", info, re.M)
    memory = re.search(r"^MemTotal:\s*(\d+) kB", _text(root / "proc/meminfo"), re.M)
    return {
        "machine": platform.machine(),
        "system": f"Android {android}, {system}" if android else system,
        "model": _text(root / "proc/device-tree/model") or f"{maker} {model}".strip(),
        "cpu": names.group(1).strip() if names else "",
        "cores": len(os.sched_getaffinity(0)),
        "memory": int(memory.group(1)) * 1024 if memory else None,
    }
