"""The commands ``bench`` and ``bench.compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from invoke.context import Context

from cross_build.cli import samples
from cross_build.cli.command import command
from cross_build.cli.connected import connected
from cross_build.cli.options import BOARD, CONTENT, numbers
from lite_runner.errors import UsageError
from lite_runner.terminal import columns

if TYPE_CHECKING:
    from cross_build.bench.staging import Sweep
    from lite_runner.bench.messages import Picture
    from lite_runner.bench.run import Plan


@command(
    name="run",
    default=True,
    iterable=["pack", "peer"],
    help={
        **BOARD,
        "pack": "a named pack or the folder of one, once for each to be measured; the release in"
        " use if not given",
        "runtime": CONTENT["runtime"],
        "peer": "measure this reader in the same run: rapidocr or rapidocrlite; once for each",
        "threads": "of each model, as in 1,2,4",
        "workers": "lines recognised side by side, as in 1,2,4",
        "power": "Paddle-Lite's power modes, as in high,unbound",
        "images": "a folder, with labels.json if it shall be scored; a file or 'pattern'",
        "limit": "seconds after which no turn begins any more",
        "tune": "find this board's best settings, which deploys then use",
        "within": "with --tune: how many points more of the characters may be wrong",
        "json": "write the record there",
        "markdown": "write it as tables there",
        "html": "write it as a page with plots there",
    },
)
def bench(
    c: Context,
    target: str = "local",
    host: str = "",
    folder: str = "",
    emulate: bool = False,
    pack: list[str] | None = None,
    runtime: str = "",
    peer: list[str] | None = None,
    threads: str = "",
    workers: str = "",
    power: str = "",
    images: str = "",
    limit: int = 600,
    tune: bool = False,
    within: float = 0.1,
    json: str = "",
    markdown: str = "",
    html: str = "",
) -> int:
    """Measure how fast and how well a board reads."""
    from cross_build.bench import benchmark, staging
    from cross_build.bench.reports import history
    from cross_build.bench.reports.report_files import ReportFiles
    from lite_runner.bench import run, table

    sweep = staging.Sweep(
        packs=pack or [],
        powers=_powers(power),
        threads=numbers("--threads", threads),
        workers=numbers("--workers", workers),
        peers=peer or [],
        runtime=runtime,
    )
    pictures = samples.pictures(images)
    if tune:
        _check_tuning(sweep, emulate, json or markdown or html)
        return _tune(target, host, folder, sweep, pictures, run.Plan(limit=float(limit)), within)
    files = ReportFiles(*(Path(file) if file else None for file in (json, markdown, html)))
    files.check()
    # An emulated processor's times say nothing: once is enough for what it reads.
    plan = run.Plan(0, 1, 1, 1) if emulate else run.Plan(limit=float(limit))
    with connected(target, host, folder, emulate) as board:
        record = benchmark.bench(board, sweep, pictures, plan, emulate)
    print(table.text(record, columns()), flush=True)
    files.write(record)
    print(f"kept as {history.keep(record)}")
    if not record["complete"]:
        return 130
    return 1 if any(candidate["failed"] for candidate in record["candidates"]) else 0


def _powers(text: str) -> list[str]:
    """Paddle-Lite's power modes with commas between them."""
    from lite_runner.releases.settings import POWER_MODES

    powers = [word for word in text.split(",") if word]
    unknown = [word for word in powers if word not in POWER_MODES]
    if unknown:
        raise UsageError(f"--power {unknown[0]}: is not one of {', '.join(POWER_MODES)}")
    return powers


def _check_tuning(sweep: Sweep, emulate: bool, report: str) -> None:
    """Refuse options of other runs: tuning chooses what it measures, and times a real board."""
    if (
        emulate
        or len(sweep.packs) > 1
        or any((sweep.peers, sweep.threads, sweep.workers, sweep.powers, report))
    ):
        raise UsageError(
            "--tune: takes a real board, one --pack, --images, --limit and --within; leave the"
            " others out"
        )


def _tune(
    target: str,
    host: str,
    folder: str,
    sweep: Sweep,
    pictures: list[Picture],
    plan: Plan,
    within: float,
) -> int:
    """Find a board's best settings, print and keep what was measured for them."""
    from cross_build.bench import tuning
    from cross_build.bench.reports import history
    from lite_runner.bench import table

    with connected(target, host, folder) as board:
        done = tuning.tune(board, "".join(sweep.packs), sweep.runtime, pictures, plan, within)
        for record in done.records:
            print(f"{table.text(record, columns())}\n\nkept as {history.keep(record)}\n")
        print(tuning.summary(board, done))
    return 0


@command(name="compare", help={"before": "a record, as --json writes it", "after": "another"})
def compare_runs(c: Context, before: str, after: str) -> None:
    """Compare two records: ratios with their 95 % intervals, and what else differs."""
    from cross_build.bench.reports import compare, result

    print(compare.compare(result.load(Path(before)), result.load(Path(after))))
