"""Single neurons beside Brian2 and NEST, under the same input.

Where both sides take the same steps, spikes fall into the same steps and traces differ by float32's rounding against their
double. Where NEST integrates adaptively, its trace is close to the exact solution, and the difference is our error of the step.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

import snn
from snn import _nest
from tests.peers.running import DT, Events, Run, arriving, here, in_brian2, in_nest

pytestmark = pytest.mark.filterwarnings("ignore")  # those of other people's libraries

STEPS = 5000
# In mV. A decay is rounded to float32 with an error of up to 3e-8; with dt / tau =
# 0.01 that is 3e-6 of what is left of the input, some 40 mV.
ROUNDING = 5e-4
# A membrane that runs away multiplies its rounding error as often as it multiplies itself.
SPIKING = 0.05
# The upstroke of an action potential has some 300 mV/ms: 1 mV is a shift of 3 us.
ACTION_POTENTIAL = 1.0


def assert_same_steps(
    mine: Run, theirs: Run, membrane: float, variables: Mapping[str, str] | None = None, relative: float = 1e-5
) -> None:
    """The same spikes, membranes within `membrane` mV, other variables within `relative` of their largest value."""
    np.testing.assert_array_equal(mine.spikes, theirs.spikes)
    assert len(mine.spikes) > 3, "the input must make the test meaningful"
    for ours, other in {"v": "v", **(variables or {})}.items():
        length = min(len(mine[ours]), len(theirs[other]))
        scale, allowed = (1.0, membrane) if ours == "v" else (np.abs(theirs[other]).max(), relative)
        worst = np.abs(mine[ours][:length] - theirs[other][:length]).max() / scale
        print(f"{ours}: largest deviation {worst:.2g} (allowed {allowed:g}), {len(mine.spikes)} spikes")
        assert worst < allowed, ours


def assert_close(mine: Run, theirs: Run, membrane: float, time: float, count: int | None = None) -> None:
    """Membranes within `membrane` mV up to the first spike, spikes within `time` ms of their counterparts.

    All spikes, and as many of them; or the first `count`.
    """
    ours, other = mine.spikes[:count], theirs.spikes[:count]
    assert len(ours) == len(other) > 3
    assert count is None or len(ours) == count
    first = min(ours[0], other[0]) - 10  # 1 ms before, where the spike has not begun
    assert first > 20
    apart = np.abs(mine["v"][:first] - theirs["v"][:first]).max()
    late = np.abs(ours - other).max() * DT
    print(f"v: {apart:.2g} mV apart (allowed {membrane:g}); {len(ours)} spikes, {late:.1f} ms apart (allowed {time:g})")
    assert apart < membrane
    assert late <= time + 1e-9


def steps_of_current(low: float, high: float) -> np.ndarray:
    """A current that changes every 25 ms."""
    return np.repeat(np.random.default_rng(3).uniform(low, high, STEPS // 250), 250)


# --- LIF

LIF = {"tau_membrane": 20.0, "threshold": -50.0, "v_rest": -65.0, "v_reset": -60.0, "refractory": 2.0}


def test_lif_beside_brian2():
    """Exact steps of dv/dt = (v_rest - v + I) / tau for a current that is constant in each."""
    currents = steps_of_current(5.0, 35.0)
    mine = here(snn.LIF(1, reset="value", input_scaling="one_minus_decay", **LIF), STEPS, currents=currents)
    theirs = in_brian2(
        "dv/dt = (v_rest - v + I) / (tau_membrane*ms) : 1 (unless refractory)\nI : 1", "exact", STEPS, LIF,
        {"v": -65.0}, "v > threshold", "v = v_reset", 2.0, currents=currents,
    )  # fmt: skip
    assert_same_steps(mine, theirs, ROUNDING)


def test_lif_beside_nest():
    """iaf_psc_delta: an input jumps the membrane in its own step."""
    train = arriving(2000.0, 1.0, STEPS, 1)
    mine = here(snn.LIF(1, reset="value", threshold_compare="greater_equal", **LIF), STEPS, {"current": train})
    theirs = in_nest(
        "iaf_psc_delta", STEPS,
        {"tau_m": 20.0, "C_m": 100.0, "t_ref": 2.0, "E_L": -65.0, "V_reset": -60.0, "V_th": -50.0, "V_m": -65.0}, {0: train},
    )  # fmt: skip
    assert_same_steps(mine, theirs, ROUNDING)


# --- Exponential and alpha-function currents

CURRENT = {
    "tau_membrane": 10.0, "tau_synapse": 2.0, "tau_inhibitory": 3.0, "resistance": 10.0 / 250.0, "bias_current": 300.0,
    "threshold": -50.0, "v_rest": -65.0, "v_reset": -65.0, "refractory": 2.0,
}  # fmt: skip
CURRENT_IN_NEST = {
    "tau_m": 10.0, "C_m": 250.0, "tau_syn_ex": 2.0, "tau_syn_in": 3.0, "I_e": 300.0, "t_ref": 2.0, "E_L": -65.0,
    "V_reset": -65.0, "V_th": -50.0, "V_m": -65.0,
}  # fmt: skip
EXCITED, INHIBITED = arriving(1200.0, 150.0, STEPS, 2), arriving(500.0, -120.0, STEPS, 3)


def current_lif() -> Run:
    neuron = snn.CurrentLIF(
        1, reset="value", input_scaling="exact", synapse_order="membrane_first", threshold_compare="greater_equal", **CURRENT
    )  # fmt: skip
    return here(neuron, STEPS, {"current": EXCITED, "inhibitory": INHIBITED})


def test_current_lif_beside_brian2():
    theirs = in_brian2(
        """dv/dt = (v_rest - v + resistance * (ie + ii + bias_current)) / (tau_membrane*ms) : 1 (unless refractory)
        die/dt = -ie / (tau_synapse*ms) : 1
        dii/dt = -ii / (tau_inhibitory*ms) : 1""",
        "exact", STEPS, CURRENT, {"v": -65.0, "ie": 0.0, "ii": 0.0}, "v >= threshold", "v = v_reset", 2.0,
        {"ie": EXCITED, "ii": INHIBITED},
    )  # fmt: skip
    variables = {"synaptic_current": "ie", "inhibitory_current": "ii"}
    assert_same_steps(current_lif(), theirs, ROUNDING, variables)


def test_current_lif_beside_nest():
    theirs = in_nest("iaf_psc_exp", STEPS, CURRENT_IN_NEST, {0: EXCITED, 1: INHIBITED})
    assert_same_steps(current_lif(), theirs, ROUNDING)


def alpha_lif() -> Run:
    return here(
        snn.AlphaLIF(1, threshold_compare="greater_equal", **CURRENT),
        STEPS,
        {"current": EXCITED, "inhibitory": INHIBITED},
    )


def test_alpha_lif_beside_brian2():
    rises = {
        "rise_e": Events(EXCITED.steps, EXCITED.weight * np.e / 2.0),
        "rise_i": Events(INHIBITED.steps, INHIBITED.weight * np.e / 3.0),
    }
    theirs = in_brian2(
        """dv/dt = (v_rest - v + resistance * (ie + ii + bias_current)) / (tau_membrane*ms) : 1 (unless refractory)
        die/dt = rise_e / ms - ie / (tau_synapse*ms) : 1
        drise_e/dt = -rise_e / (tau_synapse*ms) : 1
        dii/dt = rise_i / ms - ii / (tau_inhibitory*ms) : 1
        drise_i/dt = -rise_i / (tau_inhibitory*ms) : 1""",
        "exact", STEPS, CURRENT, dict.fromkeys(("ie", "rise_e", "ii", "rise_i"), 0.0) | {"v": -65.0},
        "v >= threshold", "v = v_reset", 2.0, rises,
    )  # fmt: skip
    variables = {"synaptic_current": "ie", "synaptic_rise": "rise_e", "inhibitory_current": "ii"}
    assert_same_steps(alpha_lif(), theirs, ROUNDING, variables)


def test_alpha_lif_beside_nest():
    theirs = in_nest("iaf_psc_alpha", STEPS, CURRENT_IN_NEST, {0: EXCITED, 1: INHIBITED})
    assert_same_steps(alpha_lif(), theirs, ROUNDING)


# --- Izhikevich


def izhikevich() -> Run:
    neuron = snn.Izhikevich(1, bias_current=10.0, membrane_substeps="one", recovery_update="simultaneous")
    return here(neuron, STEPS)


def test_izhikevich_beside_brian2():
    theirs = in_brian2(
        """dv/dt = (0.04 * v**2 + 5 * v + 140 - u + 10) / ms : 1
        du/dt = 0.02 * (0.2 * v - u) / ms : 1""",
        "euler", STEPS, {}, {"v": -65.0, "u": -13.0}, "v >= 30", "v = -65; u += 8",
    )  # fmt: skip
    assert_same_steps(izhikevich(), theirs, SPIKING, {"recovery": "u"})


def test_izhikevich_beside_nest():
    parameters = {"a": 0.02, "b": 0.2, "c": -65.0, "d": 8.0, "V_th": 30.0, "I_e": 10.0, "V_m": -65.0, "U_m": -13.0}
    theirs = in_nest("izhikevich", STEPS, {**parameters, "consistent_integration": True})
    assert_same_steps(izhikevich(), theirs, SPIKING)


# --- Conductances

CONDUCTANCE = {
    "tau_membrane": 20.0, "tau_excitatory": 5.0, "tau_inhibitory": 10.0, "e_excitatory": 0.0, "e_inhibitory": -80.0,
    "threshold": -50.0, "v_rest": -60.0, "v_reset": -60.0, "refractory": 5.0, "bias_current": 5.0,
}  # fmt: skip
OPENED, SHUNTED = arriving(300.0, 0.1, STEPS, 4), arriving(60.0, 0.3, STEPS, 5)


def conductance_lif(integrator: str) -> Run:
    neuron = snn.ConductanceLIF(1, integrator=integrator, **CONDUCTANCE)
    return here(neuron, STEPS, {"excitatory": OPENED, "inhibitory": SHUNTED})


@pytest.mark.parametrize("integrator", ["exponential_euler", "euler"])
def test_conductance_lif_beside_brian2(integrator):
    theirs = in_brian2(
        """dv/dt = (v_rest - v + ge * (e_excitatory - v) + gi * (e_inhibitory - v) + bias_current) / (tau_membrane*ms) : 1 \
        (unless refractory)
        dge/dt = -ge / (tau_excitatory*ms) : 1
        dgi/dt = -gi / (tau_inhibitory*ms) : 1""",
        integrator, STEPS, CONDUCTANCE, {"v": -60.0, "ge": 0.0, "gi": 0.0}, "v > threshold", "v = v_reset", 5.0,
        {"ge": OPENED, "gi": SHUNTED},
    )  # fmt: skip
    variables = {"excitatory_conductance": "ge", "inhibitory_conductance": "gi"}
    assert_same_steps(conductance_lif(integrator), theirs, ROUNDING, variables)


def test_conductance_lif_beside_nest():
    """iaf_cond_exp integrates adaptively; our step takes the mean of each conductance over it."""
    leak = 10.0
    theirs = in_nest(
        "iaf_cond_exp", STEPS,
        {
            "C_m": 20.0 * leak, "g_L": leak, "E_L": -60.0, "E_ex": 0.0, "E_in": -80.0, "V_reset": -60.0, "V_th": -50.0,
            "tau_syn_ex": 5.0, "tau_syn_in": 10.0, "t_ref": 5.0, "I_e": 5.0 * leak, "V_m": -60.0,
        },
        {0: Events(OPENED.steps, OPENED.weight * leak), 1: Events(SHUNTED.steps, -SHUNTED.weight * leak)},
    )  # fmt: skip
    assert_close(conductance_lif("exponential"), theirs, 0.001, 0.0)


@pytest.mark.parametrize("model", ["iaf_cond_exp", "aeif_cond_exp"])
def test_presets_with_conductances_beside_nest(model):
    """NEST's defaults, with an excitation of two steps, under some 2,500 Hz of 25 nS (aeif: 60 nS) and 1,000 Hz of 10 nS."""
    weight, unit = (25.0, 16.6667) if model == "iaf_cond_exp" else (60.0, 1.0)
    excited, inhibited = arriving(2500.0, weight, STEPS, 21), arriving(1000.0, 10.0, STEPS, 22)
    theirs = in_nest(model, STEPS, {}, {0: excited, 1: Events(inhibited.steps, -inhibited.weight)})
    opened, shunted = Events(excited.steps, weight / unit), Events(inhibited.steps, 10.0 / unit)
    mine = here(snn.presets.nest(model, 1), STEPS, {"excitatory": opened, "inhibitory": shunted})
    # Euler steps of the runaway shift its spikes by some tenths of a millisecond each.
    membrane, time = (0.02, 0.0) if model == "iaf_cond_exp" else (0.1, 1.5)
    assert_close(mine, theirs, membrane, time)


