"""``snn inspect``: what is in a file."""

from __future__ import annotations

import math
import textwrap
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

import snn
from snn._rules import delay_words, rule_words
from snn.distributions import moments
from snn.engine.cli.options import JsonFlag
from snn.engine.cli.output import console, print_json, table, with_unit
from snn.engine.errors import counted
from snn.population import differences

__all__ = ["inspect"]


def inspect(
    file: Annotated[Path, typer.Argument(help="A .snn file.")],
    device: Annotated[str, typer.Option(help="Device whose memory is estimated; snn devices lists them.")] = "cpu",
    threads: Annotated[int, typer.Option(min=0, max=1024, help="Threads of the estimate; 0: one per core.")] = 1,
    as_json: JsonFlag = False,
) -> None:
    """Show the populations, projections and sizes of a network file."""
    network = snn.load(file)
    described = describe(network, file, device, threads)
    if as_json:
        print_json(described)
        return
    rows = table("population", "model", "shape", ">neurons", "what differs from the defaults")
    for name, population in network.populations.items():
        words = differences(population)
        if population.surrogate is not None and repr(population.surrogate) != repr(snn.Surrogate("arctan")):
            words = ", ".join(filter(None, [words, repr(population.surrogate)]))
        shape = "x".join(map(str, population.shape))
        rows.add_row(f"[bold]{name}[/]", population.model, shape, f"{population.size:,}", words)
    console.print(rows)
    if network.projections:
        console.print()
        _show_projections(network, described["projections"])
    console.print(
        f"\n{described['neurons']:,} neurons, {described['synapses']:,} synapses, {described['parameters']:,} weights "
        f"and biases, dt {described['dt_ms']:g} ms, {with_unit(described['file_bytes'], 'B')}; "
        f"about {with_unit(described['memory_bytes'], 'B')} of memory in a simulation on {described['device']}, "
        f"{counted(described['threads'], 'thread') if described['threads'] else 'a thread for each core'}",
        highlight=False,
    )


def _show_projections(network: snn.Network, described: list[dict[str, Any]]) -> None:
    """Print a table of the projections, with notes in a column, or below where the terminal is too narrow for it."""
    notes = {one["name"]: _notes(network.projections[one["name"]], one) for one in described}
    columns = ["projection", "kind", "from", "to", ">synapses", ">weights", ">mean", ">std"]
    cells = [
        [
            one["name"],
            one["kind"],
            one["source"],
            one["target"] + ("" if one["only_receptor"] else f".{one['receptor']}"),
            f"{one['synapses']:,}",
            f"{one['weights']:,}",
            _short(one["weight_mean"]),
            _short(one["weight_std"]),
        ]
        for one in described
    ]
    # Two spaces follow each column but the last.
    widths = [max(len(cell) for cell in column) + 2 for column in zip(columns, *cells, strict=True)]
    longest = max(len(", ".join(words)) for words in notes.values())
    is_wide = sum(widths) + longest <= console.width
    shown = len(columns) if is_wide or sum(widths) - 2 <= console.width else len(columns) - 2
    rows = table(*columns[:shown], *(["notes"] if is_wide and longest else []))
    for row in cells:
        words = [", ".join(notes[row[0]])] if is_wide and longest else []
        rows.add_row(f"[bold]{row[0]}[/]", *row[1:shown], *words)
    console.print(rows)
    if longest and not is_wide:
        console.print()
        rows = table("projection", "notes")
        for name, parts in notes.items():
            if parts:
                rows.add_row(f"[bold]{name}[/]", _lines(parts, max(console.width - widths[0], 20)))
        console.print(rows)


def _lines(parts: list[str], width: int) -> str:
    """Return the parts in lines that end between two of them, or before a bracket."""
    whole = ", ".join(part.replace(" ", "\N{NO-BREAK SPACE}").replace("\N{NO-BREAK SPACE}(", " (") for part in parts)
    return "\n".join(textwrap.wrap(whole, width, break_on_hyphens=False)).replace("\N{NO-BREAK SPACE}", " ")


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}" if abs(value) < 1e6 else f"{value:.2e}"


def _notes(made: snn.Projection, projection: dict[str, Any]) -> list[str]:
    """Return the parts of populations, the connection rule, and what is not the usual, in words."""
    ends = made._ends()
    parts = "" if ends == (made.source.name, made.target.name) else " to ".join(ends)
    words = [*filter(None, [parts, *rule_words(made), delay_words(made)])]
    if projection["arithmetic"] != "float":
        words.append(f"{projection['arithmetic']} arithmetic")
    if projection["detached"]:
        words.append("detached")
    if projection["biases"]:
        words.append(f"{projection['biases']:,} biases")
    if projection["plasticity"] is not None:
        words.append(f"learns by {projection['plasticity']}")
    elif not projection["trainable"] and projection["kind"] != "pool2d":
        words.append("not trained")
    return words


def _moments(projection: snn.Projection) -> tuple[float | None, float | None]:
    """Return mean and standard deviation of the weights; of a rule those of what it draws from, which makes no synapse."""
    if projection.kind == "pool2d" or projection.weight_count == 0:
        return None, None
    if projection.by_rule and projection._rule is not None:
        mean, std = moments(projection._rule["weight"])
        return (mean, std) if math.isfinite(mean) else (None, None)
    weights = projection.weights
    return float(weights.mean(dtype=np.float64)), float(weights.std(dtype=np.float64))


def _only_receptor(population: snn.Population) -> bool:
    neurons = population.neurons
    return isinstance(neurons, snn.Neuron) and len(neurons.definition.receptors) == 1


def describe(network: snn.Network, file: Path, device: str, threads: int) -> dict[str, Any]:
    """Return what the file says, as plain data."""
    populations = []
    for population in network.populations.values():
        surrogate = population.surrogate
        populations.append(
            {
                "name": population.name,
                "model": population.model,
                "shape": list(population.shape),
                "neurons": population.size,
                "spiking": population.spiking,
                "parameters": {
                    name: value.ravel().tolist() if isinstance(value, np.ndarray) else value
                    for name, value in population.parameters.items()
                },
                "learnable": list(population.learnable),
                "options": dict(population.options),
                "surrogate": None
                if surrogate is None
                else {"name": surrogate.name, "parameters": dict(surrogate.parameters)},
            }
        )
    projections = []
    for projection in network.projections.values():
        mean, std = _moments(projection)
        projections.append(
            {
                "name": projection.name,
                "kind": projection.kind,
                "source": projection.source.name,
                "target": projection.target.name,
                "receptor": projection.receptor,
                "only_receptor": _only_receptor(projection.target),
                "synapses": projection.synapse_count,
                "by_rule": projection.by_rule,
                "rule": None if projection.rule is None else dict(projection.rule),
                "weights": projection.weight_count,
                "weight_mean": mean,
                "weight_std": std,
                "biases": 0 if projection.bias is None else projection.bias.size,
                "trainable": projection.trainable,
                "plasticity": None if projection.plasticity is None else projection.plasticity.name,
                "arithmetic": projection.arithmetic,
                "fixed_point_scale": projection.fixed_point_scale,
                "delay_steps": projection.delay_steps,
                "delay_range": list(projection.delay_range),
                "detached": projection.detached,
            }
        )
    return {
        "file": str(file),
        "file_bytes": file.stat().st_size,
        "memory_bytes": network.memory_estimate(device=device, threads=threads).total,
        "device": device,
        "threads": threads,
        "dt_ms": network.dt,
        "neurons": network.neuron_count,
        "synapses": network.synapse_count,
        "parameters": network.parameter_count,
        "populations": populations,
        "projections": projections,
    }
