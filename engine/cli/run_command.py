"""``snn run``: run a file and print what its neurons did."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

import snn
from snn._words import INSTRUCTION_SETS
from snn.engine import machine
from snn.engine.cli.given_input import GivenInput
from snn.engine.cli.options import BatchSize, Device, JsonFlag, Threads, wanted_variables
from snn.engine.cli.output import console, error_console, fail, print_json, ready_to_write, table, with_unit
from snn.engine.cli.termination import Terminated
from snn.engine.errors import counted
from snn.engine.records import Counters
from snn.engine.speed import rates_hz, realtime_factor, spike_counts

__all__ = ["run"]


def run(
    file: Annotated[Path, typer.Argument(help="A .snn file.")],
    steps: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Number of steps.")] = 1000,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="NAME=VALUE",
            help="Input of a population: a number for all neurons at every step, random:P for spikes with probability "
            "P per neuron and step, or a .npy file. Can be repeated. Populations without --input are silent.",
        ),
    ] = None,
    record: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME.VARIABLE",
            help="Record for --output. Populations: a state, spikes, spike_events or spike_count. Projections: weight, bias "
            "or a trace of the plasticity rule. Can be repeated.",
        ),
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Record states, spikes and weights only every N steps.")] = 1,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Write the recording to this .npz file; snn.Recording.load reads it. Missing folders are made."
        ),
    ] = None,
    device: Device = "cpu",
    batch_size: BatchSize = 1,
    threads: Threads = 1,
    instruction_set: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help=f"CPU kernels: {', '.join(INSTRUCTION_SETS)}. All give the same spikes; for tests and measurements.",
        ),
    ] = "best",
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Seed of random inputs and of random draws in models; default: 0. With --load-state it is the seed of random "
            "inputs only, which then need it: models keep the saved seed, and without random inputs another one is refused.",
        ),
    ] = None,
    load_state: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Continue from a state that --save-state or Simulation.save_state wrote. With the same inputs, results are "
            "bit for bit those of one long run. A .npy input begins at the first step of this run.",
        ),
    ] = None,
    save_state: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the state at the end of the run, or where it was interrupted, for --load-state. May be the file "
            "that was loaded. Missing folders are made.",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run a network file. Print firing rates and speed."""
    network = snn.load(file)
    has_random = any("=random:" in text for text in inputs or [])
    if load_state is not None and seed is None and has_random:
        raise fail(
            "random inputs after --load-state need --seed: that of the run that saved the state, to go on with its spikes"
        )
    given = GivenInput(network, inputs or [], batch_size, seed or 0)
    wanted = wanted_variables(record or [])
    if every > 1 and not wanted:
        raise fail(f"--every is {every} and needs --record NAME.VARIABLE")
    _check_output(file, output, wanted)
    if save_state is not None:
        _check_state(save_state, file, output)
    spiking = list(spike_counts(network))
    recorded = {name: [*wanted.get(name, [])] for name in {**dict.fromkeys(spiking), **wanted}}
    for name in spiking:
        recorded[name].append("spike_count")
    interrupt: KeyboardInterrupt | None = None
    with snn.Simulation(
        network, device=device, batch_size=batch_size, threads=threads, instruction_set=instruction_set, seed=seed or 0
    ) as simulation:
        if load_state is not None:
            _load_state(simulation, load_state)
            given.first_step = simulation.step_count
            if seed not in (None, simulation.seed) and not has_random:
                raise fail(
                    f"--seed is {seed}, and nothing would use it: no input is random, and models go on with the seed of "
                    f"--load-state, {simulation.seed}"
                )
        before = simulation.counters
        begin = time.perf_counter()
        try:
            shows_progress = not as_json and error_console.is_terminal
            recording = simulation.run(steps, given.by_name, recorded, every=every, progress=shows_progress)
        except KeyboardInterrupt as caught:
            if not hasattr(caught, "recording"):
                raise  # before the run began
            interrupt, recording = caught, caught.recording
        seconds = time.perf_counter() - begin - given.seconds
        counters = Counters(*(after - old for after, old in zip(simulation.counters, before, strict=True)))
        chosen, reason, drawn_with = simulation.device, simulation.device_reason, simulation.seed
        try:
            if output is not None:
                _write(output, recording, wanted)
        finally:  # one full disk need not cost both
            if save_state is not None:
                _save_state(simulation, save_state)
    done = recording.step_count
    rates = rates_hz(network, recording, done)
    verb = "ended by SIGTERM" if isinstance(interrupt, Terminated) else "interrupted"
    ended = "" if interrupt is None else f"{verb} after {done:,} of {counted(steps, 'step')}"
    if as_json:
        print_json(
            {
                **({"error": ended} if ended else {}),
                "file": str(file),
                "device": chosen,
                "device_reason": reason,
                "threads": threads,
                "instruction_set": instruction_set,
                "batch_size": batch_size,
                "first_step": recording.first_step,
                "steps": done,
                "dt_ms": network.dt,
                "seconds": seconds,
                "seconds_per_step": _per_step(seconds, done),
                "realtime_factor": realtime_factor(seconds, done, network.dt),
                "rates_hz": rates,
                "counters": counters._asdict(),
                "peak_rss_bytes": machine.peak_rss_bytes(),
                "output": None if output is None else str(output),
                "load_state": None if load_state is None else str(load_state),
                "save_state": None if save_state is None else str(save_state),
                "machine": machine.description(),
                "versions": machine.versions(),
            }
        )
    else:
        rows = table("population", ">neurons", ">mean rate", ">spikes")
        for name in spiking:
            total = int(recording[name]["spike_count"].sum(dtype=np.float64))
            rows.add_row(f"[bold]{name}[/]", f"{network[name].size:,}", f"{rates[name]:.2f} Hz", f"{total:,}")
        console.print(rows)
        told = [
            f"\n{counted(done, 'step')} ({done * network.dt / 1000.0:g} s simulated) of {counted(batch_size, 'sample')} "
            f"on {chosen} in {with_unit(seconds, 's')}: {with_unit(_per_step(seconds, done), 's')} per step",
            f"{counters.synaptic_events:,} synaptic events "
            f"({counters.synaptic_events / max(seconds, 1e-9) / 1e6:,.1f} M/s), "
            f"{counters.neuron_updates:,} neuron updates, {counters.spikes:,} spikes",
        ]
        silent = network.inputs
        if silent and not given.by_name:
            told.append(
                f"no --input was given, so {' and '.join(silent)} stayed silent; try --input {silent[0]}=random:0.1"
            )
        told += [reason] if reason else []
        if load_state is not None:
            told.append(f"went on from {load_state}, at step {recording.first_step:,}")
            if seed not in (None, drawn_with):
                told.append(
                    f"random inputs have the seed {seed}; models went on with that of {load_state}, {drawn_with}"
                )
        told += [f"recorded to {output}"] if output is not None else []
        told += [f"state saved to {save_state}"] if save_state is not None else []
        console.print("\n".join(told), highlight=False, markup=False)
    if interrupt is not None:
        error_console.print(ended, highlight=False)
        raise interrupt


