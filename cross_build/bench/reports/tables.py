"""The tables of a run, as texts: the same for Markdown and for a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Sequence

from cross_build.bench.reports import conditions
from cross_build.bench.reports.baselines import baselines
from cross_build.bench.reports.figures import Spread
from cross_build.bench.reports.result import Run
from cross_build.bench.reports.turn import TIMES

#: What stands where nobody could tell.
UNKNOWN = "not known"
#: Stands with every emulated time.
NOT_TIME = (
    "Instructions are not time: an emulated processor counts them exactly, but no board takes"
    " equally long for each. Compare instructions with instructions only."
)


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        title: a heading.
        head: of its columns; the first column names the rows.
        rows: of as many cells each.
        note: a sentence below; may be empty.
        numbers: whether all columns but the first hold numbers.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    numbers: bool = True


def title(run: Run) -> str:
    """What the run is about, in a few words."""
    board = run.device.model or run.target or run.device.machine or "unknown board"
    return f"{'Emulated benchmark' if run.emulated else 'Benchmark'}: {board}"


def head(run: Run) -> str:
    """When and where it was run, in a sentence."""
    where = " on ".join(part for part in (run.target, run.host) if part) or "a board of no target"
    took = "" if run.seconds is None else f", in {run.seconds:.0f} s"
    return (
        f"Run of {where}{took}, {run.started:%Y-%m-%d %H:%M} UTC, by lite-ocr"
        f" {run.lite_ocr or UNKNOWN}"
    )


def board(run: Run) -> Table:
    """The board's facts and the run's settings."""
    device = run.device
    labelled = sum(picture.lines is not None for picture in run.pictures)
    warmup, stable = run.settings.get("warmup"), run.settings.get("stable")
    rows = [
        ("board", device.model or UNKNOWN),
        ("processor", " ".join(part for part in (device.cpu, device.machine) if part) or UNKNOWN),
        ("cores", UNKNOWN if device.cores is None else str(device.cores)),
        ("memory", UNKNOWN if device.memory is None else f"{device.memory / 1e9:.2f} GB"),
        ("system", device.system or UNKNOWN),
        ("pictures", f"{len(run.pictures)}, of which {labelled} labelled"),
        ("warm-up passes", UNKNOWN if warmup is None else str(warmup)),
        ("wanted", f"median known to {stable:.1%}" if isinstance(stable, float) else UNKNOWN),
    ]
    if run.emulated:
        rows.insert(0, ("emulated", "yes: no such board took part"))
    return Table("Board", ("fact", "value"), tuple(rows), numbers=False)


def times(run: Run) -> Table:
    """Milliseconds per picture and stage."""
    rows = [
        (
            candidate.id,
            *(_spread(candidate.summary.get(stage)) for stage in TIMES),
            _known(candidate.stable, _yes),
        )
        for candidate in run.candidates
    ]
    return Table(
        f"Milliseconds per picture, median (p90){_emulated(run)}",
        ("candidate", *TIMES, "stable"),
        tuple(rows),
        NOT_TIME
        if run.emulated
        else "Over all passes; a pass counts with its mean over the pictures. Stable: the median"
        " of the total is known as well as was wanted.",
    )


def resources(run: Run) -> Table:
    """Throughput, start-up and memory."""
    rows = [
        (
            candidate.id,
            _known(candidate.lines_per_second, lambda value: f"{value:.1f}"),
            _known(candidate.startup_cold, _seconds),
            _known(candidate.startup_warm, _seconds),
            _known(candidate.load, _seconds),
            _known(candidate.peak_rss, lambda value: f"{value / 1e6:.0f} MB"),
            str(len(candidate.turns)),
            str(sum(len(turn.readings) for turn in candidate.turns)),
        )
        for candidate in run.candidates
    ]
    return Table(
        f"Throughput, start-up and memory{_emulated(run)}",
        (
            *("candidate", "lines/s", "start-up cold", "start-up warm", "of it models"),
            *("peak RSS", "turns", "passes"),
        ),
        tuple(rows),
        "Start-up: from the process's start until it can read; cold: files not in memory yet.",
    )


def accuracy(run: Run) -> Table:
    """What was read right."""
    rows = []
    for candidate in run.candidates:
        text, quads = candidate.accuracy, candidate.detection
        rows.append(
            (
                candidate.id,
                _known(text, lambda score: f"{score.errors} of {score.characters}"),
                _known(text, lambda score: f"{score.cer:.2%}"),
                _known(text and text.spaced, lambda score: f"{score.cer:.2%}"),
                _known(quads, lambda quads: f"{quads.hmean:.3f}"),
                _known(quads, lambda quads: f"{quads.precision:.3f}"),
                _known(quads, lambda quads: f"{quads.recall:.3f}"),
                _known(candidate.steady, _yes),
            )
        )
    return Table(
        "Accuracy",
        ("candidate", "errors", "CER", "with spaces", "Hmean", "precision", "recall", "steady"),
        tuple(rows),
        "CER: character error rate on labelled pictures, white space left out; beside it with"
        " spaces. Hmean, precision and recall: of the"
        " detector's quads. Steady: every pass read the same.",
    )


def setup(run: Run) -> Table:
    """What each candidate is made of."""
    rows = [
        (
            candidate.id,
            f"{candidate.key.engine} {candidate.engine_version}".strip(),
            candidate.reader or UNKNOWN,
            candidate.key.pack or UNKNOWN,
            str(candidate.key.threads or UNKNOWN),
            str(candidate.key.workers or UNKNOWN),
            candidate.key.power or UNKNOWN,
            str(candidate.key.bucket or UNKNOWN),
            str(candidate.key.max_side or UNKNOWN),
            "; ".join(
                f"{stage} {model.source or UNKNOWN} {model.precision} {model.sha256[:8]}"
                if model
                else f"{stage} none"
                for stage, model in candidate.models.items()
            )
            or UNKNOWN,
        )
        for candidate in run.candidates
    ]
    return Table(
        "Candidates",
        (
            *("candidate", "engine", "reader", "pack", "threads", "workers", "power mode"),
            *("width bucket", "largest side"),
            "models, with the start of their sha256",
        ),
        tuple(rows),
        numbers=False,
    )


def states(run: Run) -> Table:
    """Frequency, temperature and throttling before turns and after them."""
    rows = []
    for candidate in run.candidates:
        if not candidate.turns:
            continue
        throttling = conditions.throttled(candidate)
        rows.append(
            (
                candidate.id,
                _known(conditions.frequencies(candidate.turns, after=False), _range),
                _known(conditions.frequencies(candidate.turns, after=True), _range),
                ", ".join(conditions.governors(candidate.turns)) or UNKNOWN,
                _known(conditions.warmest(candidate.turns, after=False), _celsius),
                _known(conditions.warmest(candidate.turns, after=True), _celsius),
                ", ".join(throttling) or ("no" if conditions.asked(candidate.turns) else UNKNOWN),
            )
        )
    return Table(
        "Frequency, temperature and throttling",
        (
            *("candidate", "MHz before", "MHz after", "governor", "°C before", "°C after"),
            "throttled",
        ),
        tuple(rows),
        "Over all turns of a candidate: MHz of the fastest core, the warmest sensor.",
        numbers=False,
    )


def instructions(run: Run) -> Table:
    """Instructions per picture, of an emulated run."""
    rows = [
        (
            candidate.id,
            *(_known(candidate.instructions.stages.get(stage), _millions) for stage in TIMES),
        )
        for candidate in run.candidates
        if candidate.instructions
    ]
    counts = {
        candidate.instructions.images for candidate in run.candidates if candidate.instructions
    }
    over = " and ".join(str(count) for count in sorted(counts))
    return Table(
        "Instructions per picture, in millions (emulated)",
        ("candidate", *TIMES),
        tuple(rows),
        f"Counted over {over} of the pictures. {NOT_TIME}" if counts else NOT_TIME,
    )


def published(run: Run) -> Table:
    """Figures others published."""
    rows = [
        (
            figure.device,
            figure.models,
            figure.runtime,
            figure.measured,
            f"{figure.ms:g}",
            figure.source,
            figure.note,
        )
        for figure in baselines()
    ]
    apart = " (real devices, not emulated)" if run.emulated else ""
    return Table(
        f"Published figures of others{apart}",
        ("device", "models", "runtime", "measured", "ms", "source", "note"),
        tuple(rows),
        "Not measured here: other boards, pictures and counts of lines. For orientation only.",
        numbers=False,
    )


def all_of(run: Run) -> list[Table]:
    """Every table with rows, in order; the published figures last."""
    counted = [instructions(run)] if run.emulated else []
    tables = [*counted, times(run), resources(run), accuracy(run), states(run), setup(run)]
    return [board(run), *(table for table in tables if table.rows), published(run)]


def _emulated(run: Run) -> str:
    return " (emulated: no board's times)" if run.emulated else ""


def _known(value: object, show: Callable[..., str]) -> str:
    return UNKNOWN if value is None else show(value)


def _spread(spread: Spread | None) -> str:
    if spread is None or spread.median is None:
        return UNKNOWN
    if spread.p90 is None:
        return _milliseconds(spread.median)
    return f"{_milliseconds(spread.median)} ({_milliseconds(spread.p90)})"


def _milliseconds(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


def _celsius(value: float) -> str:
    return f"{value:.0f}"


def _millions(value: float) -> str:
    return f"{value / 1e6:.0f}"


def _range(ends: Sequence[float]) -> str:
    low, high = ends
    return f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
