"""States of boards, on recorded trees of /sys and the words of their own programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

import pytest

from lite_runner.bench import system_state


def tree(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def clocks(khz: Sequence[int], governor: str = "ondemand") -> dict[str, str]:
    base = "sys/devices/system/cpu/cpu"
    return {
        **{f"{base}{n}/cpufreq/scaling_cur_freq": f"{value}\n" for n, value in enumerate(khz)},
        **{f"{base}{n}/cpufreq/scaling_governor": f"{governor}\n" for n in range(len(khz))},
    }


def asking(**words: str) -> system_state.Ask:
    def ask(command: Sequence[str]) -> str | None:
        return words.get(command[0])

    return ask


NOBODY = asking()
#: Raspberry Pi 4 B, Raspberry Pi OS 12.
PI = {
    **clocks([1500000] * 4),
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "48312\n",
    "proc/loadavg": "0.52 0.58 0.59 1/189 2211\n",
}
#: RK3399: two kinds of cores, two sensors, the kernel cools by slowing them down.
RK = {
    **clocks([1416000] * 4 + [1008000] * 2, "schedutil"),
    "sys/class/thermal/thermal_zone0/type": "cpu\n",
    "sys/class/thermal/thermal_zone0/temp": "85000\n",
    "sys/class/thermal/thermal_zone1/type": "gpu\n",
    "sys/class/thermal/thermal_zone1/temp": "81666\n",
    "sys/class/thermal/cooling_device0/type": "cpufreq-cpu0\n",
    "sys/class/thermal/cooling_device0/cur_state": "0\n",
    "sys/class/thermal/cooling_device1/type": "cpufreq-cpu4\n",
    "sys/class/thermal/cooling_device1/cur_state": "3\n",
    "sys/class/thermal/cooling_device2/type": "pwm-fan\n",
    "sys/class/thermal/cooling_device2/cur_state": "4\n",
}
#: Jetson Xavier NX, JetPack 5, in a container that does not see /sys.
TEGRA = (
    "11-24-2026 10:00:00 RAM 2448/6860MB (lfb 591x4MB) SWAP 0/3430MB (cached 0MB) CPU"
    " [12%@1190,0%@1190,off,off,5%@1907,0%@1907] EMC_FREQ 0% GR3D_FREQ 0% AUX@38.5C CPU@40C"
    " thermal@39.25C PMIC@50C"
)


def test_a_raspberry_pi(tmp_path: Path) -> None:
    found = system_state.read(tree(tmp_path, PI), asking(vcgencmd="throttled=0x0"))
    assert found == {
        "mhz": [1500] * 4,
        "governor": ["ondemand"],
        "celsius": {"cpu-thermal": 48.312},
        "throttled": [],
        "load": [0.52, 0.58, 0.59],
    }


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("throttled=0x50005", ["under-voltage now", "throttled now"]),
        ("throttled=0x80008", ["soft temperature limit now", "soft temperature limit before"]),
        ("throttled=0x20002", ["frequency capped now", "frequency capped before"]),
    ],
)
def test_a_raspberry_pi_that_is_slowed_down(tmp_path: Path, said: str, words: list[str]) -> None:
    found = system_state.read(tree(tmp_path, PI), asking(vcgencmd=said))["throttled"]
    assert set(words) <= set(found)


def test_the_kernel_passes_the_pis_word_on_where_the_program_is_missing(tmp_path: Path) -> None:
    file = {"sys/devices/platform/soc/soc:firmware/get_throttled": "50000\n"}
    found = system_state.read(tree(tmp_path, {**PI, **file}), NOBODY)
    assert found["throttled"] == ["under-voltage before", "throttled before"]


def test_a_board_with_two_kinds_of_cores_that_is_hot(tmp_path: Path) -> None:
    found = system_state.read(tree(tmp_path, RK), NOBODY)
    assert found["mhz"] == [1416] * 4 + [1008] * 2
    assert found["celsius"] == {"cpu": 85.0, "gpu": 81.666}
    # A fan that turns slows nothing down.
    assert found["throttled"] == ["cpufreq-cpu4 slowed down by the system, step 3 now"]


def test_what_vcgencmd_complains_of_is_no_throttling(tmp_path: Path) -> None:
    for said in ("VCHI initialization failed", "error=1 error_msg=0x5", "throttled=", "5"):
        assert system_state.read(tree(tmp_path, PI), asking(vcgencmd=said))["throttled"] is None


def test_what_held_a_board_back_is_new_or_holds_now() -> None:
    def state(*words: str) -> dict[str, Any]:
        return {"throttled": list(words)}

    old, now = "throttled before", "under-voltage now"
    assert system_state.held_back(state(old), state(old)) == []
    assert system_state.held_back(state(), state(old)) == [old]
    assert system_state.held_back(state(now), state(old)) == [now, old]
    # Nobody knows when it began.
    assert system_state.held_back({"throttled": None}, state(old)) == []
    assert system_state.held_back({"throttled": None}, {"throttled": None}) == []


def test_tegrastats_tells_where_the_system_does_not(tmp_path: Path) -> None:
    found = system_state.read(tmp_path, asking(tegrastats=TEGRA))
    assert found["mhz"] == [1190, 1190, 1907, 1907]
    assert found["celsius"] == {"AUX": 38.5, "CPU": 40.0, "thermal": 39.25, "PMIC": 50.0}


def test_what_is_absent_is_said_and_not_guessed(tmp_path: Path) -> None:
    assert system_state.read(tmp_path, NOBODY) == {
        **dict.fromkeys(("mhz", "governor", "celsius", "throttled", "load"))
    }


def test_broken_sensors_are_left_out(tmp_path: Path) -> None:
    files = {
        **PI,
        "sys/class/thermal/thermal_zone1/type": "off",
        "sys/class/thermal/thermal_zone1/temp": "",
        "proc/loadavg": "nonsense",
    }
    found = system_state.read(tree(tmp_path, files), NOBODY)
    assert found["celsius"] == {"cpu-thermal": 48.312}
    assert found["load"] is None


def test_two_sensors_of_one_name_are_both_told(tmp_path: Path) -> None:
    files = {f"sys/class/thermal/thermal_zone{n}/type": "soc" for n in (0, 1)}
    temps = {f"sys/class/thermal/thermal_zone{n}/temp": f"{40 + n}000" for n in (0, 1)}
    found = system_state.read(tree(tmp_path, {**files, **temps}), NOBODY)
    assert found["celsius"] == {"soc": 40.0, "soc (thermal_zone1)": 41.0}


def program(folder: Path, script: str, monkeypatch: Any) -> None:
    file = folder / "tool"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_programs_are_asked_for_one_line(tmp_path: Path, monkeypatch: Any) -> None:
    program(tmp_path, "echo one; exec sleep 100", monkeypatch)
    assert system_state.ask(["tool"]) == "one"
    assert system_state.ask(["no-such-tool"]) is None


def test_a_program_that_says_nothing_is_ended(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(system_state, "_SECONDS", 0.2)
    program(tmp_path, "exec sleep 100", monkeypatch)
    assert system_state.ask(["tool"]) is None


def test_this_board_tells_what_it_is() -> None:
    found = system_state.board()
    assert found["cores"] >= 1
    assert found["memory"] > 10_000_000
    assert found["machine"]
