"""100,000 neurons stepped and drawn inside a renderer's own frames, on the renderer's own Vulkan device.

The renderer owns the device and hands it over. Each frame it records two steps of the network into its command buffer, then
draws the membrane values from the buffer that the steps wrote: nothing is copied between them. A sheet of neurons that
excite their neighbours; background noise lights it here and there, and waves run from these places. Every fifth frame is kept
as frame_NN.png.
"""

import matplotlib.pyplot as plt
import numpy as np
from renderer import Renderer, integer

import snn

COLUMNS, ROWS, SCALE = 400, 250, 2
FRAMES, STEPS, THRESHOLD = 40, 2, 1.0


def sheet() -> snn.Network:
    """Neurons in rows, each with about 30 targets around it."""
    places = np.stack(np.meshgrid(np.arange(COLUMNS), np.arange(ROWS)), axis=-1).reshape(-1, 2).astype(np.float32)
    net = snn.Network(dt=1.0)
    cells = snn.DrivenLIF(
        COLUMNS * ROWS,
        threshold=THRESHOLD,
        reset="value",
        refractory=25.0,
        background_rate=70.0,
        background_weight=0.2,
    )
    net.add("cells", cells)
    near = snn.Sparse.spatial(
        places, places, width=3.0, cutoff=8.0, probability=0.5, weight=0.2, delay=1.0, trainable=False, seed=1
    )
    net.connect("cells", "cells", near)
    return net


def main() -> None:
    """Render the frames."""
    renderer = Renderer(COLUMNS, ROWS, SCALE, THRESHOLD)
    network = sheet()
    print(f"{network.neuron_count:,} neurons, {network.synapse_count:,} synapses on the renderer's device")
    with snn.Simulation(network, device=renderer.host(), seed=1) as simulation:
        count = snn.vulkan.Buffer(integer(renderer.spike_count), 0, 4 * network.neuron_count)
        snn.vulkan.bind_buffer(simulation, "cells.spike_count", count)
        membrane = snn.vulkan.buffer(simulation, "cells.v")
        for frame in range(1, FRAMES + 1):
            image = renderer.frame(simulation, membrane, STEPS)
            if frame % 5 == 0:
                plt.imsave(f"frame_{frame:02}.png", image)
                print(f"frame {frame}: {simulation.counters.spikes:,} spikes so far")
    renderer.close()
    said = f"{len(renderer.messages)} messages" if renderer.is_validated else "not installed"
    print(f"validation layer: {said}")
    for message in renderer.messages:
        print(message)


if __name__ == "__main__":
    main()
