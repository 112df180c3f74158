"""Neurons with the equations, defaults, names and arguments of other libraries.

Each function makes neurons as the classes of `snn` do; they can be changed, trained and saved like any others. Presets cover
neurons only, not how these libraries build networks; a recurrent neuron comes with its recurrent connection. `dt` is the time
step of the network in ms: these libraries count time in steps, and time constants here are in ms. A network with another `dt`
refuses the neurons.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import boolean, choice, integer, number, real_array
from snn._elsewhere import no_such_name
from snn._nest import nest
from snn.builtin_neurons import LIF, CurrentLIF, IntegrateAndFire
from snn.connections import Connection, Conv2d, Dense, OneToOne
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError
from snn.init import KaimingUniform
from snn.learnable import Learnable
from snn.neurons import Neuron
from snn.surrogates import Surrogate

__all__ = [
    "nest",
    "norse_lif",
    "norse_lif_box",
    "sinabs_lif",
    "snntorch_lapicque",
    "snntorch_leaky",
    "snntorch_rleaky",
    "snntorch_synaptic",
    "spikingjelly_if",
    "spikingjelly_lif",
]


def __dir__() -> list[str]:
    return __all__


_Neurons = TypeVar("_Neurons", bound=Neuron)
Size = SupportsIndex | tuple[SupportsIndex, ...] | None

_LINEAR = KaimingUniform(gain=3**-0.5)  # uniform up to 1 / sqrt(fan_in), as PyTorch's layers
_SNNTORCH_RESETS = {"subtract": "subtract", "zero": "value", "none": "none"}

# Arguments of other libraries without a counterpart, and what to use instead.
_KEPT = "leave it out: the states are kept by whatever runs the network"
_SURROGATE = (
    "the surrogate is named, surrogate=snn.Surrogate('snntorch.fast_sigmoid', slope=25), "
    "or defined by snn.Surrogate.define"
)
_NOT_HERE = {
    "backend": "leave it out: the device is an argument of snn.Simulation and snn.Trainer",
    "detach": "reset_gradient='detached' takes the reset as a constant",
    "graded_spikes_factor": "it is a factor of the weights behind the neurons: projection.weights *= factor",
    "inhibition": "connect the neurons with themselves by snn.LateralInhibition",
    "init_hidden": _KEPT,
    "linear_features": "it is the size of the neurons: give that",
    "output": _KEPT,
    "reset_after": "reset_delay=False resets in the step of the spike",
    "spike_grad": _SURROGATE,
    "spike_fn": "spikes are 0 or 1 here",
    "state_quant": "states are float32 here; snn.Quantization is for weights",
    "step_mode": "leave it out: whatever runs the network says for how many steps",
    "store_v_seq": "record={'hidden': 'v'} of snn.Simulation.run gives the membrane after each step",
    "surrogate_function": _SURROGATE.replace("snntorch.fast_sigmoid', slope=25", "spikingjelly.atan', alpha=2"),
    "surrogate_grad_fn": _SURROGATE.replace("snntorch.fast_sigmoid', slope=25", "sinabs.single_exponential'"),
}


def snntorch_leaky(
    size: Size = None,
    *,
    beta: ArrayLike,
    threshold: ArrayLike = 1.0,
    learn_beta: bool = False,
    learn_threshold: bool = False,
    reset_mechanism: str = "subtract",
    reset_delay: bool = True,
    dt: float = 1.0,
    **settings: Any,
) -> LIF:
    """Return neurons as ``snntorch.Leaky``: ``mem = beta mem + x``, reset one step after the spike, atan surrogate.

    Parameters
    ----------
    size : int or tuple of int, optional
        As for `LIF`.
    beta : float or array
        Factor by which the membrane decays in a step, 0 to 1; an array has one for each neuron.
    threshold : float or array, default 1.0
        Potential above which neurons spike.
    learn_beta, learn_threshold : bool, default False
        Whether training changes them: one number for all neurons or, for an array, one for each. `beta` is learned as the time
        constant ``dt / (1 - beta)``, whose logarithm is updated (see `Learnable`), so it stays between 0 and 1.
    reset_mechanism : {"subtract", "zero", "none"}, default "subtract"
        Effect of a spike on the membrane.
    reset_delay : bool, default True
        Whether the reset occurs in the step after the spike.
    dt : float, default 1.0
        Time step of the network in ms.
    **settings
        Other arguments of `LIF`, which also override the preset's.
    """
    given = {
        "tau_membrane": _learned(_tau(beta, "beta", dt), learn_beta, "learn_beta"),
        "threshold": _learned(threshold, learn_threshold, "learn_threshold"),
        **_snntorch(reset_mechanism, reset_delay),
    }
    return _made_for(dt, _neurons(LIF, size, given, settings))


def snntorch_rleaky(
    size: Size = None,
    *,
    beta: ArrayLike,
    V: ArrayLike = 1.0,  # noqa: N803
    all_to_all: bool = True,
    conv2d_channels: int | None = None,
    kernel_size: int | None = None,
    learn_recurrent: bool = True,
    **settings: Any,
) -> LIF:
    """Return neurons as ``snntorch.RLeaky``: ``mem = beta mem + x + recurrent(spk)``, `spk` the spikes of the previous step.

    Adding the neurons to a network also connects them to themselves, by the projection ``"NAME_to_NAME"``.

    Parameters
    ----------
    V : float or array, default 1.0
        Weight of each neuron onto itself, if `all_to_all` is False.
    all_to_all : bool, default True
        Whether all neurons are connected to each other, like ``Linear`` in snnTorch: with weights drawn uniformly up to
        1 / sqrt(neurons) and a bias, which starts at 0 here.
    conv2d_channels, kernel_size : int, optional
        A convolution, from this many channels onto as many, instead of `all_to_all`.
    learn_recurrent : bool, default True
        Whether training changes the connection.
    size, beta, **settings
        As for `snntorch_leaky`, with all its arguments. snnTorch's ``linear_features`` is `size`.
    """
    common: dict[str, Any] = {"delay_steps": 1, "trainable": boolean(learn_recurrent, "learn_recurrent")}
    back: Connection
    if not boolean(all_to_all, "all_to_all"):
        back = OneToOne(V, **common)
    elif conv2d_channels is not None and kernel_size is not None:
        padding = integer(kernel_size, "kernel_size", minimum=1) // 2
        back = Conv2d(conv2d_channels, kernel_size, padding=padding, bias=True, init=_LINEAR, **common)
    elif conv2d_channels is None and kernel_size is None:
        back = Dense(bias=True, init=_LINEAR, **common)
    else:
        raise InvalidArgumentError(
            f"conv2d_channels is {conv2d_channels} and kernel_size {kernel_size}; a convolution needs both"
        )
    neurons = snntorch_leaky(size, beta=beta, **settings)
    return neurons._but(recurrent=back)


def snntorch_lapicque(
    size: Size = None,
    *,
    beta: float | None = None,
    R: float | None = None,  # noqa: N803
    C: float | None = None,  # noqa: N803
    time_step: float = 1.0,
    threshold: ArrayLike = 1.0,
    learn_threshold: bool = False,
    reset_mechanism: str = "subtract",
    dt: float = 1.0,
    **settings: Any,
) -> LIF:
    """Return neurons as ``snntorch.Lapicque``: ``mem += time_step (x / C - mem / (R C))``, reset one step after the spike.

    Parameters
    ----------
    beta, R, C : float
        Give two of them, or `beta` only, then R is 1. `beta` is ``exp(-time_step / (R C))``, between 0 and 1; as in snnTorch,
        the membrane nevertheless decays by the factor 1 - time_step / (R C) in a step.
    time_step : float, default 1.0
        Time step in the unit of R C.
    size, threshold, learn_threshold, reset_mechanism, dt, **settings
        As for `snntorch_leaky`.

    Notes
    -----
    Membrane ``v`` and threshold are snnTorch's divided by R. The surrogate derivative is the same function of snnTorch's
    membrane, so spikes and gradients of weights are equal to snnTorch's.
    """
    given = {name: value for name, value in (("beta", beta), ("R", R), ("C", C)) if value is not None}
    if len(given) == 3 or not (given.keys() == {"beta"} or len(given) == 2):
        raise InvalidArgumentError(
            f"{' and '.join(given) or 'nothing'} of beta, R and C is given; it must be two of them, or beta"
        )
    above = {name: number(value, name, minimum=0.0, exclusive=True) for name, value in given.items()}
    step = number(time_step, "time_step", minimum=0.0, exclusive=True)
    if "beta" in above:
        if above["beta"] >= 1.0:
            raise InvalidArgumentError(f"beta is {above['beta']:g}; it must be below 1")
        steps_of_decay = -1.0 / math.log(above["beta"])  # R C / time_step
    else:
        steps_of_decay = above["R"] * above["C"] / step
    resistance = above.get("R") or (steps_of_decay * step / above["C"] if "C" in above else 1.0)
    parameters = {
        "tau_membrane": steps_of_decay * _step(dt),
        "threshold": _learned(real_array(threshold, "threshold") / resistance, learn_threshold, "learn_threshold"),
        **_snntorch(reset_mechanism, reset_delay=True),
        "input_scaling": "one_minus_decay",
        "surrogate": Surrogate("snntorch.atan", alpha=2.0 * resistance),
    }
    return _made_for(dt, _neurons(LIF, size, parameters, settings))


def snntorch_synaptic(
    size: Size = None,
    *,
    alpha: ArrayLike,
    beta: ArrayLike,
    threshold: ArrayLike = 1.0,
    learn_alpha: bool = False,
    learn_beta: bool = False,
    learn_threshold: bool = False,
    reset_mechanism: str = "zero",
    reset_delay: bool = True,
    dt: float = 1.0,
    **settings: Any,
) -> CurrentLIF:
    """Return neurons as ``snntorch.Synaptic``: ``syn = alpha syn + x``, ``mem = beta mem + syn``.

    Parameters
    ----------
    alpha : float or array
        Factor by which the synaptic current decays in a step, 0 to 1; an array has one for each neuron.
    learn_alpha : bool, default False
        Whether training changes it; see `learn_beta`.
    size, beta, threshold, learn_beta, learn_threshold, reset_mechanism, reset_delay, dt, **settings
        As for `snntorch_leaky`; settings are those of `CurrentLIF`.
    """
    given = {
        "tau_synapse": _learned(_tau(alpha, "alpha", dt), learn_alpha, "learn_alpha"),
        "tau_membrane": _learned(_tau(beta, "beta", dt), learn_beta, "learn_beta"),
        "threshold": _learned(threshold, learn_threshold, "learn_threshold"),
        **_snntorch(reset_mechanism, reset_delay),
    }
    return _made_for(dt, _neurons(CurrentLIF, size, given, settings))


def spikingjelly_lif(
    size: Size = None,
    *,
    tau: float = 2.0,
    decay_input: bool = True,
    v_threshold: float = 1.0,
    v_reset: float | None = 0.0,
    detach_reset: bool = False,
    dt: float = 1.0,
    **settings: Any,
) -> LIF:
    """Return neurons as ``spikingjelly.activation_based.neuron.LIFNode``, sigmoid surrogate.

    ``v += (x - (v - v_reset)) / tau``, or ``v += x - (v - v_reset) / tau`` if `decay_input` is False. Neurons spike if
    ``v >= v_threshold``.

    Parameters
    ----------
    tau : float, default 2.0
        Time constant in steps, above 1.
    decay_input : bool, default True
        Whether input is divided by `tau`.
    v_threshold : float, default 1.0
        Potential at and above which neurons spike.
    v_reset : float or None, default 0.0
        Potential after a spike and at rest. None: a spike subtracts `v_threshold`, and the neurons rest at 0.
    detach_reset : bool, default False
        Whether training treats the reset as a constant.
    size, dt, **settings
        As for `snntorch_leaky`.
    """
    given = {
        **_spikingjelly(v_threshold, v_reset, detach_reset),
        "tau_membrane": number(tau, "tau", minimum=1.0, exclusive=True) * _step(dt),
        "decay": "euler",
        "input_scaling": "one_minus_decay" if decay_input else "none",
    }
    return _made_for(dt, _neurons(LIF, size, given, settings))


def spikingjelly_if(
    size: Size = None,
    *,
    v_threshold: float = 1.0,
    v_reset: float | None = 0.0,
    detach_reset: bool = False,
    **settings: Any,
) -> IntegrateAndFire:
    """Return neurons as ``spikingjelly.activation_based.neuron.IFNode``: ``v += x``, sigmoid surrogate.

    Parameters
    ----------
    size, v_threshold, v_reset, detach_reset, **settings
        As for `spikingjelly_lif`; settings are those of `IntegrateAndFire`.
    """
    return _neurons(IntegrateAndFire, size, _spikingjelly(v_threshold, v_reset, detach_reset), settings)


def norse_lif_box(
    size: Size = None,
    *,
    tau_mem_inv: float = 100.0,
    v_leak: float = 0.0,
    v_th: float = 1.0,
    v_reset: float = 0.0,
    **settings: Any,
) -> LIF:
    """Return neurons as Norse's ``LIFBoxCell``: ``v += dt tau_mem_inv (v_leak - v + x)``, SuperSpike of slope 100.

    Parameters
    ----------
    tau_mem_inv : float, default 100.0
        Inverse of the membrane time constant, in 1/s.
    v_leak, v_th, v_reset : float, default 0.0, 1.0, 0.0
        Potential at rest, potential above which neurons spike, and potential after a spike.
    size, **settings
        As for `snntorch_leaky`. The time step is that of the network, 1 ms by default as in Norse.

    Notes
    -----
    Norse 1.1.0 ignores the slope of its surrogate and uses 1: ``surrogate=snn.Surrogate("norse.super", alpha=1.0)``.
    """
    given = {**_norse(tau_mem_inv, v_leak, v_th, v_reset), "reset_gradient": "attached"}
    return _neurons(LIF, size, given, settings)


def norse_lif(
    size: Size = None,
    *,
    tau_syn_inv: float = 200.0,
    tau_mem_inv: float = 100.0,
    v_leak: float = 0.0,
    v_th: float = 1.0,
    v_reset: float = 0.0,
    **settings: Any,
) -> CurrentLIF:
    """Return neurons as Norse's ``LIFCell``, with a synaptic current. Input changes the current before the membrane's update.

    Parameters
    ----------
    tau_syn_inv : float, default 200.0
        Inverse of the time constant of the current, in 1/s.
    size, tau_mem_inv, v_leak, v_th, v_reset, **settings
        As for `norse_lif_box`; settings are those of `CurrentLIF`.
    """
    tau_synapse = 1000.0 / number(tau_syn_inv, "tau_syn_inv", minimum=0.0, exclusive=True)
    return _neurons(
        CurrentLIF, size, {**_norse(tau_mem_inv, v_leak, v_th, v_reset), "tau_synapse": tau_synapse}, settings
    )


def sinabs_lif(
    size: Size = None,
    *,
    tau_mem: float = 20.0,
    spike_threshold: float = 1.0,
    norm_input: bool = True,
    dt: float = 1.0,
    **settings: Any,
) -> LIF:
    """Return neurons as ``sinabs.layers.LIF`` with ``SingleSpike``: ``v = a v + (1 - a) x``, ``a = exp(-1 / tau_mem)``.

    Parameters
    ----------
    tau_mem : float, default 20.0
        Time constant in steps.
    spike_threshold : float, default 1.0
        Potential at and above which neurons spike. A spike subtracts it.
    norm_input : bool, default True
        Whether input is scaled by ``1 - a``.
    size, dt, **settings
        As for `snntorch_leaky`. A neuron spikes at most once in a step; Sinabs' default, ``MultiSpike``, has no counterpart.
    """
    given = {
        "tau_membrane": number(tau_mem, "tau_mem", minimum=0.0, exclusive=True) * _step(dt),
        "threshold": spike_threshold,
        "input_scaling": "one_minus_decay" if norm_input else "none",
        "reset_gradient": "attached",
        "threshold_compare": "greater_equal",
        "surrogate": "sinabs.single_exponential",
    }
    return _made_for(dt, _neurons(LIF, size, given, settings))


def _made_for(dt: float, neurons: _Neurons) -> _Neurons:
    return neurons._but(made_for_dt=dt)


def _neurons(
    made: Callable[..., _Neurons], size: Size, given: Mapping[str, Any], settings: Mapping[str, Any]
) -> _Neurons:
    """Make neurons from a preset and the user's settings, which override it."""
    for name in settings:
        if name in _NOT_HERE:
            raise ArgumentTypeError(f"{name} is no argument here; {_NOT_HERE[name]}")
    return made(size, **{**given, **settings})


