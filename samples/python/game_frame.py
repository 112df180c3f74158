"""Ten thousand neurons in a game: what a 60 fps loop pays for them in each frame.

The game calls `advance` once in a frame with the time that has passed and a budget of wall time. As many whole steps as fit
run; what the budget cut off is due in the next frame. The cost of every frame is drawn into frame_times.png.
"""

import time

import matplotlib.pyplot as plt
import numpy as np

import snn

FRAMES = 600  # ten seconds of play
FRAME = 1.0 / 60.0  # seconds
BUDGET = 0.25 * FRAME  # what the game grants the network
NEURONS = 10_000

# Cortical neurons of Izhikevich 2003 with 100 synapses each, in steps of 1 ms (snn.scenes: izhikevich_100k at a tenth).
scene = snn.scenes.get("izhikevich_100k")
network = scene.build(NEURONS / scene.neurons(), seed=1)

cost = np.empty(FRAMES)
steps = np.empty(FRAMES, int)
spikes = np.empty(FRAMES, int)
with snn.Simulation(network, threads=1, seed=1) as simulation:
    simulation.advance(FRAME)  # the first call makes what later ones use
    begin = time.perf_counter()
    for frame in range(FRAMES):
        before = time.perf_counter()
        steps[frame] = simulation.advance(FRAME, BUDGET)
        spikes[frame] = simulation.spikes("excitatory").size  # of the frame's last step: what the game reacts to
        cost[frame] = time.perf_counter() - before
        # The rest of the frame is the game's; sleeping stands for it.
        time.sleep(max(0.0, begin + (frame + 1) * FRAME - time.perf_counter()))

milliseconds = 1000.0 * cost
median, late = np.quantile(milliseconds, (0.5, 0.99))
print(f"{network.neuron_count:,} neurons, {network.synapse_count:,} synapses, {FRAMES} frames of {1000 * FRAME:.1f} ms")
print(
    f"frame cost: median {median:.2f} ms, 99th percentile {late:.2f} ms, {100 * median / (1000 * FRAME):.1f} % of a frame"
)
print(f"steps: {steps.sum():,} in {FRAMES * FRAME:g} s, {spikes.mean():.1f} excitatory spikes in a frame's last one")

figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
axes.plot(np.arange(FRAMES) * FRAME, milliseconds, ".", markersize=3, label="cost of a frame")
axes.axhline(1000 * BUDGET, color="tab:red", linewidth=1, label=f"budget, {1000 * BUDGET:.1f} ms")
axes.axhline(median, color="tab:gray", linewidth=1, linestyle="--", label=f"median, {median:.2f} ms")
axes.set(xlabel="time (s)", ylabel="cost (ms)", ylim=(0, None), title=f"{NEURONS:,} Izhikevich neurons at 60 fps")
axes.legend(loc="center right")
figure.savefig("frame_times.png", dpi=120)
print("the costs are in frame_times.png")
