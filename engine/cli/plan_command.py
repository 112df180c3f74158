"""``snn plan``: which device would run which part of a network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

import snn
from snn.engine.cli.options import BatchSize, JsonFlag, Threads
from snn.engine.cli.output import console, fail, print_json, table, with_unit

__all__ = ["plan"]


def plan(
    file: Annotated[Path, typer.Argument(help="A .snn file.")],
    devices: Annotated[
        list[str] | None,
        typer.Option(
            "--devices",
            metavar="DEVICE",
            help="A device; snn devices lists them. Repeat for each, or separate with commas; names may repeat. "
            "Without it: cpu alone.",
        ),
    ] = None,
    place: Annotated[
        list[str] | None,
        typer.Option(
            metavar="POPULATION=NUMBER",
            help="Put a population, or a slice of it, on a device, counted from 0. Repeat it for each; slices must cover the "
            "whole population: --place 'exc[:512]=0' --place 'exc[512:]=1'.",
        ),
    ] = None,
    samples: Annotated[
        bool, typer.Option("--samples", help="Divide the samples of the batch; each device runs the whole network.")
    ] = False,
    batch_size: BatchSize = 1,
    threads: Threads = 1,
    as_json: JsonFlag = False,
) -> None:
    """Show how several devices would share the populations of a network, or the samples of a batch."""
    network = snn.load(file)
    named = device_names(devices)
    if samples:
        show_shares(file, network, named, place, batch_size, threads, as_json)
        return
    fixed: dict[str, int] = {}
    for text in place or []:
        name, _, number = text.partition("=")
        if not number.isdecimal():
            raise fail(f"--place is '{text}'; it must be POPULATION=NUMBER")
        if name in fixed:
            raise fail(f"--place gives '{name}' twice: {fixed[name]} and {number}")
        if name.partition("[")[0] not in network.populations:
            raise fail(f"--place: there is no population '{name}'; there are: {', '.join(network.populations)}")
        if int(number) >= len(named):
            known = ", ".join(f"{at} ({device})" for at, device in enumerate(named))
            there = f"there is only device {known}" if len(named) == 1 else f"there are the devices {known}"
            raise fail(f"--place {text}: {there}")
        fixed[name] = int(number)
    found = network.placement(named, fixed, batch_size=batch_size, threads=threads)
    if as_json:
        print_json(
            {
                "file": str(file),
                "devices": list(found.devices),
                "populations": found.populations,
                "window_steps": found.window_steps,
                "step_seconds": list(found.step_seconds),
                "reasons": list(found.reasons),
                "device": found.device,
            }
        )
        return
    rows = table("population", ">neurons", "device")
    for name, at in found.populations.items():
        whole, _, bounds = name.partition("[")
        first, _, end = bounds.rstrip("]").partition(":")
        size = int(end) - int(first) if bounds else network[whole].size
        rows.add_row(f"[bold]{escape(name)}[/]", f"{size:,}", f"{at}: {found.devices[at]}")
    console.print(rows)
    if len(found.devices) > 1:
        console.print()
        expected = table("device", ">a step is expected to take")
        for at, (name, seconds) in enumerate(zip(found.devices, found.step_seconds, strict=True)):
            expected.add_row(f"[bold]{at}: {escape(name)}[/]", with_unit(seconds, "s") if seconds else "nothing to do")
        console.print(expected)
    exchange = (
        "no spikes are exchanged between devices"
        if not found.window_steps
        else "spikes are exchanged after every step"
        if found.window_steps == 1
        else f"spikes are exchanged after every {found.window_steps} steps"
    )
    if not devices:
        console.print("\nno --devices given: everything runs on cpu", highlight=False)
    console.print(f"\n{exchange}", highlight=False)
    for reason in found.reasons:
        console.print(reason, style="yellow", highlight=False, markup=False)
    console.print(f"as a device: {found.device}", highlight=False, markup=False, soft_wrap=True)


def device_names(given: list[str] | None) -> list[str]:
    """Return the names of ``--devices``, which may also be given at once: ``--devices cpu,vulkan:0``."""
    names: list[str] = []
    for word in given or ["cpu"]:
        parts = re.split("[,+]", word)
        # Names of GPUs may have commas, beside spaces and brackets.
        are_names = all(re.fullmatch(r"[a-z]+(:[\w.]+)*", part) for part in parts)
        names += parts if are_names else [word]
    return names


def show_shares(
    file: Path,
    network: snn.Network,
    devices: list[str],
    place: list[str] | None,
    batch_size: int,
    threads: int,
    as_json: bool,
) -> None:
    if place:
        raise fail("--place and --samples are given; devices share populations or samples, not both")
    shares = network.shares(devices, batch_size=batch_size, threads=threads)
    device = "+".join(f"{name}*{share}" for name, share in zip(devices, shares, strict=True))
    if as_json:
        print_json({"file": str(file), "devices": devices, "samples": list(shares), "device": device})
        return
    rows = table("device", ">samples")
    for name, share in zip(devices, shares, strict=True):
        rows.add_row(f"[bold]{escape(name)}[/]", f"{share:,}")
    console.print(rows)
    console.print(f"\nas a device: {device}", highlight=False, markup=False, soft_wrap=True)