def _per_step(seconds: float, steps: int) -> float:
    return seconds / steps if steps else 0.0


def _check_output(file: Path, output: Path | None, wanted: Mapping[str, Sequence[str]]) -> None:
    """Say now, not after a long run, that what is recorded could not be written."""
    if output is None:
        if wanted:
            raise fail("--record needs --output, the file to write to")
        return
    if not wanted:
        raise fail(f"--output needs --record: nothing would be written to {output}")
    if output.exists() and file.samefile(output):
        raise fail(f"{output} is the network itself; the recording would overwrite it, so give it another name")
    ready_to_write(output)


def _check_state(save_state: Path, file: Path, output: Path | None) -> None:
    """Say now, not after a long run, that the state would have no place."""
    if save_state.exists() and file.samefile(save_state):
        raise fail(f"--save-state is {save_state}, the network itself; the state would overwrite it")
    if output is not None and output.resolve() == save_state.resolve():
        raise fail(f"--save-state and --output are both {output}; they are two files")
    ready_to_write(save_state, "--save-state")


def _load_state(simulation: snn.Simulation, path: Path) -> None:
    try:
        simulation.load_state(path)
    except snn.SnnError as error:
        raise fail(f"--load-state: {error}") from None


def _save_state(simulation: snn.Simulation, path: Path) -> None:
    try:
        simulation.save_state(path)
    except snn.SnnError as error:
        raise fail(f"--save-state: {error}") from None


def _write(output: Path, recording: snn.Recording, wanted: Mapping[str, Sequence[str]]) -> None:
    chosen = {name: {key: recording[name][key] for key in variables} for name, variables in wanted.items()}
    part = snn.Recording(
        chosen, recording.dt, recording.first_step, step_count=recording.step_count, every=recording.every
    )
    try:
        part.save(output)
    except snn.FileError as error:
        raise fail(f"--output: {error}") from None
