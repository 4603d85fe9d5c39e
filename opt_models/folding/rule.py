"""Rules: passes that rewrite operators one by one, and can say why one stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from opt_models.folding.graph import Graph
from opt_models.formats.operator import Operator


@dataclass(frozen=True)
class Rule:
    """A pass: called with a graph, it rewrites what it can and tells how many operators that were.

    Attributes:
        is_candidate: whether an operator is of the kind that the rule is for.
        obstacle: why a candidate cannot be rewritten; empty if it can.
        rewrite: rewrites a candidate without an obstacle.
    """

    is_candidate: Callable[[Graph, Operator], bool]
    obstacle: Callable[[Graph, Operator], str]
    rewrite: Callable[[Graph, Operator], None]

    def __call__(self, graph: Graph) -> int:
        return sum(self._apply(graph, operator) for operator in list(graph.operators))

    def obstacles(self, graph: Graph) -> list[str]:
        """For each candidate that stays its type, what it gives, and why."""
        return [
            f"{operator.type} {', '.join(operator.outputs)}: {reason}"
            for operator in graph.operators
            if self.is_candidate(graph, operator) and (reason := self.obstacle(graph, operator))
        ]

    def _apply(self, graph: Graph, operator: Operator) -> bool:
        # Rewriting those before it may have taken it away, or changed it.
        if operator not in graph.operators or not self.is_candidate(graph, operator):
            return False
        if self.obstacle(graph, operator):
            return False
        self.rewrite(graph, operator)
        return True
