"""The neurons and synapses of the scenes, written for GeNN.

A step is the same formula as here: first the membrane, by the exact solution where there is one, then what has arrived.
"""

from __future__ import annotations

from pygenn import VarAccess, create_neuron_model, create_weight_update_model

__all__ = [
    "CONDUCTANCE_LIF",
    "CURRENT_LIF",
    "DRIVEN_CURRENT_LIF",
    "DRIVEN_LIF",
    "FLY_NEURON",
    "LISTENER",
    "NOISY_IZHIKEVICH",
    "PAIR_STDP",
]

# The number of Poisson events in a step, by one uniform number. GeNN's own current source PoissonExp draws one for each event
# and one more, which takes longer.
_EVENTS = """
unsigned int events = 0;
scalar chance = no_event;
scalar below = no_event;
const scalar drawn = gennrand_uniform();
while(drawn > below && chance > 0.0) {
    events++;
    chance *= mean_events / events;
    below += chance;
}
"""

DRIVEN_LIF = create_neuron_model(
    "driven_lif",
    params=["decay", "threshold", "v_reset", ("held", "int"), "weight", "mean_events", "no_event"],
    vars=[("v", "scalar"), ("left", "int")],
    sim_code="if(left > 0) { left--; } else {" + _EVENTS + "v = decay * v + Isyn + weight * events; }",
    threshold_condition_code="v >= threshold",
    reset_code="v = v_reset; left = held;",
)

_CURRENTS = ["v_rest", "threshold", "v_reset", ("held", "int"), "decay_membrane", "decay_excitation", "gain_excitation"]

CURRENT_LIF = create_neuron_model(
    "current_lif",
    params=[*_CURRENTS, "decay_inhibition", "gain_inhibition"],
    vars=[("v", "scalar"), ("excitation", "scalar"), ("inhibition", "scalar"), ("left", "int")],
    additional_input_vars=[("arriving_inhibition", "scalar", 0.0)],
    sim_code="""
    if(left > 0) { left--; }
    else { v = v_rest + decay_membrane * (v - v_rest) + gain_excitation * excitation + gain_inhibition * inhibition; }
    excitation = decay_excitation * excitation + Isyn;
    inhibition = decay_inhibition * inhibition + arriving_inhibition;
    """,
    threshold_condition_code="v >= threshold",
    reset_code="v = v_reset; left = held;",
)

CONDUCTANCE_LIF = create_neuron_model(
    "conductance_lif",
    params=[
        *("v_rest", "threshold", "v_reset", ("held", "int"), "e_excitatory", "e_inhibitory"),
        *("fraction", "decay_excitation", "decay_inhibition", "mean_excitation", "mean_inhibition"),
    ],
    vars=[("v", "scalar"), ("excitation", "scalar"), ("inhibition", "scalar"), ("left", "int")],
    additional_input_vars=[("arriving_inhibition", "scalar", 0.0)],
    sim_code="""
    if(left > 0) { left--; }
    else {
        const scalar excited = mean_excitation * excitation;
        const scalar inhibited = mean_inhibition * inhibition;
        const scalar total = 1.0 + excited + inhibited;
        const scalar settled = (v_rest + excited * e_excitatory + inhibited * e_inhibitory) / total;
        v = settled + exp(-fraction * total) * (v - settled);
    }
    excitation = decay_excitation * excitation + Isyn;
    inhibition = decay_inhibition * inhibition + arriving_inhibition;
    """,
    threshold_condition_code="v > threshold",
    reset_code="v = v_reset; left = held;",
)

# The program of the paper, statement by statement: two half steps of v, then u with the new v.
NOISY_IZHIKEVICH = create_neuron_model(
    "noisy_izhikevich",
    params=["noise"],
    vars=[("v", "scalar"), ("u", "scalar"), *((name, "scalar", VarAccess.READ_ONLY) for name in "abcd")],
    sim_code="""
    const scalar drive = noise * gennrand_normal() + Isyn;
    v += 0.5 * (0.04 * v * v + 5.0 * v + 140.0 - u + drive);
    v += 0.5 * (0.04 * v * v + 5.0 * v + 140.0 - u + drive);
    u += a * (b * v - u);
    """,
    threshold_condition_code="v >= 30.0",
    reset_code="v = c; u += d;",
)

DRIVEN_CURRENT_LIF = create_neuron_model(
    "driven_current_lif",
    params=[*_CURRENTS, "bias", "weight", "mean_events", "no_event"],
    vars=[("v", "scalar"), ("excitation", "scalar"), ("left", "int")],
    sim_code=_EVENTS
    + """
    if(left > 0) { left--; }
    else { v = v_rest + decay_membrane * (v - v_rest) + gain_excitation * excitation + bias; }
    excitation = decay_excitation * excitation + Isyn + weight * events;
    """,
    threshold_condition_code="v >= threshold",
    reset_code="v = v_reset; left = held;",
)

# A spike clears the current, and what arrives before the membrane is free again is lost.
FLY_NEURON = create_neuron_model(
    "fly_neuron",
    params=["v_rest", "threshold", "v_reset", "decay_membrane", "decay_current", "gain"],
    vars=[("v", "scalar"), ("current", "scalar"), ("left", "int"), ("held", "int", VarAccess.READ_ONLY)],
    additional_input_vars=[("arriving_jump", "scalar", 0.0)],
    sim_code="""
    if(left > 0) { left--; }
    else {
        v = v_rest + decay_membrane * (v - v_rest) + gain * current + arriving_jump;
        current = decay_current * current + Isyn;
    }
    """,
    threshold_condition_code="v > threshold",
    reset_code="v = v_reset; current = 0.0; left = held;",
)

# Input acts on the membrane in the step in which it arrives.
LISTENER = create_neuron_model(
    "listener",
    params=["v_rest", "threshold", "v_reset", "decay_membrane", "decay_current", "gain"],
    vars=[("v", "scalar"), ("current", "scalar")],
    sim_code="""
    current += Isyn;
    v = v_rest + decay_membrane * (v - v_rest) + gain * current;
    current *= decay_current;
    """,
    threshold_condition_code="v > threshold",
    reset_code="v = v_reset;",
)

# Traces are kept by neurons. GeNN looks at spikes of targets in the step after, when the next spikes of sources have arrived
# already; `fresh` keeps those out of the sources' traces for that step.
PAIR_STDP = create_weight_update_model(
    "pair_stdp",
    params=["decay_plus", "decay_minus", "amplitude_plus", "amplitude_minus", "weight_max"],
    vars=[("w", "scalar")],
    pre_vars=[("recent", "scalar"), ("fresh", "scalar")],
    post_vars=[("recent_target", "scalar")],
    pre_dynamics_code="recent = decay_plus * recent + fresh; fresh = 0.0;",
    pre_spike_code="fresh = 1.0;",
    post_dynamics_code="recent_target *= decay_minus;",
    post_spike_code="recent_target += decay_minus;",
    pre_spike_syn_code="w = fmax(0.0, w - amplitude_minus * recent_target); addToPost(w * weight_max);",
    post_spike_syn_code="w = fmin(1.0, w + amplitude_plus * recent);",
)
