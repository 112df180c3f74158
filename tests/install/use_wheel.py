"""What a user does with the installed wheel: train a network, define a model, save, load, run.

Run by use_wheel with the wheel's environment, with no compiler on PATH, in an empty folder.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

import snn

COMPILERS = ("cc", "gcc", "g++", "clang", "clang++", "cmake", "ninja")

# A model that no compiler has seen.
QUADRATIC = """
[model]
name = "quadratic"
title = "Quadratic integrate-and-fire"

[parameters]
gain = { default = 0.1, unit = "1/(u*ms)", doc = "Curvature" }
threshold = { default = 1.0, unit = "u", doc = "Peak of the spike" }

[states]
v = { unit = "u", doc = "Membrane potential" }

[receptors]
current = { unit = "u", doc = "Input of this step" }

[derived]
curvature = "gain * dt"

[step]
program = '''
membrane = v + curvature * v * v + current
fired = spike(membrane - threshold)
emit(fired)
next.v = select(fired > 0, 0, membrane)
'''
"""


def spikes(net: snn.Network, pixels: np.ndarray) -> np.ndarray:
    """Output spikes of 25 steps, shape (steps, samples, 2)."""
    with snn.Simulation(net, batch_size=len(pixels)) as simulation:
        recording = simulation.run(25, {"input": pixels}, {"output": ["spikes"]})
    return recording["output"]["spikes"]


def error_of(function: Callable[..., object], *arguments: object, **named: object) -> Exception | None:
    """What a call raises."""
    try:
        function(*arguments, **named)
    except Exception as error:
        return error
    return None


def main() -> None:
    """Stop with an assertion at what does not work."""
    found = [compiler for compiler in COMPILERS if shutil.which(compiler)]
    assert not found, f"there is a compiler: {found}"

    # Two classes: bright left half, bright right half.
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 400)
    pixels = random.random((400, 8), dtype=np.float32) * 0.5
    pixels[:, :4] += 0.5 * (labels == 0)[:, None]
    pixels[:, 4:] += 0.5 * (labels == 1)[:, None]

    quadratic = snn.NeuronModel(QUADRATIC)
    net = snn.Sequential(8, snn.Dense(16), quadratic(), snn.Dense(2), snn.LIF(), seed=1)
    trainer = snn.Trainer(net, steps=25, epochs=10, learning_rate=5e-3)
    trainer.fit(pixels, labels)
    accuracy = trainer.score(pixels, labels)
    assert accuracy > 0.95, f"accuracy is {accuracy}"

    net.save("halves.snn")
    net.save("\u534a.snn")  # a name that no code page of Western Europe has
    twin = snn.load("\u534a.snn")
    expected, again = spikes(net, pixels), spikes(twin, pixels)
    assert expected.any()
    assert np.array_equal(expected, again)
    assert (expected.sum(0).argmax(1) == labels).mean() > 0.9
    # Errors of the library, and one of a function that the library calls.
    Path("damaged.snn").write_bytes(Path("halves.snn").read_bytes()[:-1])
    for kind, file in ((snn.FileError, "missing.snn"), (snn.FormatError, "damaged.snn")):
        error = error_of(snn.load, file)
        assert isinstance(error, kind), error
        assert file in str(error), error
    with snn.Simulation(net) as simulation:
        error = error_of(simulation.run, 25, {"input": pixels[0]}, progress=lambda *_: 1 / 0, progress_interval=5)
        assert isinstance(error, ZeroDivisionError), error
        assert simulation.step_count == 5

    print(
        f"snn {snn.__version__}, libsnn {snn.library_version()}: accuracy {accuracy:.1%}, the file gives the same spikes"
    )


if __name__ == "__main__":
    main()
