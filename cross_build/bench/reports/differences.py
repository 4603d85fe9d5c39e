"""What is not the same in two runs, told before anything of them is compared."""

from __future__ import annotations

from typing import Sequence

from cross_build.bench.reports import conditions
from cross_build.bench.reports.result import Candidate, Network, Run
from cross_build.bench.reports.tables import UNKNOWN


def matches(a: Run, b: Run) -> list[tuple[Candidate, Candidate]]:
    """Candidates of two runs that belong together: by id, else by what they are."""
    left = {candidate.id: candidate for candidate in b.candidates}
    partners = {}
    for candidate in a.candidates:
        if candidate.id in left:
            partners[candidate.id] = left.pop(candidate.id)
    for candidate in a.candidates:
        alike = [other for other in left.values() if other.key == candidate.key]
        if candidate.id not in partners and alike:
            partners[candidate.id] = left.pop(alike[0].id)
    return [(each, partners[each.id]) for each in a.candidates if each.id in partners]


def of_runs(a: Run, b: Run) -> list[str]:
    """Sentences on what differs between the runs themselves."""
    sentences = []
    if a.emulated != b.emulated:
        which = "A" if a.emulated else "B"
        sentences.append(
            f"only {which} was emulated: its times and instructions say nothing about a board's,"
            " so neither is compared"
        )
    facts = (
        ("board", a.device.model, b.device.model),
        ("target", a.target, b.target),
        ("host", a.host, b.host),
        ("machine", a.device.machine, b.device.machine),
        ("processor", a.device.cpu, b.device.cpu),
        ("cores", a.device.cores, b.device.cores),
        ("memory in bytes", a.device.memory, b.device.memory),
        ("system", a.device.system, b.device.system),
        ("lite-ocr", a.lite_ocr, b.lite_ocr),
        *(
            (f"setting {name}", a.settings.get(name), b.settings.get(name))
            for name in sorted({*a.settings, *b.settings} - {"seed"})
        ),
    )
    sentences += [_sentence(name, left, right) for name, left, right in facts if left != right]
    for mark, run in zip("AB", (a, b)):
        if not run.complete:
            sentences.append(f"{mark} is not complete: {run.stopped or 'it was interrupted'}")
        if not run.emulated and conditions.was_throttled(run):
            sentences.append(f"{mark}'s board was throttled: its times are not its best")
    return sentences


def of_candidates(a: Candidate, b: Candidate) -> list[str]:
    """Sentences on what differs between two candidates that belong together."""
    facts = [
        (name, getattr(a.key, name), getattr(b.key, name))
        for name in ("engine", "pack", "threads", "power", "workers", "bucket", "max_side")
    ]
    facts += [
        ("engine version", a.engine_version, b.engine_version),
        ("reader", a.reader, b.reader),
    ]
    facts += [
        (f"model {stage}", _model(a.models.get(stage)), _model(b.models.get(stage)))
        for stage in dict.fromkeys((*a.models, *b.models))
    ]
    return [f"{a.id}: {_sentence(*fact)}" for fact in facts if fact[1] != fact[2]]


def unmatched(run: Run, others: Sequence[str]) -> list[str]:
    """The ids of candidates that have no match."""
    return [candidate.id for candidate in run.candidates if candidate.id not in others]


def _sentence(name: str, left: object, right: object) -> str:
    shown = [UNKNOWN if value in (None, "") else str(value) for value in (left, right)]
    return f"{name}: A {shown[0]}, B {shown[1]}"


def _model(network: Network | None) -> str:
    if network is None:
        return "none"
    return f"{network.source or UNKNOWN} {network.precision} (sha256 {network.sha256[:12]})"
