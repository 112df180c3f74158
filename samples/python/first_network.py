import numpy as np

import snn

# Train a network of 64 inputs, 128 hidden and 10 output neurons on handwritten digits, and keep it in one file.
digits = snn.data.digits()
net = snn.Sequential(64, snn.Dense(128), snn.LIF(), snn.Dense(10), snn.LIF())
trainer = snn.Trainer(net, steps=25, epochs=5, learning_rate=2e-3)
trainer.fit(digits.train_x, digits.train_y)
print(f"test accuracy: {trainer.score(digits.test_x, digits.test_y):.1%}")
net.save("digits.snn")

# Load the file as a game would, show it one digit and watch its neurons.
brain = snn.load("digits.snn")
with snn.Simulation(brain) as simulation:
    recording = simulation.run(
        25, {"input": digits.test_x[0]}, record={"hidden": "spikes", "output": ["v", "spike_count"]}
    )
print(f"hidden neurons spiked {recording['hidden']['spikes'].sum()} times")
print(f"the digit is a {np.argmax(recording['output']['spike_count'])}, its label says {digits.test_y[0]}")