# --- AdEx

ADEX = {
    "capacitance": 281.0, "leak_conductance": 30.0, "v_rest": -70.6, "threshold": -50.4, "slope_factor": 2.0, "v_peak": 0.0,
    "v_reset": -60.0, "tau_adaptation": 144.0, "adaptation_coupling": 4.0, "adaptation_jump": 80.5,
}  # fmt: skip


def test_adex_beside_brian2():
    """Euler steps under a current; the conductances decay exactly here, which Brian2's Euler steps do not."""
    currents = steps_of_current(400.0, 1200.0)
    mine = here(snn.AdEx(1, substeps="one", **ADEX), STEPS, currents=currents)
    theirs = in_brian2(
        """dv/dt = (leak_conductance * (v_rest - v) + leak_conductance * slope_factor * exp((v - threshold) / slope_factor) \
        - w + I) / (capacitance*ms) : 1
        dw/dt = (adaptation_coupling * (v - v_rest) - w) / (tau_adaptation*ms) : 1
        I : 1""",
        "euler", STEPS, ADEX, {"v": -70.6, "w": 0.0}, "v > v_peak", "v = v_reset; w += adaptation_jump", currents=currents,
    )  # fmt: skip
    assert_same_steps(mine, theirs, SPIKING, {"adaptation": "w"})


