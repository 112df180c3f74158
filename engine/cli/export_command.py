"""``snn export``: a network as an ONNX graph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from snn.engine.cli.options import BatchSize, JsonFlag, wanted_variables
from snn.engine.cli.output import console, fail, print_json, ready_to_write, table, with_unit

__all__ = ["export"]


def export(
    file: Annotated[Path, typer.Argument(help="A .snn file.")],
    output: Annotated[Path, typer.Argument(help="The .onnx file to write. Missing folders are made.")],
    steps: Annotated[
        int, typer.Option(min=1, max=2**32 - 1, help="Number of steps that one call of the graph computes.")
    ] = 1,
    batch_size: BatchSize = 1,
    weights: Annotated[str, typer.Option(help="float32, or int8 with one scale per channel.")] = "float32",
    record: Annotated[
        list[str] | None,
        typer.Option(
            metavar="POPULATION.VARIABLE",
            help="Output for every step: spikes or a state. Can be repeated. Default: all spikes, and the membranes of "
            "populations that do not spike.",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a network as an ONNX graph, for AMD's NPUs and other runtimes."""
    try:
        import snn.onnx
    except ImportError as error:
        raise fail(f"a graph cannot be written: {error}") from None
    import onnx

    if file.exists() and output.exists() and file.samefile(output):
        raise fail(f"{output} is the network itself; a graph would overwrite it, so give it another name")
    ready_to_write(output, "the output")
    wanted = wanted_variables(record or [])
    snn.onnx.export(snn.load(file), output, steps=steps, batch_size=batch_size, record=wanted or None, weights=weights)
    graph = onnx.load(output).graph
    sides = [("input", graph.input), ("output", graph.output)]
    values = [
        {
            "side": side,
            "name": value.name,
            "type": onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type).lower(),
            "shape": [axis.dim_value for axis in value.type.tensor_type.shape.dim],
        }
        for side, all_of_it in sides
        for value in all_of_it
    ]
    size, count = output.stat().st_size, len(graph.node)
    if as_json:
        print_json({"file": str(output), "bytes": size, "operations": count, "values": values})
        return
    rows = table("name", "side", "type", "shape")
    for value in values:
        rows.add_row(f"[bold]{value['name']}[/]", value["side"], value["type"], "x".join(map(str, value["shape"])))
    console.print(rows)
    console.print(f"\n{output}: {count:,} operations, {with_unit(size, 'B')}", highlight=False, markup=False)
