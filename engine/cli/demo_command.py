"""``snn demo``: the main job, from training to the file to the C library."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

import snn
from snn.engine import digits, machine
from snn.engine.cli.options import JsonFlag, Threads
from snn.engine.cli.output import console, error_console, make_folder, print_json, table, with_unit
from snn.engine.errors import InternalError, counted
from snn.epochs import EpochReport

__all__ = ["demo"]


def demo(
    seed: Annotated[int, typer.Option(min=0, help="Seed of the initial weights and the order of the samples.")] = 0,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training data.")] = digits.EPOCHS,
    output: Annotated[Path, typer.Option(help="Folder for digits.snn and digits.png.")] = Path("."),
    seeds: Annotated[
        int, typer.Option(min=1, help="Number of runs, with consecutive seeds from --seed. The median is printed.")
    ] = 1,
    progress: Annotated[bool, typer.Option("--progress/--no-progress", help="Show a progress bar.")] = True,
    threads: Threads = 1,
    as_json: JsonFlag = False,
) -> None:
    """Train on handwritten digits, save the network, classify the test set with the C library, draw a picture.

    A 64-128-10 network of leaky integrate-and-fire neurons learns scikit-learn's bundled digits by surrogate-gradient
    back-propagation through time.
    """
    make_folder(output, output)
    data = snn.data.digits()
    if not as_json:
        console.print(
            f"64-128-10 LIF, {digits.STEPS} steps, {counted(epochs, 'epoch')}; {data.train_y.size:,} images to train on, "
            f"{data.test_y.size} to test on",
            highlight=False,
        )
    results = []
    for position in range(seeds):
        # The first seed's network is the one that is kept.
        path = output / ("digits.snn" if position == 0 else f"digits-{seed + position}.snn")
        one = _train_and_check(data, seed + position, epochs, path, progress and not as_json, threads)
        results.append(one)
        if as_json:
            print_json({key: value for key, value in one.items() if key != "kept"})
        elif seeds > 1:
            console.print(f"seed {one['seed']}: test accuracy {one['test_accuracy']:.2%}", highlight=False)
        if position > 0:
            path.unlink()
    first = results[0]
    network, predicted = first["kept"]
    picture: Path | None = output / "digits.png"
    try:
        assert picture is not None
        # The first test image of a class that is easy to follow in a raster.
        shown = int(np.flatnonzero((data.test_y == 3) & (predicted == 3))[0]) if (predicted == 3).any() else 0
        _draw(picture, network, data, shown, predicted)
    except snn.UnsupportedError as error:
        picture = None
        error_console.print(f"no picture: {error}", highlight=False)
    accuracies = [one["test_accuracy"] for one in results]
    if as_json:
        if seeds > 1:
            print_json({"demo": "digits", "seeds": seeds, "median_test_accuracy": float(np.median(accuracies))})
        return
    _print(first, output, picture)
    if seeds > 1:
        console.print(
            f"\nmedian test accuracy of {seeds} seeds: [bold]{np.median(accuracies):.2%}[/] "
            f"(from {min(accuracies):.2%} to {max(accuracies):.2%})",
            highlight=False,
        )


def _draw(picture: Path, network: snn.Network, data: snn.data.Split, shown: int, predicted: Any) -> None:
    try:
        from snn.engine.cli.demo_picture import draw

        draw(picture, network, data.test_x[shown], int(data.test_y[shown]), data.test_y, predicted, digits.STEPS)
    except ImportError:
        raise snn.UnsupportedError("it needs matplotlib, which is not installed: pip install matplotlib") from None


def _train_and_check(
    data: snn.data.Split, seed: int, epochs: int, path: Path, progress: bool, threads: int
) -> dict[str, Any]:
    """Train one network, save it, and compare what Python, numpy and the C library say about the test set."""
    network = digits.digits_network(seed)
    trainer = digits.digits_trainer(network, seed, epochs=epochs, threads=threads)
    reports: list[EpochReport] = []
    begin = time.perf_counter()
    trainer.fit(data.train_x, data.train_y, progress=progress, callbacks=[reports.append])
    seconds = time.perf_counter() - begin
    network.save(path)
    found = digits.classify_in_c(path, data.test_x)
    with snn.Simulation(network, batch_size=len(data.test_x), threads=threads) as simulation:
        recording = simulation.run(digits.STEPS, {"input": data.test_x}, {"output": "spike_count"})
    counts = {
        "the trained network in Python": recording["output"]["spike_count"],
        "the numpy reference": digits.numpy_spike_counts(network, data.test_x),
    }
    for where, other in counts.items():
        if not np.array_equal(found.spike_counts, other):
            raise InternalError(f"seed {seed}: {path} in the C library gives other spike counts than {where}")
    if not np.array_equal(found.classes, trainer.predict(data.test_x)):
        raise InternalError(f"seed {seed}: {path} in the C library gives other classes than Trainer.predict")
    return {
        "demo": "digits",
        "seed": seed,
        "epochs": epochs,
        "train_seconds": seconds,
        "train_loss": reports[-1].loss,
        "train_accuracy": reports[-1].accuracy,
        "spikes_per_neuron": reports[-1].spikes_per_neuron,
        "test_accuracy": float(np.mean(found.classes == data.test_y)),
        "predictions_identical": True,
        "seconds_per_step": found.seconds_per_step,
        "file": str(path),
        "file_bytes": path.stat().st_size,
        "peak_rss_bytes": machine.peak_rss_bytes(),
        "machine": machine.description(),
        "versions": machine.versions(),
        "kept": (network, found.classes),
    }


def _print(result: dict[str, Any], output: Path, picture: Path | None) -> None:
    rows = table("", "")
    rows.show_header = False
    rows.add_row("training", f"{result['train_seconds']:.1f} s, accuracy {result['train_accuracy']:.2%}")
    rows.add_row("test accuracy", f"[bold]{result['test_accuracy']:.2%}[/] in the C library, from the file")
    rows.add_row("predictions", "identical in Python, numpy and C")
    rows.add_row("network step", f"{with_unit(result['seconds_per_step'], 's')}, one image at a time")
    rows.add_row("spikes per neuron", f"{result['spikes_per_neuron']:.2f} for one image")
    rows.add_row("memory", f"{with_unit(result['peak_rss_bytes'], 'B')} at most, Python and libraries included")
    rows.add_row("network", f"{result['file']} ({with_unit(result['file_bytes'], 'B')})")
    if picture is not None:
        rows.add_row("picture", str(picture))
    console.print(rows)
