"""Base class of scenes: a network with its parameters, how long it runs, and the rates that a run must have to count."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import integer, number
from snn.engine.errors import InvalidArgumentError
from snn.network import Network

if TYPE_CHECKING:
    from snn.simulation import Simulation

__all__ = ["Expected", "Rate", "Scene", "Weights"]


@dataclass(frozen=True)
class Expected:
    """A number that a run must give.

    Parameters
    ----------
    mean : float
        Mean over runs.
    tolerance : float
        Largest deviation of a run from the mean.
    """

    mean: float
    tolerance: float

    def allows(self, value: float) -> bool:
        """Whether a measured value is within the tolerance; NaN is not."""
        return abs(value - self.mean) <= self.tolerance

    def __str__(self) -> str:
        return f"{self.mean:g} +- {self.tolerance:.3g}"


class Rate(Expected):
    """The mean rate that a population must have.

    Parameters
    ----------
    mean : float
        Spikes per second and neuron, in hertz.
    tolerance : float
        Largest deviation of a run from the mean, in hertz.
    """

    def __str__(self) -> str:
        return f"{super().__str__()} Hz"


@dataclass(frozen=True)
class Weights:
    """What a scene's learned weights must be after the window, as fractions of the largest weight.

    Where a run is short, the distribution of the weights hardly leaves that of the initial ones. Their changes tell whether
    they have learned at all.

    Parameters
    ----------
    values : dict
        Expected statistics of the weights, by their names in `summary`.
    tolerance : float
        Largest deviation of each at scale 1.
    changes : dict
        Expected statistics of the changes from the initial weights, by their names in `summary`.
    change_tolerance : float
        Largest deviation of each, at every scale.
    """

    values: Mapping[str, float]
    tolerance: float
    changes: Mapping[str, float]
    change_tolerance: float

    @staticmethod
    def summary(parts: ArrayLike, initial: ArrayLike | None = None) -> dict[str, float]:
        """Return statistics of weights.

        Parameters
        ----------
        parts : array_like
            Weights, as fractions of the largest.
        initial : array_like, optional
            The weights before the run, in the same order.

        Returns
        -------
        dict
            ``mean``, ``std``, and the 10, 50 and 90 % quantiles: ``p10``, ``p50``, ``p90``. With `initial` also ``change`` and
            ``absolute_change``: the means of the changes of the weights and of their absolute values. Empty without weights.
        """
        found = np.asarray(parts, np.float64)
        if found.size == 0:
            return {}
        p10, p50, p90 = np.quantile(found, (0.1, 0.5, 0.9))
        every = {"mean": found.mean(), "std": found.std(), "p10": p10, "p50": p50, "p90": p90}
        if initial is not None:
            before = np.asarray(initial, np.float64)
            if before.shape != found.shape:
                raise InvalidArgumentError(
                    f"initial weights have shape {before.shape}, those after the run {found.shape}"
                )
            change = found - before
            every |= {"change": change.mean(), "absolute_change": np.abs(change).mean()}
        return {name: float(value) for name, value in every.items()}


@dataclass(frozen=True, kw_only=True)
class Scene(ABC):
    """A named network with all parameters of a measurement, which are frozen. Subclasses add their own parameters.

    Parameters
    ----------
    name : str
        As in `snn.scenes.get` and ``snn bench``.
    title : str
        One line of description.
    dt : float
        Time step in milliseconds.
    warm_up : float
        Network time before the measurement, in milliseconds.
    window : float
        Network time over which rates and speed are measured, in milliseconds.
    rates : dict
        The `Rate` of each population over the window at scale 1; `expected` returns those at other scales. The scene's
        description gives their source.
    smallest_scale : float
        Smallest `scale`; below it the network behaves differently.
    largest_scale : float
        Largest `scale`.
    peer_scale : float
        Default scale of comparisons with other simulators.
    weights : Weights, optional
        Of a scene that learns, its weights after the window.
    """

    name: str
    title: str
    dt: float
    warm_up: float
    window: float
    rates: Mapping[str, Rate]
    smallest_scale: float
    largest_scale: float
    peer_scale: float = 1.0
    weights: Weights | None = None

    @abstractmethod
    def sizes(self, scale: float = 1.0) -> dict[str, int]:
        """Return the number of neurons of each population, in the order in which they are built."""

    @abstractmethod
    def synapses(self, scale: float = 1.0) -> float:
        """Return the number of synapses: exact for rules that fix it, else expected."""

    @abstractmethod
    def _build(self, scale: float, seed: int) -> Network:
        """Return the network; `scale` and `seed` are valid."""

    def learned(self, simulation: Simulation) -> NDArray[Any]:
        """Return the learned weights of a simulation of the scene, as fractions of the largest; empty if none learn."""
        return np.empty(0)

    def initial(self, network: Network) -> NDArray[Any]:
        """Return the weights of a network of the scene, as `learned` returns those of a simulation."""
        return np.empty(0)

    def build(self, scale: float = 1.0, *, seed: int = 0) -> Network:
        """Return the network, ready to run.

        Parameters
        ----------
        scale : float, default 1.0
            Size relative to the scene's own. The scene's description says what it changes.
        seed : int, default 0
            Seed of connections, weights, delays and initial states. Draws during a run depend on the seed of the
            `Simulation`.

        Returns
        -------
        Network
            Its populations are those of `sizes`.

        Raises
        ------
        InvalidArgumentError
            The scale is outside `smallest_scale` to `largest_scale`.
        """
        return self._build(self.valid_scale(scale), integer(seed, "seed", maximum=2**32 - 1))

    def valid_scale(self, scale: float) -> float:
        """Return the scale as a float; raise InvalidArgumentError if it is out of range."""
        real = number(scale, f"scene {self.name!r}: scale")
        if not self.smallest_scale <= real <= self.largest_scale:
            raise InvalidArgumentError(
                f"scene {self.name!r}: scale is {real:g}; it must be {self.smallest_scale:g} to {self.largest_scale:g}"
            )
        return real

    def neurons(self, scale: float = 1.0) -> int:
        """Return the total number of neurons."""
        return sum(self.sizes(scale).values())

    def expected(self, scale: float = 1.0) -> dict[str, Rate]:
        """Return the rate that each population must have over the window.

        Below scale 1 the tolerance grows by 1 / sqrt(scale), because with fewer neurons noise averages out less.
        """
        wider = self._wider(scale)
        return {name: Rate(rate.mean, rate.tolerance * wider) for name, rate in self.rates.items()}

    def _wider(self, scale: float) -> float:
        return 1.0 / math.sqrt(min(self.valid_scale(scale), 1.0))

    def deviations(self, rates_hz: Mapping[str, float], scale: float = 1.0) -> list[str]:
        """Return a sentence for each population whose rate is not as expected. If there are none, the run counts.

        Parameters
        ----------
        rates_hz : dict
            Rates measured over `window` after `warm_up`, by population.
        scale : float, default 1.0
            The scale that was built.
        """
        found = []
        for name, rate in self.expected(scale).items():
            if name not in rates_hz:
                found.append(f"the rate of {name!r} was not measured")
            elif not rate.allows(rates_hz[name]):
                found.append(f"{name!r} spikes at {rates_hz[name]:.3f} Hz, not at {rate}")
        return found

    def expected_weights(self, scale: float = 1.0) -> dict[str, Expected]:
        """Return what each statistic of the weights must be after the window; empty if none learn.

        Below scale 1 the tolerance grows as that of rates does, but not that of the changes.
        """
        if self.weights is None:
            return {}
        weights, tolerance = self.weights, self.weights.tolerance * self._wider(scale)
        values = {name: Expected(value, tolerance) for name, value in weights.values.items()}
        return values | {name: Expected(value, weights.change_tolerance) for name, value in weights.changes.items()}

    def weight_deviations(
        self, found: Mapping[str, float] | ArrayLike, scale: float = 1.0, *, initial: ArrayLike | None = None
    ) -> list[str]:
        """Return a sentence for each statistic of the weights that is not as expected. If there are none, the run counts.

        Parameters
        ----------
        found : dict or array_like
            Result of `Weights.summary` after `window`, or the weights themselves as `learned` returns them.
        scale : float, default 1.0
            The scale that was built.
        initial : array_like, optional
            With weights: those before the run as `initial` returns them. Without them, a sentence says that their change was
            not measured.
        """
        if self.weights is None:
            return []
        whole = not isinstance(found, Mapping)
        summary = found if isinstance(found, Mapping) else Weights.summary(found, initial)
        wrong = []
        for name, expected in self.expected_weights(scale).items():
            if name in summary:
                if not expected.allows(summary[name]):
                    wrong.append(f"the {_words(name)} of the weights is {summary[name]:.4f}, not {expected}")
            elif not (whole and summary and name in self.weights.changes):
                wrong.append(f"the {_words(name)} of the weights was not measured")
        if whole and summary and initial is None:
            wrong.append("the change of the weights was not measured: give initial=scene.initial(network)")
        return wrong

    def __str__(self) -> str:
        return f"{self.name}: {self.title}"


def _words(name: str) -> str:
    return name.replace("_", " ")
