"""``snn inspect``: what is in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

import snn
from snn.engine.cli.options import JsonFlag
from snn.engine.cli.output import console, print_json, table, with_unit
from snn.engine.errors import counted
from snn.population import differences

__all__ = ["inspect"]


def inspect(
    file: Annotated[Path, typer.Argument(help="A .snn file.")],
    as_json: JsonFlag = False,
) -> None:
    """Show the populations, projections and sizes of a network file."""
    network = snn.load(file)
    described = describe(network, file)
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
        notes = [_notes(projection) for projection in described["projections"]]
        columns = ["projection", "kind", "from", "to", ">synapses", ">weights"]
        has_moments = console.width >= 100 or not any(notes)  # in a narrow terminal notes are worth more
        columns += [">mean", ">std"] if has_moments else []
        rows = table(*columns, *(["notes"] if any(notes) else []))
        for projection, words in zip(described["projections"], notes, strict=True):
            target = projection["target"] + ("" if projection["only_receptor"] else f".{projection['receptor']}")
            rows.add_row(
                f"[bold]{projection['name']}[/]",
                projection["kind"],
                projection["source"],
                target,
                f"{projection['synapses']:,}",
                f"{projection['weights']:,}",
                *(_short(projection[name]) for name in ("weight_mean", "weight_std") if has_moments),
                *([words] if any(notes) else []),
            )
        console.print(rows)
    console.print(
        f"\n{described['neurons']:,} neurons, {described['synapses']:,} synapses, {described['parameters']:,} weights "
        f"and biases, dt {described['dt_ms']:g} ms, {with_unit(described['file_bytes'], 'B')}; "
        f"about {with_unit(described['memory_bytes'], 'B')} of memory in a simulation",
        highlight=False,
    )


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}"


def _notes(projection: dict[str, Any]) -> str:
    """Return what is not the usual, in words."""
    words = []
    least, most = projection["delay_range"]
    if most:
        words.append(f"delay {counted(least, 'step')}" if least == most else f"delays {least} to {most} steps")
    if projection["by_rule"]:
        words.append("by rule")
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
    return ", ".join(words)


def _only_receptor(population: snn.Population) -> bool:
    neurons = population.neurons
    return isinstance(neurons, snn.Neuron) and len(neurons.definition.receptors) == 1


def describe(network: snn.Network, file: Path) -> dict[str, Any]:
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
        # Those of a rule are not made to be looked at.
        made = projection.kind != "pool2d" and not projection.by_rule
        weights = projection.weights if made else None
        some = weights is not None and weights.size > 0
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
                "weights": projection.weight_count,
                "weight_mean": float(weights.mean(dtype=np.float64)) if some and weights is not None else None,
                "weight_std": float(weights.std(dtype=np.float64)) if some and weights is not None else None,
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
        "memory_bytes": network.memory_estimate().total,
        "dt_ms": network.dt,
        "neurons": network.neuron_count,
        "synapses": network.synapse_count,
        "parameters": network.parameter_count,
        "populations": populations,
        "projections": projections,
    }
