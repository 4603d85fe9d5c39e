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
    where = " on ".join(one for one in (run.target, run.host) if one) or "a board of no target"
    took = "" if run.seconds is None else f", in {run.seconds:.0f} s"
    return (
        f"Run of {where}{took}, {run.started:%Y-%m-%d %H:%M} UTC, by lite-ocr"
        f" {run.lite_ocr or UNKNOWN}"
    )


def board(run: Run) -> Table:
    """The board's facts and the run's settings."""
    device = run.device
    labelled = sum(one.lines is not None for one in run.pictures)
    warmup, stable = run.settings.get("warmup"), run.settings.get("stable")
    rows = [
        ("board", device.model or UNKNOWN),
        ("processor", " ".join(one for one in (device.cpu, device.machine) if one) or UNKNOWN),
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
        (one.id, *(_spread(one.summary.get(stage)) for stage in TIMES), _known(one.stable, _yes))
        for one in run.candidates
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
            one.id,
            _known(one.lines_per_second, lambda value: f"{value:.1f}"),
            _known(one.startup_cold, _seconds),
            _known(one.startup_warm, _seconds),
            _known(one.load, _seconds),
            _known(one.peak_rss, lambda value: f"{value / 1e6:.0f} MB"),
            str(len(one.turns)),
            str(sum(len(turn.times) for turn in one.turns)),
        )
        for one in run.candidates
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
    for one in run.candidates:
        text, quads = one.accuracy, one.detection
        rows.append(
            (
                one.id,
                _known(text, lambda found: f"{found.errors} of {found.characters}"),
                _known(text, lambda found: f"{found.cer:.2%}"),
                _known(text and text.spaced, lambda found: f"{found.cer:.2%}"),
                _known(quads, lambda found: f"{found.hmean:.3f}"),
                _known(quads, lambda found: f"{found.precision:.3f}"),
                _known(quads, lambda found: f"{found.recall:.3f}"),
                _known(one.steady, _yes),
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
            one.id,
            f"{one.key.engine} {one.engine_version}".strip(),
            one.reader or UNKNOWN,
            one.key.pack or UNKNOWN,
            str(one.key.threads or UNKNOWN),
            str(one.key.workers or UNKNOWN),
            one.key.power or UNKNOWN,
            str(one.key.bucket or UNKNOWN),
            str(one.key.max_side or UNKNOWN),
            "; ".join(
                f"{stage} {model.source or UNKNOWN} {model.precision} {model.sha256[:8]}"
                if model
                else f"{stage} none"
                for stage, model in one.models.items()
            )
            or UNKNOWN,
        )
        for one in run.candidates
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
    for one in run.candidates:
        if not one.turns:
            continue
        said = conditions.throttled(one)
        rows.append(
            (
                one.id,
                _known(conditions.frequencies(one.turns, after=False), _range),
                _known(conditions.frequencies(one.turns, after=True), _range),
                ", ".join(conditions.governors(one.turns)) or UNKNOWN,
                _known(conditions.warmest(one.turns, after=False), _celsius),
                _known(conditions.warmest(one.turns, after=True), _celsius),
                ", ".join(said) or ("no" if conditions.asked(one.turns) else UNKNOWN),
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
        (one.id, *(_known(one.instructions.stages.get(stage), _millions) for stage in TIMES))
        for one in run.candidates
        if one.instructions
    ]
    counts = {one.instructions.images for one in run.candidates if one.instructions}
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
        (one.device, one.models, one.runtime, one.measured, f"{one.ms:g}", one.source, one.note)
        for one in baselines()
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
    found = [*counted, times(run), resources(run), accuracy(run), states(run), setup(run)]
    return [board(run), *(table for table in found if table.rows), published(run)]


def _emulated(run: Run) -> str:
    return " (emulated: no board's times)" if run.emulated else ""


def _known(value: object, show: Callable[..., str]) -> str:
    return UNKNOWN if value is None else show(value)


def _spread(found: Spread | None) -> str:
    if found is None or found.median is None:
        return UNKNOWN
    if found.p90 is None:
        return _milliseconds(found.median)
    return f"{_milliseconds(found.median)} ({_milliseconds(found.p90)})"


def _milliseconds(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


def _celsius(value: float) -> str:
    return f"{value:.0f}"


def _millions(value: float) -> str:
    return f"{value / 1e6:.0f}"


def _range(found: Sequence[float]) -> str:
    low, high = found
    return f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
