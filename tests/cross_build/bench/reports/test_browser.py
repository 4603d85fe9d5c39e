"""The page in a real browser without a network: that it is drawn, quiet, dark at night, narrow."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Callable, Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from cross_build.bench.reports import page, result
from cross_build.bench.reports.result import Run

#: Set to 1 where the browser must be there, so that these tests cannot go missing.
VARIABLE = "LITE_OCR_BROWSER"
#: As Debian's chromium and chromium-driver and others call them.
BROWSERS, DRIVERS = ("chromium", "chromium-browser", "google-chrome"), ("chromedriver",)
SWITCHES = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND"),
)
#: Elements that must be drawn, by plot, for 11 candidates with 4 stages, 12 passes and 6 pictures.
DRAWN = {
    ("#stages", ".barlayer .point path"): 11 * 4,
    ("#latency", ".boxlayer path.box"): 11,
    ("#latency", ".boxlayer path.point"): 11 * 12,
    ("#latency", ".scatterlayer path.point"): 11 * 6,
    ("#accuracy", ".scatterlayer path.point"): 11,
    ("#accuracy", ".scatterlayer .textpoint text"): 11,
    ("#history", ".scatterlayer path.js-line"): 11,
    ("#history", ".scatterlayer path.point"): 11 * 6,
}

Open = Callable[..., webdriver.Chrome]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A browser that reaches no other computer."""
    program, driver = (
        next(filter(None, map(shutil.which, names)), None) for names in (BROWSERS, DRIVERS)
    )
    if program is None or driver is None:
        missing = "no chromium or no chromedriver: install chromium and chromium-driver"
        if os.environ.get(VARIABLE) == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    options = Options()
    options.binary_location = program
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    found = webdriver.Chrome(options=options, service=Service(driver))
    yield found
    found.quit()


@pytest.fixture
def show(browser: webdriver.Chrome, tmp_path: Path) -> Open:
    """Opens the page of a run and waits until it is drawn."""

    def open_page(
        run: Run, earlier: list[Run] | None = None, scheme: str = "light", width: int = 1200
    ) -> webdriver.Chrome:
        file = tmp_path / "page.html"
        file.write_text(page.page(run, earlier or []), encoding="utf-8")
        prefer(browser, scheme)
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        for kind in ("browser", "performance"):
            browser.get_log(kind)
        browser.get(file.as_uri())
        until(
            browser,
            "return [...document.querySelectorAll('.plot')].every(one => one.dataset.drawn)",
        )
        return browser

    return open_page


