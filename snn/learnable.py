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
        Where it begins, in the model's unit; None: the model's default. An array or a distribution gives each neuron a value of
        its own, which learns by itself.
    per_neuron : bool, default False
        Whether a single `value` is only the beginning of one for each neuron, or one that all neurons of the population share.

    Notes
    -----
    A parameter that must lie above a number, as a time constant above 0, is stepped as the logarithm of its distance from
    it: it stays there, and the learning rate is the share by which a step of Adam changes it. Others are stepped as they are
    and held within their limits. Weight decay and L1 leave both alone. A state that begins at a learnable parameter (v at
    ``v_rest``) follows it.

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
