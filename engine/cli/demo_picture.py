"""The picture of ``snn demo``: one image as spike raster and membrane traces, the confusion matrix of all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import snn
from snn._arrays import Floats

__all__ = ["draw"]


def draw(
    path: Path,
    network: snn.Network,
    image: Floats,
    label: int,
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64],
    steps: int,
) -> None:
    """Draw and write the picture.

    Parameters
    ----------
    path : Path
        Where to write; the suffix says the format.
    network : Network
        The trained network.
    image : float32 array, shape (64,)
        The test image to show.
    label : int
        Its class.
    truth, predicted : int arrays, shape (samples,)
        Of the whole test set.
    steps : int
        Steps that the image is shown.
    """
    import matplotlib

    # A backend without a window: the picture goes to a file, on servers too.
    matplotlib.use("Agg")
    from matplotlib import pyplot

    with snn.Simulation(network) as simulation:
        recording = simulation.run(steps, {"input": image}, {"hidden": ["spikes"], "output": ["v", "spikes"]})
    hidden = recording["hidden"]["spikes"][:, 0]
    output = recording["output"]["spikes"][:, 0]
    membrane = recording["output"]["v"][:, 0]
    counts = output.sum(axis=0)

    figure = pyplot.figure(figsize=(13, 7.2), layout="constrained")
    grid = figure.add_gridspec(2, 3, width_ratios=(0.62, 1.35, 1.15), height_ratios=(1.25, 1.0))

    axes = figure.add_subplot(grid[0, 0])
    axes.imshow(image.reshape(8, 8), cmap="Greys", vmin=0, vmax=1)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(f"input: a {label}", loc="left", fontsize="medium")

    axes = figure.add_subplot(grid[1, 0])
    best = int(np.argmax(counts))
    colors = [snn.plot.COLORS[0] if index == best else "#b9c4d0" for index in range(counts.size)]
    axes.barh(range(counts.size), counts, color=colors)
    axes.set_yticks(range(counts.size))
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("output spikes")
    axes.set_ylabel("class")
    axes.set_title(f"answer: {best}", loc="left", fontsize="medium")

    axes = figure.add_subplot(grid[0, 1])
    snn.plot.raster(hidden, dt=network.dt, axes=axes, title=f"spikes of the {hidden.shape[1]} hidden neurons")

    axes = figure.add_subplot(grid[1, 1])
    shown = np.argsort(-membrane.mean(axis=0), kind="stable")[:3]
    threshold = network["output"].parameters["threshold"]
    snn.plot.traces(
        membrane[:, shown],
        dt=network.dt,
        threshold=threshold if isinstance(threshold, float) else None,
        labels=[f"class {index}" for index in shown],
        axes=axes,
        title="membrane of the three highest outputs, after reset",
    )

    axes = figure.add_subplot(grid[:, 2])
    right = float(np.mean(truth == predicted))
    snn.plot.confusion_matrix(truth, predicted, axes=axes, title=f"test set: {right:.2%} of {truth.size} images")
    figure.savefig(path, dpi=130)
    pyplot.close(figure)