def prefer(browser: webdriver.Chrome, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def until(browser: webdriver.Chrome, script: str) -> None:
    for _ in range(300):
        if browser.execute_script(script):
            return
        time.sleep(0.1)
    pytest.fail(f"still not so: {script}; console: {browser.get_log('browser')}")


def boxes(browser: webdriver.Chrome, selector: str) -> list[list[float]]:
    """Width and height of each element, in pixels."""
    script = """return [...document.querySelectorAll(arguments[0])].map(one => {
        const box = one.getBoundingClientRect(); return [box.width, box.height]; })"""
    found: list[list[float]] = browser.execute_script(script, selector)
    return found


def brightness(browser: webdriver.Chrome, selector: str, style: str) -> float:
    """Of a colour, from 0 to 255."""
    script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
    colour = browser.execute_script(script, selector, style)
    numbers = [float(one) for one in colour.strip("rgba()").split(",")]
    return sum(numbers[:3]) / 3


def assert_quiet(browser: webdriver.Chrome) -> None:
    """Nothing was complained about, and nothing but the page itself was asked for."""
    assert browser.get_log("browser") == []
    asked = []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.append(message["params"]["request"]["url"])
    outside = [url for url in asked if not url.startswith(("data:", "blob:"))]
    assert [url.rpartition("/")[2] for url in outside] == ["page.html"]
    assert outside[0].startswith("file://")


def test_every_plot_is_drawn(show: Open, run: Run, earlier: list[Run]) -> None:
    browser = show(run, earlier)
    assert browser.title == "Benchmark: Raspberry Pi 4 Model B Rev 1.4"
    for (plot, part), count in DRAWN.items():
        sizes = boxes(browser, f"{plot} {part}")
        assert len(sizes) == count, (plot, part)
        assert all(width > 0 or height > 0 for width, height in sizes), (plot, part)
    bars = boxes(browser, "#stages .barlayer .trace:nth-child(2) .point path")
    medians = [one.median("detect") or 0 for one in run.candidates]
    for (width, height), median in zip(bars, medians):
        assert height > 10
        assert width / bars[0][0] == pytest.approx(median / medians[0], abs=0.02)
    labels = browser.execute_script(
        "return [...document.querySelectorAll('#stages .annotation')].map(one => one.textContent)"
    )
    assert [label.split("  ")[0].replace("\xa0", " ") for label in labels] == [
        one.id for one in run.candidates
    ]
    assert_quiet(browser)


def test_the_page_follows_the_colours_of_the_system(show: Open, run: Run) -> None:
    browser = show(run, scheme="dark")
    text = "#stages .xtick text"
    assert brightness(browser, "body", "backgroundColor") < 60
    assert brightness(browser, "body", "color") > 180
    assert brightness(browser, text, "fill") > 130
    assert brightness(browser, "#stages .annotation text", "fill") > 180
    prefer(browser, "light")
    until(
        browser,
        "return getComputedStyle(document.querySelector('#stages .annotation text')).fill"
        " == getComputedStyle(document.body).color",
    )
    assert brightness(browser, "body", "backgroundColor") > 200
    assert brightness(browser, text, "fill") < 130
    assert_quiet(browser)


def test_the_page_fits_a_phone(show: Open, run: Run, earlier: list[Run]) -> None:
    browser = show(run, earlier, width=390)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    wide = boxes(browser, ".plot .main-svg")
    assert wide and all(250 < width <= 390 for width, _ in wide)
    # Tables scroll inside themselves.
    assert browser.execute_script(
        "return [...document.querySelectorAll('.wide')].some(one => one.scrollWidth > 390)"
    )
    assert_quiet(browser)


def test_hovering_tells_figures(show: Open, run: Run) -> None:
    browser = show(run)
    browser.execute_script(
        "Plotly.Fx.hover(document.getElementById('accuracy'), [{curveNumber: 0, pointNumber: 0}])"
    )
    until(browser, "return document.querySelector('#accuracy .hoverlayer .hovertext')")
    text = browser.execute_script(
        "return document.querySelector('#accuracy .hoverlayer').textContent"
    )
    first = run.candidates[0]
    assert first.id in text and f"{first.median():.1f} ms" in text and "Hmean" in text


def test_emulated_and_partial_runs_are_drawn(show: Open, emulated: Run, broken_off: Run) -> None:
    browser = show(emulated, scheme="dark")
    bars = boxes(browser, "#instructions .barlayer .point path")
    assert len(bars) == 10 * 4 and all(height > 10 for _, height in bars)
    assert boxes(browser, ".plot") == boxes(browser, "#instructions")
    assert browser.title.startswith("Emulated")
    assert_quiet(browser)
    browser = show(broken_off)
    assert len(boxes(browser, "#stages .barlayer .point path")) == 2 * 4
    assert boxes(browser, "#history") == []
    assert_quiet(browser)


def test_names_run_no_scripts(show: Open, make_result) -> None:
    name = "<img src=x onerror=\"document.title='taken'\"></script><script>document.title='taken'"
    data = make_result(packs=("v4-mobile",), threads=(1, 2), peer=False)
    data["board"]["model"] = name
    for at, one in enumerate(data["candidates"]):
        one |= {"id": f"{at} {name}", "pack": name}
    for one in data["images"]:
        one["image"] = name
    before = json.loads(json.dumps(data))
    before["started"] = "2026-11-01T00:00:00Z"
    browser = show(result.parse(data, "x"), [result.parse(before, "y")])
    assert browser.title == f"Benchmark: {name}"
    assert boxes(browser, "img") == []
    label = browser.execute_script(
        "return document.querySelector('#stages .annotation').textContent"
    )
    assert "<img src=x" in label
    assert_quiet(browser)
