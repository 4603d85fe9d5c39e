"""Operators that change nothing, and such that nobody needs."""

from __future__ import annotations

from opt_models.folding import affine
from opt_models.folding.graph import Graph


def drop_identities(graph: Graph) -> int:
    """Take out what gives its input unchanged: dropout at inference, copies, times 1, plus 0.

    Returns:
        how many operators were dropped.
    """
    dropped = 0
    for operator in list(graph.operators):
        step = affine.read(graph, operator, axis=1)
        # What the caller feeds or fetches keeps its operator.
        if step is None or not step.is_identity or _is_output(graph, step.y):
            continue
        graph.rename(step.y, step.x)
        graph.remove(operator)
        dropped += 1
    return dropped


def _is_output(graph: Graph, name: str) -> bool:
    return any(user.type == "fetch" for user in graph.users(name))


def drop_shape_tensors(graph: Graph) -> int:
    """Let reshapes have their shape as numbers where these say it all.

    A ``reshape2`` may get each size from a variable of its own, made by ``shape``, ``slice`` and
    ``fill_constant``. Its attribute ``shape`` says the same with -1 for what was not known when it
    was exported; if that is one size only, it follows from the others.

    Returns:
        how many reshapes were changed.
    """
    changed = 0
    for operator in graph.operators:
        if operator.type not in ("reshape", "reshape2"):
            continue
        sizes: list[int] = operator.get("shape", [])
        given = operator.many("ShapeTensor") + operator.many("Shape")
        if given and sizes.count(-1) <= 1 and sizes:
            operator.set_input("ShapeTensor", "")
            operator.set_input("Shape", "")
            changed += 1
    graph.changed()
    return changed