@pytest.mark.parametrize(("substeps", "membrane", "time"), [("one", 0.1, 0.5), ("four", 0.03, 0.2)])
def test_adex_beside_nest(substeps, membrane, time):
    """aeif_cond_exp integrates adaptively, with a current and conductances."""
    excited, inhibited = arriving(400.0, 6.0, STEPS, 6), arriving(100.0, 8.0, STEPS, 7)
    synapses = {
        "e_excitatory": 0.0,
        "e_inhibitory": -85.0,
        "tau_excitatory": 3.0,
        "tau_inhibitory": 6.0,
        "refractory": 2.0,
    }
    mine = here(
        snn.AdEx(1, substeps=substeps, bias_current=500.0, **ADEX, **synapses), STEPS,
        {"excitatory": excited, "inhibitory": inhibited},
    )  # fmt: skip
    theirs = in_nest(
        "aeif_cond_exp", STEPS,
        {
            "C_m": 281.0, "g_L": 30.0, "E_L": -70.6, "V_th": -50.4, "Delta_T": 2.0, "V_peak": 0.0, "V_reset": -60.0,
            "tau_w": 144.0, "a": 4.0, "b": 80.5, "E_ex": 0.0, "E_in": -85.0, "tau_syn_ex": 3.0, "tau_syn_in": 6.0,
            "t_ref": 2.0, "I_e": 500.0, "V_m": -70.6, "w": 0.0,
        },
        {0: excited, 1: Events(inhibited.steps, -inhibited.weight)},
    )  # fmt: skip
    assert_close(mine, theirs, membrane, time)