def _step(dt: float) -> float:
    return number(dt, "dt", minimum=0.0, exclusive=True)


def _tau(left: ArrayLike, what: str, dt: float) -> NDArray[np.float64]:
    """Return the time constants whose Euler step leaves the fraction `left` of a state."""
    share = real_array(left, what).astype(np.float64)
    outside = share[~((share >= 0.0) & (share <= 1.0))]
    if outside.size:
        raise InvalidArgumentError(
            f"{what} is {outside[0]:g}; it must be 0 to 1. snnTorch takes a learned one beyond that as the nearest of both: "
            f"{what}.clamp(0, 1)"
        )
    # For 1, a time constant so long that 1 - dt / tau is 1 in float32.
    return _step(dt) / np.maximum(1.0 - share, 2.0**-30)


def _learned(value: ArrayLike, learns: bool, what: str) -> Any:
    if not boolean(learns, what):
        return value
    return Learnable(value, per_neuron=bool(np.ndim(value)))


def _snntorch(reset_mechanism: str, reset_delay: bool) -> dict[str, Any]:
    return {
        "reset": _SNNTORCH_RESETS[choice(reset_mechanism, _SNNTORCH_RESETS, "reset_mechanism")],
        "reset_timing": "next_step" if reset_delay else "same_step",
        "decay": "euler",
        "surrogate": "snntorch.atan",
    }


def _spikingjelly(v_threshold: float, v_reset: float | None, detach_reset: bool) -> dict[str, Any]:
    return {
        "threshold": v_threshold,
        "v_rest": 0.0 if v_reset is None else v_reset,
        "v_reset": 0.0 if v_reset is None else v_reset,
        "reset": "subtract" if v_reset is None else "value",
        "reset_gradient": "detached" if detach_reset else "attached",
        "threshold_compare": "greater_equal",
        "surrogate": "spikingjelly.sigmoid",
    }


def _norse(tau_mem_inv: float, v_leak: float, v_th: float, v_reset: float) -> dict[str, Any]:
    return {
        "tau_membrane": 1000.0 / number(tau_mem_inv, "tau_mem_inv", minimum=0.0, exclusive=True),
        "threshold": v_th,
        "v_rest": v_leak,
        "v_reset": v_reset,
        "reset": "value",
        "decay": "euler",
        "input_scaling": "one_minus_decay",
        "surrogate": "norse.super",
    }


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, __all__)
