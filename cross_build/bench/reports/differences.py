"""What is not the same in two runs, told before anything of them is compared."""

from __future__ import annotations

from typing import Sequence

from cross_build.bench.reports import conditions
from cross_build.bench.reports.result import Candidate, Network, Run
from cross_build.bench.reports.tables import UNKNOWN


def matches(one: Run, two: Run) -> list[tuple[Candidate, Candidate]]:
    """Candidates of two runs that belong together: by id, else by what they are."""
    left = {candidate.id: candidate for candidate in two.candidates}
    found = {}
    for candidate in one.candidates:
        if candidate.id in left:
            found[candidate.id] = left.pop(candidate.id)
    for candidate in one.candidates:
        alike = [other for other in left.values() if other.key == candidate.key]
        if candidate.id not in found and alike:
            found[candidate.id] = left.pop(alike[0].id)
    return [(each, found[each.id]) for each in one.candidates if each.id in found]


def of_runs(one: Run, two: Run) -> list[str]:
    """Sentences on what differs between the runs themselves."""
    found = []
    if one.emulated != two.emulated:
        which = "A" if one.emulated else "B"
        found.append(
            f"only {which} was emulated: its times and instructions say nothing about a board's,"
            " so neither is compared"
        )
    facts = (
        ("board", one.device.model, two.device.model),
        ("target", one.target, two.target),
        ("host", one.host, two.host),
        ("machine", one.device.machine, two.device.machine),
        ("processor", one.device.cpu, two.device.cpu),
        ("cores", one.device.cores, two.device.cores),
        ("memory in bytes", one.device.memory, two.device.memory),
        ("system", one.device.system, two.device.system),
        ("lite-ocr", one.lite_ocr, two.lite_ocr),
        *(
            (f"setting {name}", one.settings.get(name), two.settings.get(name))
            for name in sorted({*one.settings, *two.settings} - {"seed"})
        ),
    )
    found += [_said(name, left, right) for name, left, right in facts if left != right]
    for mark, run in zip("AB", (one, two)):
        if not run.complete:
            found.append(f"{mark} is not complete: {run.stopped or 'it was interrupted'}")
        if not run.emulated and conditions.was_throttled(run):
            found.append(f"{mark}'s board was throttled: its times are not its best")
    return found


def of_candidates(one: Candidate, two: Candidate) -> list[str]:
    """Sentences on what differs between two candidates that belong together."""
    facts = [
        (name, getattr(one.key, name), getattr(two.key, name))
        for name in ("engine", "pack", "threads", "power", "workers", "bucket", "max_side")
    ]
    facts += [
        ("engine version", one.engine_version, two.engine_version),
        ("reader", one.reader, two.reader),
    ]
    facts += [
        (f"model {stage}", _model(one.models.get(stage)), _model(two.models.get(stage)))
        for stage in dict.fromkeys((*one.models, *two.models))
    ]
    return [f"{one.id}: {_said(*fact)}" for fact in facts if fact[1] != fact[2]]


def unmatched(run: Run, others: Sequence[str]) -> list[str]:
    """The ids of candidates that have no match."""
    return [candidate.id for candidate in run.candidates if candidate.id not in others]


def _said(name: str, left: object, right: object) -> str:
    shown = [UNKNOWN if value in (None, "") else str(value) for value in (left, right)]
    return f"{name}: A {shown[0]}, B {shown[1]}"


def _model(found: Network | None) -> str:
    if found is None:
        return "none"
    return f"{found.source or UNKNOWN} {found.precision} (sha256 {found.sha256[:12]})"