# --- Hodgkin-Huxley

HH_OPENED, HH_SHUNTED = arriving(400.0, 3.0, STEPS, 8), arriving(100.0, 6.0, STEPS, 9)


def hodgkin_huxley(**options: str) -> Run:
    return here(
        snn.HodgkinHuxley(1, bias_current=100.0, **options), STEPS, {"excitatory": HH_OPENED, "inhibitory": HH_SHUNTED}
    )


def test_hodgkin_huxley_beside_brian2():
    """COBAHH as in Brian2's examples, by its exponential Euler method: every gate and the membrane from old values."""
    theirs = in_brian2(
        """dv/dt = (10 * (-60 - v) + ge * (0 - v) + gi * (-80 - v) - 20000 * (m*m*m) * h * (v - 50) \
        - 6000 * (n*n*n*n) * (v + 90) + 100) / (200*ms) : 1
        dm/dt = alpha_m * (1 - m) - beta_m * m : 1
        dn/dt = alpha_n * (1 - n) - beta_n * n : 1
        dh/dt = alpha_h * (1 - h) - beta_h * h : 1
        dge/dt = -ge / (5*ms) : 1
        dgi/dt = -gi / (10*ms) : 1
        u = v + 63 : 1
        alpha_m = 0.32 * 4 / exprel((13 - u) / 4) / ms : Hz
        beta_m = 0.28 * 5 / exprel((u - 40) / 5) / ms : Hz
        alpha_h = 0.128 * exp((17 - u) / 18) / ms : Hz
        beta_h = 4. / (1 + exp((40 - u) / 5)) / ms : Hz
        alpha_n = 0.032 * 5 / exprel((15 - u) / 5) / ms : Hz
        beta_n = 0.5 * exp((10 - u) / 40) / ms : Hz""",
        "exponential_euler", STEPS, {},
        {"v": -60.0, "m": 0.02686333, "h": 0.99130582, "n": 0.06043403, "ge": 0.0, "gi": 0.0},
        "v > -20", refractory="v > -20", events={"ge": HH_OPENED, "gi": HH_SHUNTED},
    )  # fmt: skip
    mine = hodgkin_huxley(substeps="one", gate_update="simultaneous")
    variables = {"sodium_activation": "m", "potassium_activation": "n", "excitatory_conductance": "ge"}
    assert_same_steps(mine, theirs, ACTION_POTENTIAL, variables, 0.02)


