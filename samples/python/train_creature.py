"""Train the brain of the creature in samples/*/creature.* and save it as creature.snn.

The brain sees how much of the food lies to its left, ahead and to its right, each from 0 to 1, and has three output neurons:
turn left, go on, turn right. Everything is drawn from fixed seeds and libsnn computes the same bits everywhere, so the file
is the same everywhere as well.
"""

import sys

import numpy as np
from creature import see

import snn


def examples(count: int) -> tuple[np.ndarray, np.ndarray]:
    """What the creature sees of food at random places, and what it should do: turn left (0), go on (1), turn right (2)."""
    places = np.random.default_rng(1).integers(-2000, 2000, (count, 2))
    action = [1 if x > 0 and 5 * abs(y) < x else 0 if y > 0 else 2 for x, y in places.tolist()]
    return np.array([see(x, y, 0) for x, y in places.tolist()], np.float32), np.array(action)


net = snn.Sequential(3, snn.Dense(24), snn.LIF(), snn.Dense(3), snn.LIF(), seed=7)
trainer = snn.Trainer(
    net, steps=17, epochs=30, learning_rate=1e-2, batch_size=64, seed=7
)  # 17 steps: a frame of 60 a second
x, y = examples(2048)
trainer.fit(x, y)
print(f"right actions: {trainer.score(*examples(512)):.1%}")
path = sys.argv[1] if len(sys.argv) > 1 else "creature.snn"
net.save(path)
print(f"saved {path}")
