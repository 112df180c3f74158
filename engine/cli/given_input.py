"""What ``--input NAME=VALUE`` gives to a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import snn
from snn._arrays import new_array
from snn.engine.cli.output import fail
from snn.init import uniform

__all__ = ["GivenInput"]

Floats = NDArray[np.float32]
Function = Callable[[int, int], Floats]


class GivenInput:
    """The inputs of a run, from the words of ``--input``.

    Parameters
    ----------
    network : Network
        Whose inputs they are.
    words : sequence of str
        ``NAME=VALUE``.
    batch_size : int
        Samples.
    seed : int
        Of random spikes.
    """

    def __init__(self, network: snn.Network, words: Sequence[str], batch_size: int, seed: int) -> None:
        self.seconds = 0.0
        """That making them took so far: what differs at each step is made while the run needs it."""
        self.first_step = 0
        """The step of the simulation that the run begins with: random spikes are those of a run that was not cut there."""
        self.by_name: dict[str, NDArray[Any] | Function] = {}
        for position, text in enumerate(words):
            name, _, value = text.partition("=")
            if not value:
                raise fail(f"--input is '{text}'; it must be NAME=VALUE")
            if name in self.by_name:
                raise fail(f"--input names '{name}' twice")
            self.by_name[name] = self._of(network[name], value, batch_size, seed, position)

    def _of(
        self, population: snn.Population, text: str, batch_size: int, seed: int, position: int
    ) -> NDArray[Any] | Function:
        if text.endswith(".npy"):
            try:
                array: NDArray[Any] = np.load(text, allow_pickle=False)
            except (OSError, ValueError, EOFError) as error:
                raise fail(f"--input {population.name}={text} cannot be read: {error}") from None
            return array
        shape = (batch_size, *population.shape)
        kind, _, value = text.rpartition(":")
        try:
            number = float(value)
        except ValueError:
            raise fail(f"--input {population.name}={text} is neither a number, random:P, nor a .npy file") from None
        if not np.isfinite(number):
            raise fail(f"--input {population.name}={text} is {number}; all values must be finite")
        if kind == "":
            if population.model == "spike_input" and number not in (0, 1):
                hint = f"; random:{number:g} makes spikes with that probability" if 0 < number < 1 else ""
                raise fail(
                    f"--input {population.name}={text}: {population.name} is a spike input, which takes 0 or 1{hint}"
                )
            held = new_array(shape, np.float32, f"input {population.name!r}")
            held.fill(number)
            # Spikes of a spike input last one step; given for each step they come at every step.
            return held if population.model == "input" else self._timed(lambda step: held, shape)
        if kind != "random":
            raise fail(f"--input {population.name}={text}: '{kind}' is unknown; there is random:P")
        if not 0 <= number <= 1:
            raise fail(f"--input {population.name}={text}: the probability is {number:g}; it must be 0 to 1")
        # A stream for each step, so that the spikes do not depend on how a run is cut.
        return self._timed(
            lambda step: uniform(shape, 0.0, 1.0, seed=seed, stream=position << 32 | step) < number, shape
        )

    def _timed(self, of_step: Callable[[int], NDArray[Any]], shape: tuple[int, ...]) -> Function:
        """Return the function that gives a run the values of steps."""

        def made(begin: int, end: int) -> Floats:
            since = time.perf_counter()
            frames = new_array((end - begin, *shape), np.float32, "the input of a part of the run")
            for place, step in enumerate(range(begin, end)):
                frames[place] = of_step(self.first_step + step)
            self.seconds += time.perf_counter() - since
            return frames

        return made
