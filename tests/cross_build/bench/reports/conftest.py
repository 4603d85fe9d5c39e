"""Results as a Raspberry Pi 4 could have given them, drawn from a seed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from cross_build.bench.reports import result
from cross_build.bench.reports.result import Run
from lite_runner.scoring import cer

STAGES = ("decode", "detect", "classify", "recognise")
#: name, width, height, true lines (None: not labelled).
PICTURES: list[tuple[str, int, int, list[str] | None]] = [
    ("shop_sign.jpg", 1160, 800, ["营业时间", "OPEN 09:00-21:30", "老城咖啡馆"]),
    ("receipt.jpg", 700, 1400, [f"item {n}  {n * 3}.{n}0" for n in range(1, 25)]),
    ("small_print.png", 1600, 1100, [f"Line {n} of the small print" for n in range(1, 31)]),
    ("upside_down.jpg", 900, 600, ["THIS SIDE UP", "请勿倒置"]),
    ("name_plate.jpg", 1280, 720, ["Model AX-200", "230 V ~ 50 Hz", "No. 0042"]),
    ("screen.png", 1080, 1920, None),
]
#: pack: precision, milliseconds of one thread for a megapixel and for a line, errors per 1000
PACKS = {
    "v4-mobile": ("fp32", 830.0, 92.0, 4),
    "v3-slim": ("int8", 560.0, 61.0, 21),
    "v2.0-slim": ("int8", 430.0, 38.0, 34),
}
SPEEDUP = {1: 1.0, 2: 1.74, 4: 2.55}

Make = Callable[..., "dict[str, Any]"]


def make(
    seed: int = 1,
    *,
    factor: float = 1.0,
    started: str = "2026-11-24T22:10:00+00:00",
    packs: tuple[str, ...] = tuple(PACKS),
    threads: tuple[int, ...] = (1, 2, 4),
    peer: bool = True,
    turns: int = 4,
    passes: int = 3,
    throttled: bool = False,
    emulated: bool = False,
) -> dict[str, Any]:
    """A result; ``factor`` makes every reader that much slower."""
    random = np.random.default_rng(seed)
    settings = [("Paddle-Lite", pack, count, 1) for pack in packs for count in threads]
    if packs and 4 in threads:
        settings.append(("Paddle-Lite", packs[0], 1, 4))
    if peer:
        settings.append(("ONNX Runtime", "v4-mobile", 4, 1))
    candidates = [
        _candidate(random, *setting, factor, turns, passes, throttled, emulated)
        for setting in settings
    ]
    return {
        "schema": 1,
        "lite_ocr": "0.1.0",
        "started": started,
        "seconds": 812.3,
        "complete": True,
        "stopped": None,
        "emulated": emulated,
        "target": "rpi4",
        "host": "pi@board",
        "board": {
            "machine": "aarch64",
            "system": "Linux-6.1.21-v8+-aarch64-with-glibc2.36",
            "model": "" if emulated else "Raspberry Pi 4 Model B Rev 1.4",
            "cores": 4,
            "memory": 3_980_000_000,
            "cpu": "Cortex-A72",
        },
        "settings": {
            **{"warmup": 1, "stable": 0.02, "limit_seconds": 600, "seed": 20261124},
            "min_turns": 3,
        },
        "images": [
            {
                **{"image": name, "sha256": _digest(name), "width": width, "height": height},
                "lines": lines,
                "boxes": lines is not None,
            }
            for name, width, height, lines in PICTURES
        ],
        "candidates": candidates,
        "skipped": ["power mode high: the board has one kind of cores"],
    }


def interrupted() -> dict[str, Any]:
    """A run that lost its board: one candidate failed, one had a single turn, one none."""
    data = make(5, packs=("v4-mobile",), threads=(2, 4), turns=1, passes=1)
    data |= {"complete": False, "stopped": "connection lost: pi@board does not answer"}
    data |= {"seconds": None, "board": {**data["board"], "model": "", "memory": None, "cpu": ""}}
    one, two, _, failed = data["candidates"]
    one["turns"][0]["passes"][0][1] = None
    one |= {"stable": False, "steady": False, "startup_cold": None}
    one["texts"][1] = None
    one["turns"][0]["before"] = None
    one["turns"][0]["after"] |= {"mhz": None, "celsius": None, "throttled": None, "governor": None}
    empty = {
        **{"turns": [], "texts": [None] * len(PICTURES), "steady": None, "accuracy": None},
        **{"detection": None, "summary": None, "lines_per_second": None, "startup_cold": None},
        **{"startup_warm": None, "load": None, "peak_rss": None, "stable": False},
    }
    two |= empty
    failed |= {**empty, "failed": "ended by signal 6 while loading rec.nb"}
    return data


def _candidate(
    random: np.random.Generator,
    engine: str,
    pack: str,
    threads: int,
    workers: int,
    factor: float,
    turns: int,
    passes: int,
    throttled: bool,
    emulated: bool,
) -> dict[str, Any]:
    precision, detect, line, rate = PACKS[pack]
    ours = engine == "Paddle-Lite"
    slow = factor * (1 if ours else 1.45)
    stages = np.array(
        [
            [
                14 * width * height / 1e6,
                detect * width * height / 1e6 / SPEEDUP[threads] * slow,
                2.4 * _lines(lines) * slow,
                line * _lines(lines) / SPEEDUP[max(threads, workers)] * slow,
            ]
            for _, width, height, lines in PICTURES
        ]
    )
    done = []
    for order in range(turns):
        of_turn = stages * np.exp(random.normal(0, 0.012))
        measured = of_turn * np.exp(random.normal(0, 0.008, (passes, *stages.shape))) / 1000
        rows = [
            [dict(zip((*STAGES, "total"), map(float, [*one, one.sum()]))) for one in reading]
            for reading in measured
        ]
        cold = order % 2 == 0
        load = (0.62 if cold else 0.29) * float(np.exp(random.normal(0, 0.03)))
        done.append(
            {
                **{"order": int(order * 11 + random.integers(11)), "at": 3.2 + 60 * order},
                **{"startup": load + (1.4 if cold else 0.8), "cold": cold, "load": load},
                "peak_rss": int(
                    1.2e8 + 5e4 * detect + 9e6 * workers + 2e6 * threads + 1.1e8 * (not ours)
                ),
                "before": _state(1500, 46 + order, ["frequency capped before"] * throttled),
                "after": _state(
                    *((1000, 82) if throttled else (1500, 61 + order)),
                    ["frequency capped now", "frequency capped before"] * throttled,
                ),
                "passes": rows,
            }
        )
    # A pack reads the same however many threads it has.
    letters = np.random.default_rng(list(f"{engine} {pack}".encode()))
    texts = [lines and [_misread(letters, one, rate) for one in lines] for *_, lines in PICTURES]
    # Only single characters were changed, so an edit distance is their count.
    characters = sum(len(cer.strip_whitespace(lines)) for *_, lines in PICTURES if lines)
    errors = sum(cer.strip_whitespace(read).count("?") for read in texts if read)
    spaced = cer.total(
        cer.compare_with_spaces(lines, read)
        for (*_, lines), read in zip(PICTURES, texts)
        if lines and read
    )
    means = _means(done)
    name = f"{pack}, {threads} thread{'s' * (threads > 1)}"
    if workers > 1:
        name += f", {workers} workers"
    boxes = sum(_lines(lines) for *_, lines in PICTURES if lines)
    matched = boxes - rate // 8
    return {
        "id": name if ours else f"RapidOCR, {name}",
        "engine": engine,
        "engine_version": "v2.13-rc" if ours else "1.19.2",
        "reader": "lite-ocr 0.1.0" if ours else "RapidOCR 1.4.4",
        "pack": pack,
        "models": {
            "det": _model(f"{pack} det", precision),
            "cls": _model("cls", precision),
            "rec": _model(f"{pack} rec", precision),
        },
        **{"threads": threads, "power": "unbound" if ours else None, "workers": workers},
        "turns": done,
        "texts": [read if read is not None else ["Settings", "WLAN"] for read in texts],
        "steady": True,
        "accuracy": {**_rate(errors, characters), "spaced": _rate(*spaced)},
        "detection": {
            **{"hmean": 2 * matched / (2 * boxes + 1), "precision": matched / (boxes + 1)},
            **{"recall": matched / boxes, "matched": matched, "true": boxes, "found": boxes + 1},
        },
        "summary": {
            stage: {
                **{"min": float(values.min()), "median": float(np.median(values))},
                **{"p90": float(np.quantile(values, 0.9)), "max": float(values.max())},
            }
            for stage, values in means.items()
        },
        "lines_per_second": 64 / (float(np.median(means["total"])) * len(PICTURES) / 1000),
        "startup_cold": float(np.median([one["startup"] for one in done if one["cold"]])),
        "startup_warm": float(np.median([one["startup"] for one in done if not one["cold"]]))
        if turns > 1
        else None,
        "load": float(np.median([one["load"] for one in done])),
        "peak_rss": max(one["peak_rss"] for one in done),
        "stable": True,
        "failed": None,
        "instructions": _instructions(stages) if emulated else None,
    }


def _means(turns: list[dict[str, Any]]) -> dict[str, Any]:
    """Milliseconds per picture of every pass, by stage."""
    return {
        stage: np.array(
            [
                1000 * np.mean([picture[stage] for picture in one])
                for turn in turns
                for one in turn["passes"]
            ]
        )
        for stage in (*STAGES, "total")
    }


def _instructions(stages: Any) -> dict[str, Any]:
    _, detect, classify, recognise = (int(one * 2.1e6) for one in stages[:1].mean(axis=0))
    total = detect + classify + recognise + 100_000_000
    counted = {"detect": detect, "classify": classify, "recognise": recognise}
    return {"images": 1, "decode": None, **counted, "total": total}


def _state(mhz: int, celsius: float, throttled: list[str]) -> dict[str, Any]:
    return {
        "mhz": [mhz] * 4,
        "governor": ["ondemand"],
        "celsius": {"cpu-thermal": float(celsius)},
        "throttled": throttled,
        "load": [0.4, 0.2, 0.1],
    }


def _rate(errors: int, characters: int) -> dict[str, Any]:
    return {"errors": errors, "characters": characters, "cer": errors / characters}


def _misread(random: np.random.Generator, line: str, rate: int) -> str:
    wrong = random.random(len(line)) < rate / 1000
    return "".join("?" if bad else char for char, bad in zip(line, wrong))


def _lines(lines: list[str] | None) -> int:
    return 2 if lines is None else len(lines)


def _model(name: str, precision: str) -> dict[str, str]:
    return {"sha256": _digest(name), "source": name.replace(" ", "_"), "precision": precision}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def make_result() -> Make:
    """Makes results as dicts of JSON, see :func:`make`."""
    return make


@pytest.fixture
def run() -> Run:
    """Three packs on one, two and four threads, and a peer."""
    return result.parse(make(), "today.json")


@pytest.fixture
def earlier() -> list[Run]:
    """Five runs of the days before; the third was throttled."""
    return [
        result.parse(
            make(
                10 + day,
                factor=(1.34, 1.31, 1.62, 1.08, 1.05)[day],
                started=f"2026-11-{19 + day}T20:00:00+00:00",
                throttled=day == 2,
            ),
            f"{day}.json",
        )
        for day in range(5)
    ]


@pytest.fixture
def broken_off() -> Run:
    """What is left of an interrupted run."""
    return result.parse(interrupted(), "broken_off.json")


@pytest.fixture
def emulated() -> Run:
    """A run on an emulated board."""
    return result.parse(make(3, peer=False, turns=1, passes=1, emulated=True), "emulated.json")


@pytest.fixture
def save(tmp_path: Path) -> Callable[[object], Path]:
    """Writes JSON into a file of the test's own."""

    def write(data: object) -> Path:
        path = tmp_path / "result.json"
        path.write_text(json.dumps(data), encoding="utf-8")
        return path

    return write
