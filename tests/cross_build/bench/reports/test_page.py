"""The page of a run as text: what is in it, and that nothing gets out of it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from cross_build.bench.reports import page, plots, result, tables
from cross_build.bench.reports.turn import STAGES

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
VOID = {"meta", "link", "br", "img", "wbr"}


class Reader(HTMLParser):
    """What a page is made of: elements, their attributes, headings and text outside of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.headings: list[str] = []
        self.text = ""
        self.scripts = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("h1", "h2"):
            self.headings.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] in (["script"], ["style"]):
            self.scripts += data
            return
        self.text += data
        if self.open[-1:] in (["h1"], ["h2"]):
            self.headings[-1] += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


def figures(text: str) -> dict[str, dict]:
    """The plots' JSON by name."""
    found = re.findall(r"<script type='application/json' data-plot='(\w+)'>(.*?)</script>", text)
    # Whatever stands in it, it cannot end the element it is in.
    assert not [name for name, data in found if "<" in data]
    return {name: json.loads(data) for name, data in found}


def test_the_page_has_all_plots_and_tables(run, earlier) -> None:
    text = page.page(run, earlier)
    found = Reader(text)
    assert found.open == []
    assert set(figures(text)) == {"stages", "latency", "accuracy", "history"}
    assert found.count("table") == len(tables.all_of(run))
    assert found.headings[0] == "Benchmark: Raspberry Pi 4 Model B Rev 1.4"
    assert "power mode high: the board has one kind of cores" in found.text
    assert "PaddlePaddle/PaddleOCR, issue 4197" in found.text
    assert "not sum" not in found.text


def test_it_loads_nothing_and_runs_no_scripts_but_its_own(run) -> None:
    text = page.page(run)
    found = Reader(text)
    for tag, attributes in found.elements:
        assert "src" not in attributes
        assert attributes.get("href", "data:,") == "data:,"
        assert not [name for name in attributes if name.startswith("on")], tag
    policy = next(one["content"] for _, one in found.elements if "http-equiv" in one)
    assert policy is not None and policy.startswith("default-src 'none'; script-src 'sha256-")
    script = re.search(r"script-src ([^;]*)", policy)
    assert script is not None and "unsafe" not in script[1] and len(script[1].split()) == 2
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None and "url(" not in style[1] and "@import" not in style[1]


def test_it_can_be_used_without_seeing_it(run, earlier) -> None:
    found = Reader(page.page(run, earlier))
    assert ("html", {"lang": "en"}) in found.elements
    drawn = [one for _, one in found.elements if one.get("class") == "plot"]
    assert len(drawn) == 4
    for one in drawn:
        assert one["role"] == "img" and len(one["aria-label"] or "") > 80
    assert all("scope" in attributes for tag, attributes in found.elements if tag == "th")
    assert found.count("noscript") == 1


def test_bars_are_the_medians_of_stages(run) -> None:
    data = figures(page.page(run))["stages"]["data"]
    assert [trace["name"] for trace in data] == list(STAGES)
    for trace in data:
        assert trace["x"] == [one.median(trace["name"]) for one in run.candidates]


def test_points_are_accuracy_over_time(run) -> None:
    data = figures(page.page(run))["accuracy"]["data"]
    found = {(x, y) for trace in data for x, y in zip(trace["x"], trace["y"])}
    assert found == {(one.median(), 100 * one.accuracy.cer) for one in run.candidates}
    assert len(data) == len({trace["marker"]["color"] for trace in data}) == 4
    first = run.candidates[0].accuracy
    assert f"with spaces {first.spaced.cer:.2%}" in data[0]["customdata"][0]
    assert "Hmean" in data[0]["customdata"][0]


def test_latency_has_all_passes_and_pictures(run) -> None:
    data = figures(page.page(run))["latency"]["data"]
    boxes = [trace for trace in data if trace["type"] == "box"]
    points = [trace for trace in data if trace["type"] == "scatter"]
    assert [len(trace["x"]) for trace in boxes] == [12] * 11
    assert [len(trace["x"]) for trace in points] == [6] * 11
    assert points[0]["customdata"][0] == "shop_sign.jpg"


