"""Neurons named after other libraries against those libraries' equations, written here as their sources have them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import snn

STEPS, NEURONS = 60, 40
Step = Callable[[np.ndarray, dict[str, np.ndarray]], np.ndarray]


def snntorch_leaky(mechanism: str, delayed: bool, beta: float = 0.9) -> Step:
    def step(x: np.ndarray, s: dict[str, np.ndarray]) -> np.ndarray:
        reset = s["mem"] > 1.0
        base = beta * s["mem"] + x
        if delayed:
            s["mem"] = {"subtract": base - reset, "zero": base - reset * base, "none": base}[mechanism]
            return s["mem"] > 1.0
        fired = base > 1.0
        s["mem"] = {"subtract": base - fired, "zero": base - fired * base, "none": base}[mechanism]
        return fired

    return step


def snntorch_synaptic(x: np.ndarray, s: dict[str, np.ndarray]) -> np.ndarray:
    reset = s["mem"] > 1.0
    s["syn"] = 0.6 * s["syn"] + x
    base = 0.8 * s["mem"] + s["syn"]
    s["mem"] = base - reset * base
    return s["mem"] > 1.0


def snntorch_lapicque(gain: float, decay: float, mechanism: str = "subtract") -> Step:
    """`gain` is time_step / C and `decay` 1 - time_step / (R C)."""

    def step(x: np.ndarray, s: dict[str, np.ndarray]) -> np.ndarray:
        reset = s["mem"] > 1.0
        base = gain * x + decay * s["mem"]
        s["mem"] = {"subtract": base - reset, "zero": base - reset * base}[mechanism]
        return s["mem"] > 1.0

    return step


def spikingjelly_if(v_reset: float | None) -> Step:
    def step(x: np.ndarray, s: dict[str, np.ndarray]) -> np.ndarray:
        s["mem"] += x
        fired = s["mem"] >= 1.0
        s["mem"] = s["mem"] - fired if v_reset is None else (1 - fired) * s["mem"] + fired * v_reset
        return fired

    return step


def spikingjelly(decay_input: bool, v_reset: float | None) -> Step:
    def step(x: np.ndarray, s: dict[str, np.ndarray]) -> np.ndarray:
        rest = v_reset or 0.0
        s["mem"] += (x - (s["mem"] - rest)) / 3.0 if decay_input else x - (s["mem"] - rest) / 3.0
        fired = s["mem"] >= 1.0
        s["mem"] = s["mem"] - fired if v_reset is None else (1 - fired) * s["mem"] + fired * v_reset
        return fired

    return step


def norse_lif_box(x: np.ndarray, s: dict[str, np.ndarray]) -> np.ndarray:
    s["mem"] += 0.001 * 100.0 * (-0.1 - s["mem"] + x)
    fired = s["mem"] > 0.8
    s["mem"] = (1 - fired) * s["mem"] + fired * 0.05
    return fired


def norse_lif(x: np.ndarray, s: dict[str, np.ndarray]) -> np.ndarray:
    s["syn"] += x
    s["mem"] += 0.001 * 100.0 * (0.0 - s["mem"] + s["syn"])
    s["syn"] -= 0.001 * 200.0 * s["syn"]
    fired = s["mem"] > 1.0
    s["mem"] *= 1 - fired
    return fired


def sinabs_lif(norm_input: bool) -> Step:
    def step(x: np.ndarray, s: dict[str, np.ndarray]) -> np.ndarray:
        a = np.exp(-1.0 / 5.0)
        s["mem"] = a * s["mem"] + (1 - a if norm_input else 1.0) * x
        fired = s["mem"] >= 1.0
        s["mem"] = s["mem"] - fired
        return fired

    return step


@pytest.mark.parametrize(
    ("neurons", "theirs", "size"),
    [
        (snn.presets.snntorch_leaky(beta=0.9), snntorch_leaky("subtract", True), 1.0),
        (snn.presets.snntorch_leaky(beta=0.9, reset_mechanism="zero"), snntorch_leaky("zero", True), 1.0),
        (snn.presets.snntorch_leaky(beta=0.9, reset_mechanism="none"), snntorch_leaky("none", True), 1.0),
        (snn.presets.snntorch_leaky(beta=np.full(NEURONS, 0.9)), snntorch_leaky("subtract", True), 1.0),
        (snn.presets.snntorch_leaky(beta=1.0), snntorch_leaky("subtract", True, beta=1.0), 1.0),
        (snn.presets.snntorch_leaky(beta=0.9, reset_delay=False), snntorch_leaky("subtract", False), 1.0),
        (snn.presets.snntorch_synaptic(alpha=0.6, beta=0.8), snntorch_synaptic, 0.5),
        (snn.presets.snntorch_lapicque(beta=0.8), snntorch_lapicque(-np.log(0.8), 1 + np.log(0.8)), 4.0),
        (snn.presets.snntorch_lapicque(R=1.0, C=5.0), snntorch_lapicque(0.2, 0.8), 4.0),
        (snn.presets.snntorch_lapicque(R=1.0, C=5.0, reset_mechanism="zero"), snntorch_lapicque(0.2, 0.8, "zero"), 4.0),
        (snn.presets.spikingjelly_if(), spikingjelly_if(0.0), 1.0),
        (snn.presets.spikingjelly_if(v_reset=-0.2), spikingjelly_if(-0.2), 1.0),
        (snn.presets.spikingjelly_if(v_reset=None), spikingjelly_if(None), 1.0),
        (snn.presets.spikingjelly_lif(tau=3.0), spikingjelly(True, 0.0), 3.0),
        (snn.presets.spikingjelly_lif(tau=3.0, decay_input=False), spikingjelly(False, 0.0), 1.0),
        (snn.presets.spikingjelly_lif(tau=3.0, v_reset=-0.2), spikingjelly(True, -0.2), 3.0),
        (snn.presets.spikingjelly_lif(tau=3.0, v_reset=None), spikingjelly(True, None), 3.0),
        (snn.presets.norse_lif_box(v_leak=-0.1, v_th=0.8, v_reset=0.05), norse_lif_box, 8.0),
        (snn.presets.norse_lif(), norse_lif, 3.0),
        (snn.presets.sinabs_lif(tau_mem=5.0), sinabs_lif(True), 4.0),
        (snn.presets.sinabs_lif(tau_mem=5.0, norm_input=False), sinabs_lif(False), 1.0),
    ],
    ids=lambda value: "",
)
def test_the_spikes_and_membranes_are_theirs(neurons: snn.Neuron, theirs: Step, size: float) -> None:
    check_steps(neurons, theirs, size)


@pytest.mark.parametrize(
    ("parameters", "gain", "decay", "resistance"),
    [
        ({"beta": 0.8, "C": 4.5}, 1 / 4.5, 1 + np.log(0.8), -1 / np.log(0.8) / 4.5),
        ({"R": 5.1, "C": 5e-3, "time_step": 1e-3}, 0.2, 1 - 1 / 25.5, 5.1),  # of snnTorch's second tutorial
        ({"beta": 0.8, "R": 2.0}, -2.0 * np.log(0.8), 1 + np.log(0.8), 2.0),
    ],
)
def test_the_membrane_of_a_resistance(parameters: dict, gain: float, decay: float, resistance: float) -> None:
    check_steps(snn.presets.snntorch_lapicque(**parameters), snntorch_lapicque(gain, decay), 2.0, resistance)


def check_steps(neurons: snn.Neuron, theirs: Step, size: float, unit: float = 1.0) -> None:
    """The same spikes, and the same membranes in units of `unit`."""
    random = np.random.Generator(np.random.Philox(8))
    x = (size * random.normal(0.3, 0.5, (STEPS, NEURONS))).astype(np.float32)
    states = {
        "mem": np.full(NEURONS, float(neurons.parameters.get("v_rest", [0.0])[0])),
        "syn": np.zeros(NEURONS),
    }
    spikes, membranes = np.empty((2, STEPS, NEURONS))
    for step in range(STEPS):
        spikes[step] = theirs(x[step].astype(np.float64), states)
        membranes[step] = states["mem"]
    net = snn.Network()
    net.add("input", snn.Input(NEURONS))
    net.add("output", neurons._with_shape((NEURONS,)))
    net.connect("input", "output", snn.OneToOne(1.0))
    with snn.Simulation(net) as simulation:
        run = simulation.run(STEPS, {"input": x}, record={"output": ["v", "spikes"]})
    assert 0.03 < spikes.mean() < 0.9
    assert np.array_equal(run["output"]["spikes"][:, 0], spikes)
    np.testing.assert_allclose(unit * run["output"]["v"][:, 0], membranes, rtol=1e-4, atol=1e-5)


def test_settings_override_and_bad_ones_are_named() -> None:
    half = snn.presets.snntorch_leaky(beta=0.9, dt=0.5).parameters["tau_membrane"][0]
    assert half == pytest.approx(5.0)  # ms: 0.9 is left after a step of half a millisecond
    assert snn.presets.snntorch_leaky(4, beta=0.5, surrogate="boxcar").surrogate == snn.Surrogate("boxcar")
    assert snn.presets.spikingjelly_lif(detach_reset=True).options["reset_gradient"] == "detached"
    for make, said in (
        (lambda: snn.presets.snntorch_leaky(beta=[0.9, 1.25]), r"beta is 1.25; it must be 0 to 1.*clamp\(0, 1\)"),
        (lambda: snn.presets.snntorch_synaptic(alpha=-0.1, beta=0.5), "alpha is -0.1"),
        (lambda: snn.presets.snntorch_lapicque(), "nothing of beta, R and C is given"),
        (lambda: snn.presets.snntorch_lapicque(R=2.0), "R of beta, R and C is given; it must be two of them, or beta"),
        (lambda: snn.presets.snntorch_lapicque(beta=0.5, R=1.0, C=1.0), "beta and R and C of beta, R and C is given"),
        (lambda: snn.presets.snntorch_lapicque(beta=1.0), "beta is 1; it must be below 1"),
        (lambda: snn.presets.snntorch_lapicque(R=1.0, C=0.0), "C is 0.0; it must be above 0"),
        (lambda: snn.presets.snntorch_rleaky(4, beta=0.5, kernel_size=3), "a convolution needs both"),
        (lambda: snn.presets.snntorch_leaky(beta=0.5, reset_mechanism="soft"), "reset_mechanism is 'soft'"),
        (lambda: snn.presets.spikingjelly_lif(tau=1.0), "tau is 1"),
        (lambda: snn.presets.norse_lif_box(tau_mem_inv=0.0), "tau_mem_inv is 0"),
        (lambda: snn.presets.sinabs_lif(dt=0.0), "dt is 0"),
    ):
        with pytest.raises(snn.InvalidArgumentError, match=said):
            make()


def test_recurrent_neurons_bring_their_connection() -> None:
    net = snn.Sequential(4, snn.Dense(6), snn.presets.snntorch_rleaky(beta=0.9), snn.Dense(2), snn.LIF(), seed=2)
    back = net.projections["hidden_to_hidden"]
    assert (back.delay_steps, back.trainable, back.weights.shape) == (1, True, (6, 6))
    assert np.abs(back.weights).max() <= 1 / np.sqrt(6)
    assert np.abs(back.weights).max() > 0.8 / np.sqrt(6)
    assert back.bias is not None
    assert not back.bias.any()
    one = snn.presets.snntorch_rleaky(3, beta=0.9, all_to_all=False, V=[0.5, -0.25, 1.0], learn_recurrent=False)
    twice = snn.Network()
    for name in ("first", "second"):
        twice.add(name, one)
    assert list(twice.projections) == ["first_to_first", "second_to_second"]
    assert not twice.projections["second_to_second"].trainable
    assert twice.projections["second_to_second"].weights.tolist() == [0.5, -0.25, 1.0]
    assert list(twice.copy().projections) == list(twice.projections)
    images = snn.Network()
    images.add("images", snn.presets.snntorch_rleaky((2, 5, 5), beta=0.5, conv2d_channels=2, kernel_size=3))
    assert images.projections["images_to_images"].weights.shape == (2, 2, 3, 3)
    with pytest.raises(snn.InvalidArgumentError, match="projection 'broken_to_broken': weights has shape"):
        images.add("broken", snn.presets.snntorch_rleaky(4, beta=0.5, all_to_all=False, V=[1.0, 2.0]))
    assert list(images.populations) == ["images"]
    images.add("broken", snn.LIF(2))


def test_what_snntorch_learns_is_learnable() -> None:
    one = snn.presets.snntorch_leaky(3, beta=0.9, learn_beta=True)
    assert dict(one.learnable) == {"tau_membrane": False}
    each = snn.presets.snntorch_synaptic(2, alpha=[0.5, 0.75], beta=0.9, learn_alpha=True, learn_threshold=True)
    assert dict(each.learnable) == {"tau_synapse": True, "threshold": False}
    np.testing.assert_allclose(each.parameters["tau_synapse"], [2.0, 4.0])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: snn.presets.snntorch_leaky(beta=0.9, init_hidden=True), "init_hidden .* states are kept"),
        (lambda: snn.presets.snntorch_leaky(beta=0.9, spike_grad=abs), r"surrogate=snn.Surrogate\('snntorch.fast"),
        (lambda: snn.presets.spikingjelly_lif(surrogate_function=abs), r"snn.Surrogate\('spikingjelly.atan'"),
        (lambda: snn.presets.spikingjelly_lif(step_mode="m"), "step_mode .* leave it out"),
        (lambda: snn.presets.sinabs_lif(surrogate_grad_fn=abs), "sinabs.single_exponential"),
    ],
)
def test_arguments_without_a_counterpart_say_what_does_the_same(make: Callable[[], object], said: str) -> None:
    with pytest.raises(snn.ArgumentTypeError, match=said):
        make()


def test_the_surrogates_that_errors_name_exist() -> None:
    snn.Surrogate("snntorch.fast_sigmoid", slope=25)
    snn.Surrogate("spikingjelly.atan", alpha=2)
    snn.Surrogate("sinabs.single_exponential")


def test_neurons_made_for_another_time_step_are_refused() -> None:
    """Their time constants would be those of other neurons."""
    fine = snn.Network(dt=0.5)
    fine.add("cells", snn.presets.snntorch_leaky(3, beta=0.9, dt=0.5))
    fine.add("any", snn.presets.norse_lif(3))
    with pytest.raises(
        snn.InvalidArgumentError, match=r"'others': the neurons were made for dt=1 ms, and the network has 0\.5"
    ):
        fine.add("others", snn.presets.sinabs_lif(3))
    with pytest.raises(snn.InvalidArgumentError, match=r"made for dt=1 ms, and the network has 0\.1 ms"):
        snn.Sequential(4, snn.Dense(3), snn.presets.spikingjelly_lif(), dt=0.1)


# --- NEST, by the names and defaults of its models; tests/peers/test_single_neurons.py runs them beside NEST itself


def driven(neurons: snn.Neuron, receptors: dict[str, float]) -> snn.Recording:
    """Two neurons under the same random events."""
    net = snn.Network(dt=0.1)
    net.add("neurons", neurons)
    events = np.random.default_rng(5)
    inputs = {}
    for receptor, weight in receptors.items():
        net.add(f"to_{receptor}", snn.SpikeInput(2))
        net.connect(f"to_{receptor}", "neurons", snn.OneToOne(weight, receptor=receptor))
        inputs[f"to_{receptor}"] = (events.random((3000, 2)) < 0.1).astype(np.float32)
    with snn.Simulation(net) as sim:
        return sim.run(3000, inputs, {"neurons": ["v", "spike_events"]})


@pytest.mark.parametrize(
    ("model", "parameters", "by_hand", "receptors"),
    [
        (
            "iaf_psc_exp",
            {"C_m": 200.0, "tau_m": 12.0, "tau_syn_in": 4.0, "I_e": 100.0, "V_m": -60.0},
            snn.CurrentLIF(
                2, tau_membrane=12.0, tau_synapse=2.0, tau_inhibitory=4.0, resistance=12.0 / 200.0, bias_current=100.0,
                v_rest=-70.0, v_reset=-70.0, threshold=-55.0, refractory=2.0, initial={"v": -60.0}, reset="value",
                input_scaling="exact", synapse_order="membrane_first", threshold_compare="greater_equal",
            ),
            {"current": 200.0, "inhibitory": -20.0},
        ),
        (
            "iaf_cond_exp",
            {"g_L": 10.0, "I_e": 30.0, "tau_syn_ex": 1.0},
            snn.ConductanceLIF(
                2, tau_membrane=25.0, bias_current=3.0, tau_excitatory=1.0, tau_inhibitory=2.0, e_excitatory=0.0,
                e_inhibitory=-85.0, v_rest=-70.0, v_reset=-60.0, threshold=-55.0, refractory=2.0,
                threshold_compare="greater_equal",
            ),
            {"excitatory": 0.8, "inhibitory": 0.2},
        ),
    ],
)  # fmt: skip
def test_a_neuron_of_nest_is_the_one_written_out(
    model: str, parameters: dict[str, float], by_hand: snn.Neuron, receptors: dict[str, float]
) -> None:
    found, expected = (driven(one, receptors) for one in (snn.presets.nest(model, 2, **parameters), by_hand))
    assert len(expected["neurons"]["spike_events"]) > 10
    assert np.array_equal(found["neurons"]["v"], expected["neurons"]["v"])


def test_a_constant_current_of_a_neuron_without_one() -> None:
    """iaf_psc_delta: V(t) = E_L + I_e tau_m / C_m (1 - exp(-t / tau_m)) until it spikes at V_th."""
    net = snn.Network(dt=0.1)
    net.add("neurons", snn.presets.nest("iaf_psc_delta", 2, I_e=[200.0, 500.0], C_m=250.0, tau_m=10.0, E_L=-65.0))
    with snn.Simulation(net) as sim:
        run = sim.run(400, record={"neurons": ["v", "spike_events"]})
    times = 0.1 * np.arange(1, 401)
    exact = -65.0 + 8.0 * (1 - np.exp(-times / 10.0))
    assert run["neurons"]["v"][:, 0, 0] == pytest.approx(exact, abs=1e-3)  # which stays below the threshold
    first = run["neurons"]["spike_events"].trains()[1][0]
    # 20 (1 - exp(-t / 10)) = 10: t = 10 log 2 = 6.93 ms, seen at the end of the step.
    assert first == pytest.approx(7.0)


def test_parameters_that_nest_would_not_take() -> None:
    nest = snn.presets.nest
    with pytest.raises(snn.NotFoundError, match=r"'iaf_psc_ex'; there are: .*did you mean 'iaf_psc_exp'"):
        nest("iaf_psc_ex")
    with pytest.raises(snn.ArgumentTypeError, match=r"iaf_psc_exp has no parameter 'C_M' here; .*did you mean 'C_m'"):
        nest("iaf_psc_exp", C_M=1.0)
    with pytest.raises(snn.InvalidArgumentError, match="iaf_psc_exp: C_m is 0; it must be above 0"):
        nest("iaf_psc_exp", C_m=0)
    with pytest.raises(snn.ArgumentTypeError, match=r"C_m is Normal.*so draw it"):
        nest("iaf_psc_exp", C_m=snn.Normal(250.0, 10.0))
    with pytest.raises(snn.ArgumentTypeError, match="tau_m is 'ten', not a number"):
        nest("iaf_psc_exp", tau_m="ten")
    drawn = nest("iaf_psc_exp", 5, V_m=snn.Normal(-60.0, 3.0), V_th=snn.Uniform(-56.0, -54.0), name="cells")
    assert (drawn.name, set(drawn.drawn), set(drawn.drawn_initial)) == ("cells", {"threshold"}, {"v"})
