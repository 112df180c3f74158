import matplotlib.pyplot as plt

import snn

# A network from the literature, with its parameters, its warm-up and the rates that a run must have.
scene = snn.scenes.get("cuba")
print(scene)
populations = scene.sizes()

with snn.Simulation(scene.build(seed=1), threads=2, seed=1) as simulation:
    simulation.step(round(scene.warm_up / scene.dt))
    steps = round(scene.window / scene.dt)
    recording = simulation.run(steps, record={name: ["spike_count", "spike_events"] for name in populations})

rates = {name: recording[name]["spike_count"].mean() / scene.window * 1000 for name in populations}
for name, rate in rates.items():
    print(f"{name}: {rate:.2f} Hz, expected {scene.expected()[name]}")
print("\n".join(scene.deviations(rates)) or "the rates are as expected")

figure, axes = plt.subplots(2, 1, sharex=True, figsize=(9, 6), layout="constrained", height_ratios=[3, 1])
for name, place in zip(populations, axes, strict=True):
    snn.plot.raster(recording[name]["spike_events"], axes=place, title=name)
axes[1].set_xlim(scene.warm_up, scene.warm_up + 300)  # the first 300 ms after the warm-up
figure.savefig("raster.png", dpi=120)
print("the raster is in raster.png")