def test_history_marks_throttled_runs(run, earlier, make_result) -> None:
    small = make_result(turns=1, passes=1, emulated=True, started="2026-11-20T01:00:00Z")
    emulated = result.parse(small, "x")
    data = figures(page.page(run, [*reversed(earlier), emulated, run]))["history"]["data"]
    lines = [trace for trace in data if trace["name"] != "throttled"]
    assert len(lines) == 11 and len(data) == 12
    for trace in lines:
        assert trace["x"] == sorted(trace["x"]) and len(trace["x"]) == 6
        assert trace["marker"]["symbol"] == ["circle", "circle", "x", "circle", "circle", "circle"]
    assert lines[0]["y"][-1] == run.candidates[0].median()


def test_emulated_pages_show_instructions_instead_of_times(emulated, earlier) -> None:
    text = page.page(emulated, earlier)
    found = Reader(text)
    assert set(figures(text)) == {"instructions"}
    data = {trace["name"]: trace["x"] for trace in figures(text)["instructions"]["data"]}
    counted = emulated.candidates[0].instructions.stages
    assert list(data) == ["detect", "classify", "recognise", "other"]
    assert data["detect"][0] == counted["detect"] / 1e6
    assert sum(values[0] for values in data.values()) == pytest.approx(counted["total"] / 1e6)
    assert found.headings[0].startswith("Emulated benchmark")
    assert tables.NOT_TIME in found.text
    timed = [one for one in found.headings if re.search("Millisecond|start-up|figures|Instr", one)]
    assert len(timed) == 5 and all("emulated" in one for one in timed)
    assert "Fastest" not in found.text


def test_a_sentence_stands_where_nothing_can_be_drawn(make_result, broken_off) -> None:
    empty = result.parse(make_result(packs=(), peer=False), "x")
    found = page.page(empty)
    assert figures(found) == {}
    assert found.count("Nothing to show: the run has no candidates.") == 3
    assert "No earlier run of this board is known" in found
    text = Reader(page.page(broken_off)).text
    assert "Left out, because nothing was measured: v4-mobile, 4 threads; RapidOCR" in text
    assert "The run is not complete: connection lost" in text
    failed = make_result(packs=("v4-mobile",), threads=(1,), peer=False)
    failed["candidates"][0] |= {"turns": [], "summary": None, "accuracy": None, "failed": "no"}
    shown = plots.plots(result.parse(failed, "x"), [empty])
    assert [one.figure for one in shown] == [None] * 4
    assert shown[0].left_out == "Nothing to show: nothing was measured of any candidate."
    emulated = make_result(packs=("v4-mobile",), threads=(1,), peer=False, emulated=True)
    emulated["candidates"][0]["instructions"] = None
    assert "no instructions were counted" in page.page(result.parse(emulated, "x"))


def evil(data: dict) -> dict:
    """A result all of whose texts are HTML."""
    data["target"] = data["host"] = data["lite_ocr"] = data["board"]["model"] = EVIL
    data["board"] |= {"cpu": EVIL, "system": EVIL, "machine": EVIL}
    data |= {"skipped": [EVIL], "complete": False, "stopped": EVIL}
    for one in data["images"]:
        one["image"] = EVIL
    for at, one in enumerate(data["candidates"]):
        one |= {"id": f"{EVIL} {at}", "engine_version": EVIL, "reader": EVIL, "failed": EVIL}
        one["pack"] = EVIL
        one["models"]["det"]["source"] = EVIL
        for turn in one["turns"]:
            turn["after"] |= {"throttled": [f"{EVIL} now"], "governor": [EVIL]}
    return data


def test_names_cannot_write_html(make_result) -> None:
    usual = make_result(packs=("v4-mobile",), threads=(1, 2))
    plain = Reader(page.page(result.parse(usual, "x"), [result.parse(usual, "x")]))
    text = page.page(result.parse(evil(usual), "x"))
    found = Reader(text)
    assert found.open == []
    assert found.count("img") == 0
    assert found.count("script") == plain.count("script")
    assert text.count("<script>alert") == 0 and text.count("<img") == plain.scripts.count("<img")
    assert found.text.count(EVIL) > 20
    # Inside plots, plotly takes some tags in names for its own.
    for figure in figures(text).values():
        names = (
            json.dumps([figure["data"], figure["layout"]["annotations"]])
            if ("annotations" in figure["layout"])
            else json.dumps(figure["data"])
        )
        assert "<img" not in names and "<script" not in names and "&lt;img" in names
