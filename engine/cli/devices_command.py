"""``snn devices``: what this machine can run on, and how fast."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape

import snn
from snn.engine.cli.options import JsonFlag
from snn.engine.cli.output import console, print_json, table, with_unit

__all__ = ["devices"]

# They compute one neuron at a time, or nothing: nobody chooses one by its speed.
NOT_MEASURED = ("reference", "null")


def _speed(name: str) -> dict[str, Any]:
    """Seconds of the two steps and the driver, or why there are none."""
    if name in NOT_MEASURED:
        return {"driver": "", "small_step_s": None, "large_step_s": None}
    try:
        speed = snn.device_speed(name)
    except snn.SnnError as error:
        return {"driver": "", "small_step_s": None, "large_step_s": None, "error": str(error)}
    return {"driver": speed.driver, "small_step_s": speed.small_step, "large_step_s": speed.large_step}


def devices(
    as_json: JsonFlag = False,
    measure: Annotated[
        bool,
        typer.Option(help="Measure how long a step takes: up to half a second per device. The result is cached."),
    ] = True,
) -> None:
    """List the devices that networks can run on.

    Speed is the time of one step of one sample, on one thread: for a network of 128-256-256-8 LIF neurons, and for one of
    1024-2048-1024.
    """
    found = [device._asdict() | (_speed(device.name) if measure else {}) for device in snn.devices()]
    if as_json:
        for device in found:
            print_json(device)
        return
    speeds = (">small step", ">large step") if measure else ()
    rows = table("device", ">cores", ">memory", "trains", *speeds)
    for device in found:
        told = []
        if measure:
            told = [with_unit(s, "s") if (s := device[key]) else "" for key in ("small_step_s", "large_step_s")]
        rows.add_row(
            f"[bold]{device['name']}[/]",
            str(device["core_count"] or ""),
            with_unit(device["memory_bytes"], "B") if device["memory_bytes"] else "",
            "yes" if device["can_train"] else "no",
            *told,
        )
    console.print(rows)
    console.print()
    words = table("device", "what it is")
    for device in found:
        described = escape("; ".join(filter(None, [device["description"], device.get("driver", "")])))
        failed = f"[yellow]{escape(device['error'])}[/]" if "error" in device else ""
        words.add_row(f"[bold]{device['name']}[/]", "\n".join(filter(None, [described, failed])))
    console.print(words, highlight=False)
