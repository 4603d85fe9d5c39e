"""Rows of tensors taken apart and put together: copies of whole lines, the cheapest work there is.

With one height for all inputs, rows are known when a program is written. Paddle-Lite's
``split``, ``concat`` and ``reshape2`` copy memory, while its ``slice``, ``strided_slice`` and the
pooling of odd windows compute an index, or compare a text, for each element.
"""

from __future__ import annotations

from opt_models.folding.graph import Graph
from opt_models.formats.operator import Operator

#: The axis of rows in ``[N, C, H, W]``.
ROWS = 2


class Writer:
    """Writes operators one after the other into a graph.

    Args:
        graph: to write into.
        after: operator to write after.
        like: a variable of the tensors' type, with channels in its shape.
    """

    def __init__(self, graph: Graph, after: Operator, like: str) -> None:
        self._graph = graph
        self._last = after
        self._like = like
        self._batch, self._channels = graph.shape(like)[:2]

    def add(self, operator: Operator) -> None:
        """Write an operator."""
        self._graph.insert(operator, self._last)
        self._last = operator

    def variable(self, height: int = -1) -> str:
        """A new variable of some height."""
        return self._graph.add_variable(self._like, (self._batch, self._channels, height, -1))

    def reshape(self, x: str, y: str, shape: list[int]) -> None:
        """Let ``y`` be the same numbers in another shape.

        In place, which opt does only where nothing else takes ``x``: rewriting changes no tensor.
        """
        self.add(Operator.new("reshape", {"X": x}, {"Out": y}, shape=shape, inplace=True))

    def rows(self, x: str, count: int) -> list[str]:
        """The rows of a tensor of so many rows."""
        names = [self.variable(1) for _ in range(count)]
        operator = Operator.new("split", {"X": x}, {}, axis=ROWS, num=count)
        operator.give("Out", names)
        operator.set_empty("sections")
        self.add(operator)
        return names

    def stack(self, parts: list[str], y: str) -> None:
        """Let ``y`` be tensors on top of each other."""
        operator = Operator.new("concat", {}, {"Out": y}, axis=ROWS)
        operator.take("X", parts)
        self.add(operator)

    def second_rows(self, x: str, height: int, y: str) -> None:
        """Let ``y`` be every second row of ``x``, from the first on.

        An even number of rows is seen as half as many of double width, of which the left half is
        kept.
        """
        if height % 2:
            self.stack(self.rows(x, height)[::2], y)
            return
        wide = self.variable(height // 2)
        operator = Operator.new("reshape", {"X": x}, {"Out": wide}, shape=[0, 0, height // 2, -1])
        self.add(operator)
        halves = Operator.new("split", {"X": wide}, {}, axis=ROWS + 1, num=2)
        halves.give("Out", [y, self.variable(height // 2)])
        halves.set_empty("sections")
        self.add(halves)

    def interlace(self, first: str, second: str, height: int, y: str) -> None:
        """Let the rows of ``y`` be one of the first tensor, one of the second, and so on.

        Side by side they are rows of double width; seen as twice as many they are interlaced.

        Args:
            height: of the result.
        """
        wide = self.variable(height // 2)
        operator = Operator.new("concat", {}, {"Out": wide}, axis=ROWS + 1)
        operator.take("X", [first, second])
        self.add(operator)
        self.add(Operator.new("reshape", {"X": wide}, {"Out": y}, shape=[0, 0, height, -1]))
