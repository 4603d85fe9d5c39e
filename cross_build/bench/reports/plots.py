"""The plots of a run, as plotly figures without any colours of a page's own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from html import escape
from typing import Sequence

import numpy as np
import plotly.graph_objects as go

from cross_build.bench.reports import conditions
from cross_build.bench.reports.result import Candidate, Run
from cross_build.bench.reports.tables import NOT_TIME
from cross_build.bench.reports.turn import STAGES, TOTAL

#: Told apart by people who see colours otherwise, and on light and dark pages alike.
_STAGE_COLOURS = {
    "decode": "#8b98a9",
    "detect": "#3b82c4",
    "classify": "#d9a02b",
    "recognise": "#2e9e7a",
    "other": "#a58bb8",
}
_COLOURS = ("#3b82c4", "#d9822b", "#2e9e7a", "#c2549d", "#8a6fd1", "#a8932a", "#4fa8b8", "#c4524a")
_THROTTLED = "#d64545"
#: Pixels: of a row of a plot with a row for each candidate, and of what is around the rows.
_ROW, _AROUND = 50, 96
#: Of a bar in its row.
_BAR = 20
#: Of the axis of earlier runs, and of a name beside it.
_HISTORY, _LETTERS = 350, 13


@dataclass(frozen=True)
class Plot:
    """A plot, or the reason why there is none.

    Attributes:
        name: of its element.
        title: a heading.
        about: what it shows, in sentences; also for those who cannot see it.
        figure: None if there is nothing to draw.
        left_out: a sentence on what is not in it, or why there is none; may be empty.
    """

    name: str
    title: str
    about: str
    figure: go.Figure | None
    left_out: str


def plots(run: Run, earlier: Sequence[Run] = ()) -> list[Plot]:
    """The plots of a run; of an emulated one, only its instructions.

    Args:
        run: to show.
        earlier: runs of the same board, in any order; emulated ones are left out.
    """
    if run.emulated:
        return [_instructions(run)]
    return [_stages(run), _latency(run), _accuracy(run), _history(run, earlier)]


def _stages(run: Run) -> Plot:
    shown = [candidate for candidate in run.candidates if candidate.median() is not None]
    series = {
        stage: [candidate.median(stage) or 0.0 for candidate in shown]
        for stage in STAGES
        if any(candidate.median(stage) for candidate in shown)
    }
    labels = [
        f"<b>{escape(candidate.id, False)}</b>  {candidate.median():.0f} ms" for candidate in shown
    ]
    return Plot(
        "stages",
        "Time per stage",
        "Median milliseconds per picture of each stage, one bar for each candidate; its total is"
        " the median of the whole, which is not exactly the sum of the stages' medians.",
        _bars(series, labels, "ms per picture", "%{x:.1f} ms") if shown else None,
        _left_out(run, shown, "nothing was measured"),
    )


def _instructions(run: Run) -> Plot:
    shown = [
        candidate
        for candidate in run.candidates
        if candidate.instructions and candidate.instructions.stages.get(TOTAL) is not None
    ]
    counts = [
        dict(candidate.instructions.stages) if candidate.instructions else {} for candidate in shown
    ]
    series = {
        stage: [(count.get(stage) or 0.0) / 1e6 for count in counts]
        for stage in STAGES
        if any(count.get(stage) for count in counts)
    }
    totals = [(count.get(TOTAL) or 0.0) / 1e6 for count in counts]
    rest = [
        max(0.0, total - sum(values[at] for values in series.values()))
        for at, total in enumerate(totals)
    ]
    if any(rest):
        series["other"] = rest
    labels = [
        f"<b>{escape(candidate.id, False)}</b>  {total:,.0f} M"
        for candidate, total in zip(shown, totals)
    ]
    return Plot(
        "instructions",
        "Instructions per picture (emulated)",
        f"Millions of instructions of each stage, one bar for each candidate. {NOT_TIME}",
        _bars(series, labels, "million instructions per picture", "%{x:,.1f} million")
        if shown
        else None,
        _left_out(run, shown, "no instructions were counted"),
    )


def _bars(series: dict[str, list[float]], labels: list[str], unit: str, value: str) -> go.Figure:
    figure = go.Figure()
    for stage, values in series.items():
        figure.add_bar(
            orientation="h",
            name=stage,
            x=values,
            y=list(range(len(labels))),
            customdata=labels,
            marker={"color": _STAGE_COLOURS[stage]},
            width=_BAR / _ROW,
            hovertemplate=f"%{{customdata}}<br>{stage}: {value}<extra></extra>",
        )
    figure.update_layout(barmode="stack")
    return _in_rows(figure, labels, unit)


def _latency(run: Run) -> Plot:
    shown = [candidate for candidate in run.candidates if candidate.passes(TOTAL)]
    figure = go.Figure()
    colours = _colours([run])
    in_legend: set[str] = set()
    for row, candidate in enumerate(shown):
        group = _group(candidate)
        passes = 1000 * np.concatenate(candidate.passes(TOTAL))
        look = {
            "legendgroup": group,
            "orientation": "h",
            "marker": {"color": colours[group], "size": 4, "opacity": 0.75},
        }
        figure.add_box(
            **look,
            name=group,
            showlegend=group not in in_legend,
            x=passes.round(3).tolist(),
            y=[row] * len(passes),
            line={"color": colours[group], "width": 1.5},
            boxpoints="all",
            pointpos=0,
            jitter=0.5,
            width=_BAR / _ROW,
            hovertemplate=f"{escape(candidate.id, False)}<br>a pass: %{{x:.1f}} ms<extra></extra>",
            # Of a box its five numbers, one above the other, would cover its neighbours.
            hoveron="points",
        )
        in_legend.add(group)
        medians = _picture_medians(run, candidate)
        figure.add_scatter(
            legendgroup=group,
            showlegend=False,
            mode="markers",
            x=[value for _, value in medians],
            y=[row] * len(medians),
            customdata=[escape(name, False) for name, _ in medians],
            marker={
                **{"color": colours[group], "size": 9, "symbol": "circle-open"},
                "line": {"width": 1.5},
            },
            hovertemplate=(
                f"{escape(candidate.id, False)}<br>%{{customdata}}: %{{x:.1f}} ms<extra></extra>"
            ),
        )
    labels = [f"<b>{escape(candidate.id, False)}</b>" for candidate in shown]
    return Plot(
        "latency",
        "Latency of passes and pictures",
        "Boxes and dots: milliseconds per picture of each pass over all pictures. Open circles:"
        " the median of each single picture; large ones and those with many lines take longer.",
        _in_rows(figure, labels, "ms per picture") if shown else None,
        _left_out(run, shown, "no pass came to its end"),
    )


def _picture_medians(run: Run, candidate: Candidate) -> list[tuple[str, float]]:
    """Name and median milliseconds of each picture that was read."""
    medians = []
    for picture, column in zip(run.pictures, candidate.totals().T):
        read = column[np.isfinite(column)]
        if read.size:
            medians.append((picture.name, round(1000 * float(np.median(read)), 3)))
    return medians


def _accuracy(run: Run) -> Plot:
    shown = [
        candidate
        for candidate in run.candidates
        if candidate.accuracy and candidate.median() is not None
    ]
    figure = go.Figure()
    colours = _colours([run])
    for group in dict.fromkeys(map(_group, shown)):
        of_group = [candidate for candidate in shown if _group(candidate) == group]
        figure.add_scatter(
            name=group,
            mode="markers+text",
            x=[candidate.median() for candidate in of_group],
            y=[100 * candidate.accuracy.cer for candidate in of_group if candidate.accuracy],
            text=[_short(candidate) for candidate in of_group],
            textposition="top center",
            textfont={"size": 11},
            cliponaxis=False,
            customdata=[_hover(candidate) for candidate in of_group],
            marker={
                "color": colours[group],
                "size": 12,
                "symbol": "circle" if of_group[0].key.engine == "Paddle-Lite" else "diamond",
            },
            hovertemplate="%{customdata}<extra></extra>",
        )
    _axes(figure, "ms per picture", "character error rate, %")
    figure.update_layout(height=460, margin={"l": 8, "r": 16, "t": 40, "b": 8})
    figure.update_xaxes(rangemode="tozero", automargin=True)
    figure.update_yaxes(rangemode="tozero", automargin=True)
    return Plot(
        "accuracy",
        "Accuracy against speed",
        "Character error rate on the labelled pictures over median milliseconds per picture: the"
        " lower left is best. 4t is four threads, 4w four lines recognised side by side.",
        figure if shown else None,
        _left_out(run, shown, "it was not measured or no picture is labelled"),
    )


def _hover(candidate: Candidate) -> str:
    text = candidate.accuracy
    words = [f"<b>{escape(candidate.id, False)}</b>", f"{candidate.median():.1f} ms per picture"]
    if text:
        words.append(f"CER {text.cer:.2%}: {text.errors} of {text.characters} characters")
    if text and text.spaced:
        words.append(f"with spaces {text.spaced.cer:.2%}")
    if candidate.detection:
        words.append(f"Hmean {candidate.detection.hmean:.3f}")
    if candidate.peak_rss is not None:
        words.append(f"peak RSS {candidate.peak_rss / 1e6:.0f} MB")
    words.append(escape(f"{candidate.key.engine} {candidate.engine_version}", False))
    return "<br>".join(words)


def _history(run: Run, earlier: Sequence[Run]) -> Plot:
    before = [other for other in earlier if not other.emulated and other.started != run.started]
    runs = sorted([*before, run], key=lambda other: other.started)
    ids = list(
        dict.fromkeys(candidate.id for each in (run, *runs) for candidate in each.candidates)
    )
    figure = go.Figure()
    colours = _colours([run, *runs])
    in_legend: set[str] = set()
    ends: list[tuple[Run, Candidate]] = []
    hot = False
    for name in ids:
        points = [
            (each, candidate)
            for each in runs
            for candidate in each.candidates
            if candidate.id == name and candidate.median() is not None
        ]
        if not points:
            continue
        group = _group(points[-1][1])
        throttling = [bool(conditions.throttled(candidate)) for _, candidate in points]
        hot = hot or any(throttling)
        figure.add_scatter(
            legendgroup=group,
            name=group,
            showlegend=group not in in_legend,
            mode="lines+markers",
            x=[f"{each.started:%Y-%m-%d %H:%M:%S}" for each, _ in points],
            y=[candidate.median() for _, candidate in points],
            customdata=["<br>throttled" if throttled else "" for throttled in throttling],
            line={"color": colours[group], "width": 1.75},
            marker={
                "color": [_THROTTLED if throttled else colours[group] for throttled in throttling],
                "symbol": ["x" if throttled else "circle" for throttled in throttling],
                "size": [11 if throttled else 7 for throttled in throttling],
                "opacity": 1,
            },
            hovertemplate=(
                f"<b>{escape(name, False)}</b><br>%{{x}}<br>%{{y:.0f}} ms%{{customdata}}"
                "<extra></extra>"
            ),
        )
        in_legend.add(group)
        ends.append(points[-1])
    _name_ends(figure, ends, colours)
    if hot:
        figure.add_scatter(
            name="throttled",
            mode="markers",
            x=[None],
            y=[None],
            marker={"color": _THROTTLED, "symbol": "x", "size": 11},
        )
    _axes(figure, "", "ms per picture, median")
    figure.update_layout(height=480, margin={"l": 8, "r": 44, "t": 40, "b": 8})
    figure.update_xaxes(type="date", automargin=True)
    figure.update_yaxes(rangemode="tozero", automargin=True)
    measured = any(
        candidate.median() is not None for each in before for candidate in each.candidates
    )
    return Plot(
        "history",
        "Earlier runs on this board",
        "Median milliseconds per picture of each candidate over the runs kept of this board; a red"
        " cross marks a candidate whose board was throttled during it.",
        figure if measured else None,
        "" if measured else "No earlier run of this board is known; the next one will show here.",
    )


def _name_ends(
    figure: go.Figure, ends: Sequence[tuple[Run, Candidate]], colours: dict[str, str]
) -> None:
    """Short names at the ends of lines, moved apart where they would cover each other."""
    ends = sorted(ends, key=lambda end: end[1].median() or 0)
    most = max((value for trace in figure.data for value in trace.y), default=1.0)
    last = -np.inf
    for each, candidate in ends:
        position = (candidate.median() or 0) / most * _HISTORY
        last = max(position, last + _LETTERS)
        figure.add_annotation(
            x=f"{each.started:%Y-%m-%d %H:%M:%S}",
            y=candidate.median(),
            text=_short(candidate),
            showarrow=False,
            xanchor="left",
            xshift=8,
            yshift=last - position,
            font={"size": 11, "color": colours[_group(candidate)]},
        )


def _in_rows(figure: go.Figure, labels: list[str], unit: str) -> go.Figure:
    """A row for each candidate with its name above it, so that long names fit on a phone."""
    for row, label in enumerate(labels):
        figure.add_annotation(
            xref="paper",
            x=0,
            y=row,
            yshift=_BAR / 2 + 2,
            text=label,
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
            align="left",
            font={"size": 12},
        )
    _axes(figure, unit, "")
    figure.update_layout(
        height=_AROUND + _ROW * max(len(labels), 1),
        margin={"l": 4, "r": 16, "t": 40, "b": 8},
    )
    figure.update_xaxes(rangemode="tozero", automargin=True)
    figure.update_yaxes(
        range=[len(labels) - 0.4, -0.75],
        showticklabels=False,
        ticks="",
        showgrid=False,
        fixedrange=True,
    )
    return figure


def _axes(figure: go.Figure, x: str, y: str) -> None:
    figure.update_layout(
        template="none",
        font={"family": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", "size": 12},
        hovermode="closest",
        legend={
            **{"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom"},
            **{"font": {"size": 12}, "itemsizing": "constant", "traceorder": "normal"},
        },
    )
    figure.update_xaxes(title={"text": x, "font": {"size": 12}, "standoff": 8}, zeroline=False)
    figure.update_yaxes(title={"text": y, "font": {"size": 12}, "standoff": 8}, zeroline=False)


def _group(candidate: Candidate) -> str:
    """What has one colour: engine and pack."""
    return escape(f"{candidate.key.engine} {candidate.key.pack}", False)


def _colours(runs: Sequence[Run]) -> dict[str, str]:
    groups = dict.fromkeys(_group(candidate) for run in runs for candidate in run.candidates)
    return {group: _COLOURS[at % len(_COLOURS)] for at, group in enumerate(groups)}


def _short(candidate: Candidate) -> str:
    workers = f"·{candidate.key.workers}w" if candidate.key.workers > 1 else ""
    return f"{candidate.key.threads}t{workers}"


def _left_out(run: Run, shown: Sequence[Candidate], reason: str) -> str:
    missing = Counter(candidate.id for candidate in run.candidates) - Counter(
        candidate.id for candidate in shown
    )
    if not run.candidates:
        return "Nothing to show: the run has no candidates."
    if not shown:
        return f"Nothing to show: {reason} of any candidate."
    if not missing:
        return ""
    return f"Left out, because {reason}: {'; '.join(missing)}."