@pytest.mark.parametrize(("substeps", "membrane", "time", "count"), [("one", 0.1, 2.0, 10), ("four", 0.005, 1.2, None)])
def test_hodgkin_huxley_beside_nest(substeps, membrane, time, count):
    """hh_cond_exp_traub integrates adaptively. It reports a spike at its peak: the crossing is taken from its trace."""
    theirs = in_nest(
        "hh_cond_exp_traub", STEPS,
        {
            "C_m": 200.0, "g_L": 10.0, "g_Na": 20000.0, "g_K": 6000.0, "E_L": -60.0, "E_Na": 50.0, "E_K": -90.0, "V_T": -63.0,
            "E_ex": 0.0, "E_in": -80.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0, "I_e": 100.0, "V_m": -60.0,
            "Act_m": 0.02686333, "Inact_h": 0.99130582, "Act_n": 0.06043403,
        },
        {0: HH_OPENED, 1: Events(HH_SHUNTED.steps, -HH_SHUNTED.weight)},
    )  # fmt: skip
    rising = (theirs["v"][:-1] <= -20.0) & (theirs["v"][1:] > -20.0)
    assert_close(
        hodgkin_huxley(substeps=substeps), Run(theirs.traces, np.flatnonzero(rising) + 1), membrane, time, count
    )


# --- By NEST's names


@pytest.mark.parametrize(
    ("model", "parameters", "receptors"),
    [
        ("iaf_psc_delta", {"V_reset": -66.0, "I_e": 200.0, "C_m": 300.0}, {"current": 1.0}),
        ("iaf_psc_exp", {"tau_syn_in": 4.0, "I_e": 600.0}, {"current": 150.0, "inhibitory": -120.0}),
        ("iaf_psc_alpha", {"E_L": -68.0, "V_m": -62.0, "I_e": 300.0}, {"current": 150.0, "inhibitory": -120.0}),
        ("izhikevich", {"d": 6.0, "I_e": 10.0}, {}),
    ],
)
def test_presets_are_nests_models(model, parameters, receptors):
    """`snn.presets.nest`: the same parameters, given to both; the rest are the defaults of each."""
    trains = {name: arriving(1500.0, weight, STEPS, 10 + k) for k, (name, weight) in enumerate(receptors.items())}
    theirs = in_nest(model, STEPS, parameters, dict(enumerate(trains.values())))
    mine = here(snn.presets.nest(model, 1, **parameters), STEPS, trains)
    assert_same_steps(mine, theirs, SPIKING if model == "izhikevich" else ROUNDING)


def test_defaults_of_presets_are_nests():
    nest = pytest.importorskip("nest", reason="NEST is not installed: pip install '.[peers]'")
    for name, model in _nest.NEST_MODELS.items():
        theirs = nest.GetDefaults(name)
        assert dict(model.defaults) == {parameter: theirs[parameter] for parameter in model.defaults}, name
        assert set(model.states) <= set(theirs), name


@pytest.mark.parametrize("delay", [0.1, 1.5])
def test_a_delay_is_as_long_as_nests(delay):
    """A neuron that spikes by itself drives another one: the same traces with the same delay."""
    driver, driven = {"I_e": 500.0}, {"tau_m": 5.0}
    nest = pytest.importorskip("nest", reason="NEST is not installed: pip install '.[peers]'")
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.resolution = DT
    source = nest.Create("iaf_psc_delta", params=driver)
    target = nest.Create("iaf_psc_delta", params=driven)
    nest.Connect(source, target, syn_spec={"weight": 3.0, "delay": delay})
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": DT})
    nest.Connect(meter, target)
    nest.Simulate(STEPS * DT)
    theirs = np.asarray(meter.events["V_m"])

    net = snn.Network(dt=DT)
    net.add("source", snn.presets.nest("iaf_psc_delta", 1, **driver))
    net.add("target", snn.presets.nest("iaf_psc_delta", 1, **driven))
    net.connect("source", "target", snn.Sparse.one_to_one(weight=3.0, delay=delay))
    with snn.Simulation(net) as simulation:
        mine = simulation.run(STEPS, record={"target": "v"})["target"]["v"][:, 0, 0]
    assert np.ptp(theirs) > 2.0
    assert np.abs(mine[: len(theirs)] - theirs).max() < ROUNDING
