"""Parameters of neurons that training changes."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from snn._arrays import boolean
from snn.distributions import Distribution

__all__ = ["Learnable"]


@dataclass(frozen=True)
class Learnable:
    """A parameter of neurons that training changes along with the weights.

    Parameters
    ----------
    value : float, array or Distribution, optional
        Initial value, in the model's unit; None: the model's default. With an array or a distribution, each neuron has its
        own value, which is learned independently.
    per_neuron : bool, default False
        Whether each neuron learns its own value from a single `value`; else all neurons of the population share one.

    Notes
    -----
    If a parameter has a strict lower limit, as a time constant has 0, the optimiser updates the logarithm of its distance from
    the limit: the limit is never crossed, and the learning rate is the relative change of the distance in a step of Adam.
    Other parameters are updated directly and clipped to their limits. Weight decay and L1 apply to neither. A state whose
    initial value is a learnable parameter (v at ``v_rest``) follows it.

    Refractory times, which are rounded to steps, and means of random draws have no gradient and cannot be learned.

    Examples
    --------
    >>> snn.LIF(128, tau_membrane=snn.Learnable(20.0))  # one time constant for the layer: parametric LIF
    >>> snn.LIF(128, tau_membrane=snn.Learnable(snn.Uniform(5, 30)), threshold=snn.Learnable(per_neuron=True))
    """

    value: ArrayLike | Distribution | None = None
    per_neuron: bool = False

    def __post_init__(self) -> None:
        boolean(self.per_neuron, "per_neuron")
