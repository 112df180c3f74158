"""A creature steered by a spiking network looks for food, 600 frames at 60 a second.

The same game in six languages: samples/c/creature.c, cpp/creature.cpp, rust/creature, csharp/Creature.cs, java/Creature.java.
All its arithmetic is of whole numbers, and the brain computes the same bits everywhere, so that all print the same hash.
The argument is the brain, a file that train_creature.py makes.
"""

import sys

import snn

FRAMES, HEADINGS, WORLD = 600, 32, 4096
# 64 cos of each heading, from 0 counter-clockwise; the sine is a quarter turn back. Positions are in 64ths.
COSINE = [64, 63, 59, 53, 45, 36, 24, 12, 0, -12, -24, -36, -45, -53, -59, -63]
COSINE += [-value for value in COSINE]


def see(dx: int, dy: int, heading: int) -> list[float]:
    """How much of what lies in the direction (dx, dy) is to the left, ahead and to the right, in sixteenths of 1."""
    cosine, sine = COSINE[heading], COSINE[(heading + 24) % HEADINGS]
    ahead, left = dx * cosine + dy * sine, dy * cosine - dx * sine
    total = max(abs(ahead) + abs(left), 1)
    side = 16 if ahead < 0 else abs(left) * 16 // total  # what is behind is at the side
    return [side / 16 if left > 0 else 0.0, max(ahead, 0) * 16 // total / 16, side / 16 if left <= 0 else 0.0]


def main() -> None:
    """Play and print what came of it."""
    brain = snn.Simulation(snn.load(sys.argv[1] if len(sys.argv) > 1 else "creature.snn"))
    spikes = [0, 0, 0]  # of the output neurons in this frame

    def count(event: snn.SpikeEvent) -> None:
        if event.population == "output":
            for neuron in event.neurons:
                spikes[neuron] += 1

    brain.on_spikes(count)
    x = y = WORLD // 2 * 64
    heading, eaten, draw, digest = 0, 0, 1, 0xCBF29CE484222325
    food = None
    for _ in range(FRAMES):
        if food is None:
            draw = (draw * 1664525 + 1013904223) % 2**32
            food_x = draw >> 20
            draw = (draw * 1664525 + 1013904223) % 2**32
            food = food_x, draw >> 20
        dx, dy = food[0] - (x >> 6), food[1] - (y >> 6)
        spikes[:] = 0, 0, 0
        brain.set_input("input", see(dx, dy, heading))
        brain.advance(1 / 60)
        turn = (spikes[0] > spikes[2]) - (spikes[0] < spikes[2])
        heading = (heading + turn) % HEADINGS
        speed = 8 + 4 * spikes[1]
        x = min(max(x + COSINE[heading] * speed, 0), WORLD * 64 - 1)
        y = min(max(y + COSINE[(heading + 24) % HEADINGS] * speed, 0), WORLD * 64 - 1)
        if abs(dx) + abs(dy) < 64:
            eaten += 1
            food = None
        # FNV-1a of everything, the brain's voltages to the last bit included.
        for word in [x, y, heading, eaten, *spikes, *brain.get("output.v").view("uint32")[0].tolist()]:
            digest = (digest ^ word) * 0x100000001B3 % 2**64
    print(f"{FRAMES} frames, {eaten} eaten, hash {digest:016x}")


if __name__ == "__main__":
    main()
