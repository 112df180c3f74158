"""Draw the picture of the README, docs/images/overview.png: three things that the library does, each of them run here.

Left, the cortical microcircuit at a tenth of its size; in the middle, a network that has learned handwritten digits looks at
one; right, what 10,000 neurons cost in each frame of a 60 fps loop. Takes half a minute:

    python -P docs/images/overview.py
"""

import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

import snn

FRAME = 1.0 / 60.0  # seconds
GREY = "#b9c4d0"


def draw_microcircuit(axes: Axes) -> None:
    """Spikes of 250 ms, a colour for each of the eight populations."""
    scene = snn.scenes.get("microcircuit")
    network = scene.build(0.1, seed=1)
    names = [name for name in network.populations if name[0] == "L"]
    with snn.Simulation(network, seed=1, threads=2) as simulation:
        simulation.step(round(scene.warm_up / scene.dt))
        recording = simulation.run(round(250 / scene.dt), record={name: ["spike_events"] for name in names})
    first = 0
    for position, name in enumerate(names):
        events = recording[name]["spike_events"]
        color = snn.plot.COLORS[0] if name.endswith("E") else snn.plot.COLORS[1]
        axes.plot(events.steps * scene.dt, first + events.neurons, ".", color=color, markersize=1.6, markeredgewidth=0)
        size = network[name].size
        axes.text(-4, first + size / 2, name, ha="right", va="center", fontsize=7, color=color)
        if position:
            axes.axhline(first, color="#e3e8ee", linewidth=0.6, zorder=0)
        first += size
    axes.set(xlim=(0, 250), ylim=(first, 0), yticks=[], xlabel="time (ms)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(
        f"A published cortical microcircuit, at 1/10:\n{first:,} neurons, {network.synapse_count / 1e6:.1f} M synapses",
        loc="left",
        fontsize=9,
    )


def draw_digit(figure: SubFigure) -> None:
    """One image, the hidden spikes it causes, and the counts of the outputs."""
    digits = snn.data.digits()
    network = snn.Sequential(64, snn.Dense(128), snn.LIF(), snn.Dense(10), snn.LIF())
    snn.Trainer(network, steps=25, epochs=20).fit(digits.train_x, digits.train_y)
    with snn.Simulation(network) as simulation:
        recording = simulation.run(25, {"input": digits.test_x[0]}, {"hidden": ["spikes"], "output": ["spike_count"]})
    grid = figure.add_gridspec(2, 2, height_ratios=(1.9, 1.0))

    raster = figure.add_subplot(grid[0, :])
    snn.plot.raster(recording["hidden"]["spikes"][:, 0], axes=raster)
    raster.set_ylabel("hidden neuron")
    raster.set_title("A network trained on handwritten\ndigits looks at one", loc="left", fontsize=9)

    image = figure.add_subplot(grid[1, 0])
    image.imshow(digits.test_x[0].reshape(8, 8), cmap="Greys", vmin=0, vmax=1)
    image.set(xticks=[], yticks=[], xlabel="input")

    counts = recording["output"]["spike_count"][0]
    answer = figure.add_subplot(grid[1, 1])
    answer.bar(range(10), counts, color=[snn.plot.COLORS[0] if n == np.argmax(counts) else GREY for n in range(10)])
    answer.set(xticks=range(10), yticks=[], xlabel=f"output spikes: a {np.argmax(counts)}")
    answer.spines[["top", "right", "left"]].set_visible(False)


def draw_frames(axes: Axes) -> None:
    """What a frame costs, as samples/python/game_frame.py measures it."""
    frames = 480
    network = snn.scenes.get("izhikevich_100k").build(0.1, seed=1)
    cost = np.empty(frames)
    with snn.Simulation(network, threads=1, seed=1) as simulation:
        simulation.advance(FRAME)
        begin = time.perf_counter()
        for frame in range(frames):
            before = time.perf_counter()
            simulation.advance(FRAME, 0.25 * FRAME)
            simulation.spikes("excitatory")
            cost[frame] = 1000 * (time.perf_counter() - before)
            time.sleep(max(0.0, begin + (frame + 1) * FRAME - time.perf_counter()))
    seconds = np.arange(frames) * FRAME
    axes.axhspan(0, 1000 * FRAME, color="#eef2f6", zorder=0)
    axes.plot(seconds, cost, ".", markersize=2.5, color=snn.plot.COLORS[2])
    axes.text(0.15, 1000 * FRAME - 0.4, "one frame: 16.7 ms", va="top", fontsize=8, color="#4a5568")
    median = np.median(cost)
    axes.text(0.15, median + 0.7, f"10,000 neurons: {median:.1f} ms", fontsize=8, color=snn.plot.COLORS[2])
    axes.set(xlim=(0, frames * FRAME), ylim=(0, 1000 * FRAME), xlabel="time (s)", ylabel="cost of a frame (ms)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(
        "10,000 Izhikevich neurons, a million\nsynapses, in a 60 fps loop on one core", loc="left", fontsize=9
    )


plt.rcParams.update({"font.size": 8, "axes.labelsize": 8, "xtick.labelsize": 7, "ytick.labelsize": 7})
whole = plt.figure(figsize=(11, 3.9), layout="constrained", dpi=130)
left, middle, right = whole.subfigures(1, 3, width_ratios=(1.15, 0.95, 0.95), wspace=0.04)
draw_microcircuit(left.subplots())
draw_digit(middle)
draw_frames(right.subplots())
whole.savefig(Path(__file__).with_suffix(".png"), pil_kwargs={"optimize": True})
