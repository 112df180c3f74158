"""Activity of a population through the steps of a graph, in the forms that projections and outputs want."""

from __future__ import annotations

from snn.onnx._graph import Graph

__all__ = ["Activity"]


class Activity:
    """What is made of it is made when it is asked for.

    Attributes
    ----------
    by_step : list of str
        Of neurons: (batch, size) for each step that is there already.
    """

    def __init__(self, graph: Graph, steps: int, batch: int, size: int, given: str = "") -> None:
        self.by_step: list[str] = []
        self._graph, self._steps, self._batch, self._size = graph, steps, batch, size
        self._stacked = given  # of an input
        self._rows = self._all = self._history = ""
        self._depth = 0

    def remember(self, history: str, depth: int) -> None:
        """Take (depth, batch, size), the steps before the first, the oldest first."""
        self._history, self._depth = history, depth

    def stacked(self) -> str:
        """(steps, batch, size)."""
        if not self._stacked:
            self._stacked = self._graph.reshape(self.rows(), self._steps, self._batch, self._size)
        return self._stacked

    def rows(self, delay: int = 0) -> str:
        """(steps * batch, size), as they were `delay` steps before."""
        if delay:
            return self._graph.reshape(self._part(self._depth - delay, self._steps), -1, self._size)
        if not self._rows:
            if self._stacked:
                self._rows = self._graph.reshape(self._stacked, -1, self._size)
            else:
                self._rows = self._graph.joined(self.by_step)
        return self._rows

    def at(self, step: int) -> str:
        """(batch, size) of a step of neurons; below 0: before the graph's first."""
        return self.by_step[step] if step >= 0 else self._graph.picked(self._history, self._depth + step)

    def history_after(self) -> str:
        """(depth, batch, size): the history for the next call."""
        return self._part(self._steps, self._depth)

    def _part(self, first: int, count: int) -> str:
        """So many steps, counted from the oldest that is known."""
        if not self._all:
            self._all = self._graph.node("Concat", self._history, self.stacked(), axis=0)
        whole = self._graph.whole
        return self._graph.node("Slice", self._all, whole(first), whole(first + count), whole(0))
