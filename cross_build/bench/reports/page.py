"""A run as one page of HTML that needs nothing else: no network, no other file."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from pathlib import Path
from typing import Sequence

from plotly.offline import get_plotlyjs

from cross_build.bench.reports import conditions, tables
from cross_build.bench.reports.plots import Plot, plots
from cross_build.bench.reports.result import Candidate, Run
from cross_build.bench.reports.tables import Table

_HERE = Path(__file__).parent


def page(run: Run, earlier: Sequence[Run] = ()) -> str:
    """The whole run with interactive plots, as the text of an HTML file in UTF-8.

    Args:
        run: partial ones too; a sentence stands where nothing can be drawn.
        earlier: runs of the same board, in any order, for its history.
    """
    scripts = [get_plotlyjs().replace("\r\n", "\n"), _file("page.js")]
    drawn = plots(run, earlier)
    *measured, published = tables.all_of(run)
    title = tables.title(run)
    body = [
        f"<header><h1>{escape(title)}</h1><p>{escape(tables.head(run))}.</p></header>",
        "<main>",
        _emulated(run),
        _warnings(run),
        _glance(run),
        "<noscript><p class='note'>The plots need JavaScript; the tables have the same figures."
        "</p></noscript>",
        *(_plot(plot) for plot in drawn),
        *(_table(table) for table in measured),
        _skipped(run),
        _table(published),
        "</main>",
    ]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(title)}</title>",
            # An icon of no bytes: browsers ask for /favicon.ico otherwise.
            '<link rel="icon" href="data:,">',
            f"<style>{_file('page.css')}</style>",
            "</head>",
            "<body>",
            *(part for part in body if part),
            *(f"<script>{script}</script>" for script in scripts),
            "</body>",
            "</html>",
            "",
        ]
    )


def _policy(scripts: Sequence[str]) -> str:
    """A policy under which nothing is loaded and no script runs but these."""
    hashes = (
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts
    )
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    # Plotly writes its own style sheet, and makes pictures of plots out of data and blobs.
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline';"
        " img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _emulated(run: Run) -> str:
    if not run.emulated:
        return ""
    return f"<p class='banner'><strong>Emulated.</strong> {escape(tables.NOT_TIME)}</p>"


def _warnings(run: Run) -> str:
    warnings = conditions.warnings(run)
    if not warnings:
        return ""
    items = "".join(f"<li>{escape(warning)}</li>" for warning in warnings)
    return f"<section class='warnings'><h2>Warnings</h2><ul>{items}</ul></section>"


def _glance(run: Run) -> str:
    """The best of each kind; of an emulated run only what is no time."""
    tiles = []
    timed = [candidate for candidate in run.candidates if candidate.median() is not None]
    if timed and not run.emulated:
        best = min(timed, key=lambda candidate: candidate.median() or 0)
        tiles.append(_tile("Fastest", f"{best.median():.0f} ms", best))
    right = [candidate for candidate in run.candidates if candidate.accuracy is not None]
    if right:
        best = min(right, key=lambda candidate: candidate.accuracy.cer if candidate.accuracy else 1)
        if best.accuracy:
            spaced = best.accuracy.spaced
            more = f", {spaced.cer:.2%} with spaces" if spaced else ""
            tiles.append(_tile("Fewest errors", f"{best.accuracy.cer:.2%} CER{more}", best))
    small = [candidate for candidate in run.candidates if candidate.peak_rss is not None]
    if small and not run.emulated:
        best = min(small, key=lambda candidate: candidate.peak_rss or 0)
        tiles.append(_tile("Least memory", f"{(best.peak_rss or 0) / 1e6:.0f} MB", best))
    return f"<section class='glance' aria-label='At a glance'>{''.join(tiles)}</section>"


def _tile(name: str, value: str, candidate: Candidate) -> str:
    return (
        f"<div><span>{name}</span><strong>{value}</strong><span>{escape(candidate.id)}</span></div>"
    )


def _plot(plot: Plot) -> str:
    parts = [
        f"<section><h2 id='{plot.name}-title'>{escape(plot.title)}</h2>",
        f"<p>{escape(plot.about)}</p>",
    ]
    if plot.figure is not None:
        # As data, not as a script, and unable to end its element, whatever this plotly does.
        data = plot.figure.to_json().replace("<", "\\u003c")
        height = plot.figure.layout.height
        parts.append(
            f"<div class='plot' id='{plot.name}' role='img' style='height:{height}px'"
            f" aria-label='{escape(f'{plot.title}. {plot.about}')}'></div>"
            f"<script type='application/json' data-plot='{plot.name}'>{data}</script>"
        )
    if plot.left_out:
        parts.append(f"<p class='note'>{escape(plot.left_out)}</p>")
    return "".join([*parts, "</section>"])


def _table(table: Table) -> str:
    head = "".join(f"<th scope='col'>{escape(heading)}</th>" for heading in table.head)
    rows = "".join(
        f"<tr><th scope='row'>{escape(row[0])}</th>"
        + "".join(_cell(cell) for cell in row[1:])
        + "</tr>"
        for row in table.rows
    )
    kind = "numbers" if table.numbers else "facts" if len(table.head) == 2 else "texts"
    title = escape(table.title)
    note = f"<p class='note'>{escape(table.note)}</p>" if table.note else ""
    # Wide tables scroll inside the page; with tabindex the keyboard can do it, too.
    return (
        f"<section><h2>{title}</h2>"
        f"<div class='wide' role='region' aria-label='{title}' tabindex='0'>"
        f"<table class='{kind}'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        f"{note}</section>"
    )


def _cell(text: str) -> str:
    if text == tables.UNKNOWN:
        return f"<td class='unknown'>{text}</td>"
    # Paths of sources are long and have no spaces.
    return f"<td>{escape(text).replace('/', '/<wbr>')}</td>"


def _skipped(run: Run) -> str:
    if not run.skipped:
        return ""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in run.skipped)
    return f"<section><h2>Not tried</h2><ul>{items}</ul></section>"


def _file(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
