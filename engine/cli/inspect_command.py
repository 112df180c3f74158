"""``snn inspect``: what is in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

import snn
from snn.engine.cli.output import JsonFlag, console, print_json, table, with_unit

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
    rows = table("population", "model", "shape", ">neurons", "parameters")
    for population in described["populations"]:
        words = [f"{name} {_short(value)}" for name, value in population["parameters"].items()]
        words += [f"{name} {word}" for name, word in population["options"].items()]
        if population["surrogate"]:
            words.append(f"surrogate {population['surrogate']['name']}")
        rows.add_row(
            f"[bold]{population['name']}[/]",
            population["model"],
            " x ".join(map(str, population["shape"])),
            f"{population['neurons']:,}",
            ", ".join(words),
        )
    console.print(rows)
    if described["projections"]:
        console.print()
        rows = table(
            "projection", "kind", "from", "to", ">synapses", ">weights", ">mean", ">std", "arithmetic", ">delay"
        )
        for projection in described["projections"]:
            mean, std = projection["weight_mean"], projection["weight_std"]
            rows.add_row(
                f"[bold]{projection['name']}[/]",
                projection["kind"],
                projection["source"],
                f"{projection['target']}.{projection['receptor']}",
                f"{projection['synapses']:,}",
                f"{projection['weights']:,}",
                "" if mean is None else f"{mean:.4g}",
                "" if std is None else f"{std:.4g}",
                projection["arithmetic"],
                str(projection["delay_steps"]),
            )
        console.print(rows)
    console.print(
        f"\n{described['neurons']:,} neurons, {described['synapses']:,} synapses, {described['parameters']:,} weights "
        f"and biases, dt {described['dt_ms']:g} ms, {with_unit(described['file_bytes'], 'B')}",
        highlight=False,
    )


def _short(value: Any) -> str:
    return f"<{np.size(value)} values>" if np.ndim(value) else f"{value:g}"


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
                "options": dict(population.options),
                "surrogate": None
                if surrogate is None
                else {"name": surrogate.name, "parameters": dict(surrogate.parameters)},
            }
        )
    projections = []
    for projection in network.projections.values():
        weights = None if projection.kind == "pool2d" else projection.weights
        some = weights is not None and weights.size > 0
        projections.append(
            {
                "name": projection.name,
                "kind": projection.kind,
                "source": projection.source.name,
                "target": projection.target.name,
                "receptor": projection.receptor,
                "synapses": projection.synapse_count,
                "weights": 0 if weights is None else weights.size,
                "weight_mean": float(weights.mean(dtype=np.float64)) if some and weights is not None else None,
                "weight_std": float(weights.std(dtype=np.float64)) if some and weights is not None else None,
                "biases": 0 if projection.bias is None else projection.bias.size,
                "trainable": projection.trainable,
                "arithmetic": projection.arithmetic,
                "fixed_point_scale": projection.fixed_point_scale,
                "delay_steps": projection.delay_steps,
            }
        )
    return {
        "file": str(file),
        "file_bytes": file.stat().st_size,
        "dt_ms": network.dt,
        "neurons": network.neuron_count,
        "synapses": network.synapse_count,
        "parameters": network.parameter_count,
        "populations": populations,
        "projections": projections,
    }
