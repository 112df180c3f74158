"""A network as two tables, of its populations and of its projections: as text, and as HTML for a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from snn._rules import delay_words, rule_words
from snn.population import Population, differences

if TYPE_CHECKING:
    from snn.engine.records import NetworkInfo
    from snn.projection import Projection

__all__ = ["Summary"]

Row = tuple[str, ...]  # of a table; its first row is the heading


class Summary:
    """What `Network.summary` shows.

    Parameters
    ----------
    populations, projections
        Of the network.
    info
        Of the finished network.
    output
        What training takes as the network's output where no other is named; None where nothing is trained.
    """

    def __init__(
        self,
        populations: Sequence[Population],
        projections: Sequence[Projection],
        info: NetworkInfo,
        output: str | None,
    ) -> None:
        self._tables: list[list[Row]] = [_populations(populations)]
        if projections:
            self._tables.append(_projections(projections))
        self._notes = [
            f"{info.neuron_count:,} neurons, {info.synapse_count:,} synapses, {info.parameter_count:,} weights and "
            f"biases, dt {info.dt_ms:g} ms"
        ]
        if output is not None:
            self._notes.append(f"output of training, where no other is named: {output}")

    def text(self) -> str:
        """Return the tables with columns of equal width."""
        return "\n\n".join([*map(_text, self._tables), "\n".join(self._notes)])

    def html(self) -> str:
        """Return the tables as HTML, in the colours of the page around it."""
        return "".join(map(_html, self._tables)) + "<br>".join(map(escape, self._notes))


def _populations(populations: Sequence[Population]) -> list[Row]:
    rows: list[Row] = [("population", "model", "shape", "parameters that differ from the default")]
    for population in populations:
        shape = "x".join(str(size) for size in population.shape)
        rows.append((population.name, population.model, shape, differences(population)))
    return rows


def _projections(projections: Sequence[Projection]) -> list[Row]:
    rows: list[Row] = [("projection", "kind", "weights", "arithmetic", "from, to")]
    for projection in projections:
        places = f"{projection._ends()[0]} to {projection._target_and_receptor()}"
        places = ", ".join(filter(None, [places, *rule_words(projection), delay_words(projection)]))
        if projection.plasticity is not None:
            places += f", learns by {projection.plasticity.name}"
        elif not projection.trainable and projection.kind != "pool2d":
            places += ", not trained"
        if projection.detached:
            places += ", detached"
        rows.append((projection.name, projection.kind, f"{projection.weight_count:,}", projection.arithmetic, places))
    return rows


def _text(rows: Sequence[Row]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _html(rows: Sequence[Row]) -> str:
    heading, *body = rows
    lines = [_html_row("th", heading), *(_html_row("td", row) for row in body)]
    return "<table>" + "".join(lines) + "</table>"


def _html_row(tag: str, row: Row) -> str:
    cells = (f'<{tag} style="text-align: left; padding-right: 1em">{escape(cell)}</{tag}>' for cell in row)
    return "<tr>" + "".join(cells) + "</tr>"
