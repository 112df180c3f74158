"""``snn devices``: what this machine can run on."""

from __future__ import annotations

import snn
from snn.engine.cli.output import JsonFlag, console, print_json, table, with_unit

__all__ = ["devices"]


def devices(as_json: JsonFlag = False) -> None:
    """List the devices that networks can run on."""
    found = snn.devices()
    if as_json:
        for device in found:
            print_json(device._asdict())
        return
    rows = table("device", ">cores", ">memory", "trains", "instruction sets", "description")
    for device in found:
        memory = with_unit(device.memory_bytes, "B") if device.memory_bytes else ""
        rows.add_row(
            f"[bold]{device.name}[/]",
            str(device.core_count or ""),
            memory,
            "yes" if device.can_train else "no",
            " ".join(device.instruction_sets),
            device.description,
        )
    console.print(rows)
